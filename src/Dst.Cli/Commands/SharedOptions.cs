using System.CommandLine;
using System.CommandLine.Parsing;
using System.Numerics;

namespace Dst.Cli.Commands;

/// <summary>Options that more than one verb takes, each one object with its name, help and parser.</summary>
internal static class SharedOptions
{
    /// <summary>A model file that exists.</summary>
    public static readonly Argument<string> Model = new("model") { Description = "Model file (.safetensors).", HelpName = "MODEL" };

    /// <summary>The machine-readable form of a result.</summary>
    public static readonly Option<bool> Json = new("--json") { Description = "Print one JSON document on standard output and nothing else there." };

    /// <summary>Number of threads; null for the processor's cores.</summary>
    public static readonly Option<int?> Threads = Number("--threads", "Threads that share the work; the results do not depend on it. Default: all cores.", 1, 256);

    /// <summary>An option that takes a number from <paramref name="min"/> to <paramref name="max"/>; its value is null when it is absent.</summary>
    public static Option<T?> Number<T>(string name, string help, T min, T max) where T : struct, INumber<T> => new(name)
    {
        Description = help,
        HelpName = "n",
        CustomParser = result => ParseNumber(result, name, min, max),
    };

    private static T? ParseNumber<T>(ArgumentResult result, string name, T min, T max) where T : struct, INumber<T>
    {
        var text = result.Tokens[0].Value;
        if (T.TryParse(text, null, out var value) && value >= min && value <= max) return value;
        result.AddError($"option {name} is '{text}'; {(T.IsInteger(min) && typeof(T) != typeof(double) ? "a whole number" : "a number")} from {min} to {max} was expected");
        return null;
    }
}
