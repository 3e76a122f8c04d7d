using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Dst.Foundations;
using Dst.Runtime.Inference;

namespace Dst.Cli.Usage;

/// <summary>Arguments and options that more than one verb takes, each one object with its name, help and parser.</summary>
internal static class SharedOptions
{
    /// <summary>A model file.</summary>
    public static readonly Argument<string> Model = new("model") { Description = "Model file (.safetensors).", HelpName = "MODEL" };

    /// <summary>Finished runs.</summary>
    public static readonly Argument<string[]> RunFolders = new("folders")
    {
        Description = "Run folders, or folders that hold run folders.",
        HelpName = "FOLDER",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>The machine-readable form of a result.</summary>
    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Prints the result as one JSON document, and nothing else on standard output.",
    };

    /// <summary>One table instead of several.</summary>
    public static readonly Option<bool> Wide = new("--wide")
    {
        Description = "Shows the arms in one table with all columns, wider than 80 characters.",
    };

    /// <summary>Number of threads; null for the processor's cores.</summary>
    public static readonly Option<int?> Threads = Number(
        "--threads", "Threads that share the work. Results do not depend on it. Default: all cores.", 1, 1024);

    /// <summary>Chooses forms without measuring.</summary>
    public static readonly Option<bool> NoTune = new("--no-tune")
    {
        Description = "Chooses the form of each layer by a cost model instead of measuring.",
    };

    /// <summary>Measures forms again.</summary>
    public static readonly Option<bool> NoCache = new("--no-cache")
    {
        Description = "Measures each layer again. The times that this machine keeps from earlier are neither read nor changed.",
    };

    /// <summary>The user's cache of measurements, unless <paramref name="call"/> has <see cref="NoCache"/>.</summary>
    public static PlanCache? CacheOf(Invocation call) => call.Arguments.GetValue(NoCache) ? null : PlanCache.OfUser(call.Report.Log);

    /// <summary>The number of threads that <paramref name="arguments"/> name, or all cores.</summary>
    public static int ThreadsOf(ParseResult arguments) => arguments.GetValue(Threads) ?? Environment.ProcessorCount;

    /// <summary>
    /// An option that takes a number from <paramref name="min"/> to <paramref name="max"/>; its value is null when it is absent.
    /// </summary>
    public static Option<T?> Number<T>(string name, string help, T min, T max) where T : struct, INumber<T> => new(name)
    {
        Description = help,
        HelpName = "n",
        CustomParser = result => ParseNumber(result, name, min, max),
    };

    /// <summary>An option that takes one of some words.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="help">What it does.</param>
    /// <param name="words">The words.</param>
    /// <param name="usual">The one that it has when it is absent.</param>
    public static Option<string> Choice(string name, string help, IReadOnlyList<string> words, string usual) =>
        new(name)
        {
            Description = help,
            HelpName = string.Join('|', words),
            DefaultValueFactory = _ => usual,
            CustomParser = result => ParseChoice(result, name, words),
        };

    /// <summary>An option that takes one of some words; its value is null when it is absent.</summary>
    public static Option<string?> Choice(string name, string help, IReadOnlyList<string> words) =>
        new(name) { Description = help, HelpName = string.Join('|', words), CustomParser = result => ParseChoice(result, name, words) };

    /// <summary>An option that takes a text; its value is null when it is absent.</summary>
    public static Option<string?> Text(string name, string valueName, string help) =>
        new(name) { Description = help, HelpName = valueName };

    private static string? ParseChoice(ArgumentResult result, string name, IReadOnlyList<string> words)
    {
        var text = result.Tokens[0].Value;
        if (words.Contains(text)) return text;
        result.AddError($"option {name} is '{text}'; {Phrases.Choice(words)} was expected");
        return null;
    }

    private static T? ParseNumber<T>(ArgumentResult result, string name, T min, T max) where T : struct, INumber<T>
    {
        var text = result.Tokens[0].Value;
        if (T.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max) return value;
        var kind = typeof(T) == typeof(double) ? "a number" : "a whole number";
        result.AddError($"option {name} is '{text}'; {kind} from {min} to {max} was expected");
        return null;
    }
}
