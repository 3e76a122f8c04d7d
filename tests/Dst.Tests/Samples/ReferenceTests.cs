using System.Diagnostics;
using System.Text.RegularExpressions;
using Dst.Reference;
using Dst.Tests.Foundations;

namespace Dst.Tests.Samples;

/// <summary>The reference that is made of the XML documentation, and the examples in it.</summary>
public sealed partial class ReferenceTests : IDisposable
{
    private static readonly Library Reference = Library.Load(AppContext.BaseDirectory);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_public_type_has_a_text_and_an_example_or_the_way_to_one()
    {
        Pages.Write(Reference, _folder.Path);
        var pages = Directory.GetFiles(_folder.Path).ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
        Assert.All(Reference.Types, type =>
        {
            Assert.Contains($"## {Names.Of(type)}\n", pages[$"{type.Namespace}.md"]);
            Assert.NotEqual("", Reference.DocOf(type)?.Element("summary")?.Value.Trim() ?? "");
        });
        // Kernels and foundations are below the libraries, which call them.
        var without = string.Join(", ", Reference.Types.Where(type => Reference.ExampleFor(type) is null
            && type.Assembly.GetName().Name != "Dst.Kernels" && type.Namespace != "Dst.Foundations").Select(Names.Of));
        Assert.True(without == "", $"{without}: an <example>, or a <seealso> of a type that has one, was expected");
        var links = pages.Values.SelectMany(page => Links().Matches(page)).Select(link => (link.Groups[1].Value, link.Groups[2].Value));
        var anchors = pages.SelectMany(page => Headings().Matches(page.Value).Select(
            heading => (page.Key, heading.Groups[1].Value.ToLowerInvariant().Replace(' ', '-')))).ToHashSet();
        Assert.All(links.Distinct(), link => Assert.Contains(
            anchors, anchor => anchor.Key == link.Item1 && Letters().Replace(anchor.Item2, "") == link.Item2));
        Assert.Contains("| `float[] Predict(Image image)` | ", pages["Dst.Runtime.Inference.md"]);
    }

    [Fact]
    public void Examples_compile()
    {
        var spaces = Reference.Types.Select(type => type.Namespace!).Concat(
            ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading"]).Distinct();
        var methods = Reference.Types.SelectMany(Reference.ExamplesOf)
            .Select((code, i) => $"static void Example{i}() {{\n{code}\n}}").ToList();
        Assert.InRange(methods.Count, 30, 300);
        var source = _folder.File("Examples.cs");
        File.WriteAllText(
            source,
            $"{string.Concat(spaces.Select(space => $"using {space};\n"))}static class Examples {{\n{string.Join('\n', methods)}\n}}\n");
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var references = Directory.GetFiles(runtime, "System.*.dll")
            .Concat(Reference.Types.Select(type => type.Assembly.Location).Distinct());
        File.WriteAllLines(_folder.File("options.rsp"), [
            "-nologo", "-target:library", "-nullable:enable", "-nowarn:CS8019,CS0219", $"-out:{_folder.File("Examples.dll")}", source,
            .. references.Select(file => $"-r:{file}"),
        ]);
        var sdk = Directory.GetDirectories(Path.Combine(runtime, "../../../sdk")).Order(StringComparer.Ordinal).Last();
        var start = new ProcessStartInfo(
            "dotnet", ["exec", Path.Combine(sdk, "Roslyn/bincore/csc.dll"), "-noconfig", $"@{_folder.File("options.rsp")}"])
        {
            RedirectStandardOutput = true,
        };
        using var compiler = Process.Start(start)!;
        var messages = compiler.StandardOutput.ReadToEnd();
        compiler.WaitForExit();
        Assert.True(messages.Length == 0, messages);
    }

    [GeneratedRegex(@"\]\(([\w.]+\.md)#([^)]*)\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"^## (.*)$", RegexOptions.Multiline)]
    private static partial Regex Headings();

    [GeneratedRegex(@"[^\p{L}\p{Nd}-]")]
    private static partial Regex Letters();
}
