using System.Globalization;
using System.Runtime.InteropServices;

namespace Dst.Runtime;

/// <summary>The processor that this process runs on.</summary>
/// <example>
/// <code>
/// Console.WriteLine(Processor.Name); // AMD EPYC, family 26, model 2 (Zen 5)
/// </code>
/// </example>
public static class Processor
{
    private const string CpuInfo = "/proc/cpuinfo";

    private static readonly IReadOnlyDictionary<string, string> Facts = ReadFacts();

    /// <summary>
    /// Its model and generation, such as <c>AMD EPYC, family 26, model 2 (Zen 5)</c>: makers sell several generations by one model name.
    /// Where the system does not tell the model, its architecture; where it does not tell the generation, the model alone.
    /// </summary>
    public static string Name { get; } = NameOf(Facts);

    /// <summary>The name by the facts of <c>/proc/cpuinfo</c>.</summary>
    internal static string NameOf(IReadOnlyDictionary<string, string> facts)
    {
        var model = facts.GetValueOrDefault("model name") ?? RuntimeInformation.ProcessArchitecture.ToString();
        return GenerationOf(facts) is { } generation ? $"{model}, {generation}" : model;
    }

    /// <summary>The facts about the first processor in the lines of <c>/proc/cpuinfo</c>.</summary>
    internal static IReadOnlyDictionary<string, string> Parse(IEnumerable<string> lines)
    {
        var facts = new Dictionary<string, string>();
        foreach (var line in lines.TakeWhile(line => line.Length > 0))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon >= 0) facts[line[..colon].Trim()] = line[(colon + 1)..].Trim();
        }

        return facts;
    }

    /// <summary>The generation that the facts of <c>/proc/cpuinfo</c> name, or null.</summary>
    internal static string? GenerationOf(IReadOnlyDictionary<string, string> facts)
    {
        if (facts.GetValueOrDefault("CPU part") is { } part)
            return $"part {part}{InBrackets(facts.GetValueOrDefault("CPU implementer") == "0x41" ? ArmCoreOf(part) : null)}";
        if (NumberOf(facts, "cpu family") is not { } family || NumberOf(facts, "model") is not { } model) return null;
        var name = facts.GetValueOrDefault("vendor_id") switch
        {
            "AuthenticAMD" => ZenOf(family, model),
            "GenuineIntel" when family == 6 => IntelOf(model),
            _ => null,
        };
        return $"family {family}, model {model}{InBrackets(name)}";
    }

    private static string InBrackets(string? name) => name is null ? "" : $" ({name})";

    private static string? ZenOf(int family, int model) => (family, model) switch
    {
        (23, 0x08 or 0x18) => "Zen+",
        (23, < 0x30) => "Zen",
        (23, _) => "Zen 2",
        (25, (>= 0x10 and < 0x20) or >= 0x60) => "Zen 4",
        (25, _) => "Zen 3",
        (26, < 0x50 or (>= 0x60 and < 0x80)) => "Zen 5",
        _ => null,
    };

    /// <summary>Intel's own name of a model of family 6.</summary>
    private static string? IntelOf(int model) => model switch
    {
        60 or 63 or 69 or 70 => "Haswell",
        61 or 71 or 79 or 86 => "Broadwell",
        78 or 94 => "Skylake",
        85 => "Skylake-SP, Cascade Lake or Cooper Lake",
        142 or 158 => "Kaby Lake",
        165 => "Comet Lake",
        125 or 126 => "Ice Lake",
        106 or 108 => "Ice Lake-SP",
        140 or 141 => "Tiger Lake",
        167 => "Rocket Lake",
        151 or 154 => "Alder Lake",
        183 or 186 or 191 => "Raptor Lake",
        170 => "Meteor Lake",
        189 => "Lunar Lake",
        198 => "Arrow Lake",
        143 => "Sapphire Rapids",
        207 => "Emerald Rapids",
        173 => "Granite Rapids",
        175 => "Sierra Forest",
        _ => null,
    };

    /// <summary>The name of a core of Arm's own design, by its part number.</summary>
    private static string? ArmCoreOf(string part) => part switch
    {
        "0xd03" => "Cortex-A53",
        "0xd05" => "Cortex-A55",
        "0xd07" => "Cortex-A57",
        "0xd08" => "Cortex-A72",
        "0xd0b" => "Cortex-A76",
        "0xd41" => "Cortex-A78",
        "0xd0c" => "Neoverse N1",
        "0xd49" => "Neoverse N2",
        "0xd40" => "Neoverse V1",
        "0xd4f" => "Neoverse V2",
        _ => null,
    };

    private static int? NumberOf(IReadOnlyDictionary<string, string> facts, string key) =>
        int.TryParse(facts.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static IReadOnlyDictionary<string, string> ReadFacts() =>
        File.Exists(CpuInfo) ? Parse(File.ReadLines(CpuInfo)) : new Dictionary<string, string>();
}
