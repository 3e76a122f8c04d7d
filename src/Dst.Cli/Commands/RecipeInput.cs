using System.CommandLine;
using System.Text.Json;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Commands;

/// <summary>
/// The recipe that a verb works on: a file, or the defaults if none is named, then the keys that options set. The options for the
/// keys of a section are made from the recipe's own list of keys, so that help, types and ranges are those of the recipe.
/// </summary>
internal static class RecipeInput
{
    private const string Text = "text";

    /// <summary>The recipe file.</summary>
    public static readonly Argument<string?> File = new("recipe")
    {
        Description = "Recipe file (.yaml); without one every key has its default (see dst settings).",
        HelpName = "RECIPE",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>Keys to override.</summary>
    public static readonly Option<string[]> Set = new("--set")
    {
        Description = "Override a key of the recipe; may be given again and again. dst settings lists the keys.",
        HelpName = "key=value",
        DefaultValueFactory = _ => [],
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>Seed of the run.</summary>
    public static readonly Option<long?> Seed = SharedOptions.Number("--seed", "Seed of every random stream of one run. Default: the recipe's.", 0, long.MaxValue);

    /// <summary>Seeds of a set of runs.</summary>
    public static readonly Option<string?> Seeds = SharedOptions.Text("--seeds", "n,n,..", "Seeds of several runs, one after another; reports mean ± standard deviation. Default: the recipe's.");

    /// <summary>Where run folders are made.</summary>
    public static readonly Option<string?> Out = SharedOptions.Text("--out", "folder", "Folder in which <recipe>/<time>/ is made. Default: the recipe's runs.");

    private static readonly KeyOption[] Data = KeysOf("data.");

    /// <summary>Adds the recipe file, <c>--set</c> and <c>--seed</c>.</summary>
    public static void AddTo(Verb verb)
    {
        verb.Add(File);
        verb.Add(Set);
        verb.Add(Seed);
    }

    /// <summary>Adds an option <c>--data.x</c> for each key of the data section.</summary>
    public static void AddDataTo(Verb verb)
    {
        foreach (var key in Data) verb.Add(key.Option);
    }

    /// <summary>Reads the recipe file and applies the overrides <paramref name="first"/>, then those of the command line.</summary>
    public static Recipe Load(ParseResult arguments, params IEnumerable<string> first)
    {
        var overrides = first.Concat(Overrides(arguments));
        return arguments.GetValue(File) is { } file ? RecipeFile.Load(file, overrides) : RecipeFile.Parse("the command line", "name: dst", overrides);
    }

    /// <summary>The keys that the command line sets, as <c>key=value</c>; what <c>--set</c> says comes last and wins.</summary>
    public static IReadOnlyList<string> Overrides(ParseResult arguments)
    {
        var overrides = new List<string>();
        foreach (var key in Data)
        {
            if (arguments.GetResult(key.Option) is not null) overrides.Add(key.IsText ? SetText(key.Path, arguments.GetValue(key.Option)!) : $"{key.Path}={arguments.GetValue(key.Option)}");
        }

        if (arguments.GetResult(Seed) is not null) overrides.AddRange([$"seed={arguments.GetValue(Seed)}", "seeds=[]"]);
        if (arguments.GetResult(Seeds) is not null) overrides.Add($"seeds=[{arguments.GetValue(Seeds)}]");
        if (arguments.GetResult(SharedOptions.Threads) is not null) overrides.Add($"threads={arguments.GetValue(SharedOptions.Threads)}");
        if (arguments.GetResult(Out) is not null) overrides.Add(SetText("runs", arguments.GetValue(Out)!));
        if (arguments.GetResult(Set) is not null) overrides.AddRange(arguments.GetValue(Set)!);
        return overrides;
    }

    /// <summary>An override whose value is <paramref name="text"/> whatever is in it: a JSON string is a YAML string.</summary>
    public static string SetText(string key, string text) => $"{key}={Quote(text)}";

    /// <summary>A text as a value of an override.</summary>
    public static string Quote(string text) => JsonSerializer.Serialize(text);

    private static KeyOption[] KeysOf(string prefix) =>
    [
        .. RecipeFile.Describe().Where(key => key.Path.StartsWith(prefix, StringComparison.Ordinal)).Select(key =>
            new KeyOption(key.Path, SharedOptions.Text($"--{key.Path}", "value", DescribeKey(key)), key.Expected == Text)),
    ];

    private static string DescribeKey(SettingDescription key) => $"{key.Help} ({key.Expected}){(key.Default.Length == 0 ? "" : $" [default: {key.Default}]")}";

    private sealed record KeyOption(string Path, Option<string?> Option, bool IsText);
}
