using System.CommandLine;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Usage;

/// <summary>
/// The recipe as an argument, and the options that set its keys. The text of such an option is bound like a value in a recipe file, so
/// types, ranges and errors are those of the recipe.
/// </summary>
internal static class RecipeOptions
{
    /// <summary>The key that says where the data are.</summary>
    public const string DataPath = "data.path";

    private const string DataSection = "data.";

    /// <summary>The recipe file, or labelled data.</summary>
    public static readonly Argument<string?> File = new("recipe")
    {
        Description = "Recipe file (.yaml), or labelled images: a folder, a zip archive, a CIFAR archive or an IDX file (data.path). "
            + "Verbs that do not train also take the folder of a run, for its recipe. Keys that neither the recipe nor an option sets have "
            + "their defaults; see dst settings.",
        HelpName = "DATA|RECIPE",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>Keys to override.</summary>
    public static readonly Option<string[]> Set = new("--set")
    {
        Description = "Sets a key of the recipe, such as train.epochs=20. May be given again. dst settings lists the keys.",
        HelpName = "key=value",
        DefaultValueFactory = _ => [],
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>Seed of the run.</summary>
    public static readonly Option<string?> Seed = SharedOptions.Text(
        "--seed", "n", "Seed of every random choice of a run. Default: the recipe's.");

    /// <summary>Seeds of a set of runs.</summary>
    public static readonly Option<string?> Seeds = SharedOptions.Text(
        "--seeds", "n,n,..",
        "Makes one run for each seed, one after another, and reports mean ± standard deviation. Default: the recipe's.");

    /// <summary>Where run folders are made.</summary>
    public static readonly Option<string?> Out = SharedOptions.Text(
        "--out", "folder", "Folder in which <recipe>/<time>/ is made. Default: the recipe's, which is runs.");

    /// <summary>A run to go on with.</summary>
    public static readonly Option<string?> Resume = SharedOptions.Text(
        "--resume", "run folder",
        "Goes on with a run that was stopped, or with the runs of several seeds. A recipe need not be named; if one is, "
            + "it must be the same.");

    private static readonly (string Key, bool IsList, Option<string?> Option)[] Data =
    [
        .. RecipeFile.Describe().Where(key => IsOfData(key.Path))
            .Select(key => (
                key.Path, key.Default.StartsWith('['),
                new Option<string?>($"--{key.Path}") { Description = key.Help, HelpName = "value", Hidden = true })),
    ];

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
        verb.AddOptions(Data.Select(key => key.Option));
        const string help = "Sets a key of the recipe's section data, such as --data.kind folder. dst settings data lists the keys.";
        verb.OptionFamilies.Add(("--data.KEY <value>", help));
    }

    /// <summary>Whether a key is of the section <c>data</c>.</summary>
    public static bool IsOfData(string key) => key.StartsWith(DataSection, StringComparison.Ordinal);

    /// <summary>Whether the command line sets a key of the section <c>data</c>.</summary>
    public static bool SetsData(ParseResult arguments) =>
        Data.Any(key => arguments.GetValue(key.Option) is not null) || arguments.GetValue(Set)!.Any(IsOfData);

    /// <summary>The text of the option <c>--data.path</c>, or null.</summary>
    public static string? DataPathOf(ParseResult arguments) => arguments.GetValue(Data.First(key => key.Key == DataPath).Option);

    /// <summary>The keys that options set; what <c>--set</c> says comes last and wins.</summary>
    /// <exception cref="InputException">An option has no key and value, or both --seed and --seeds are given.</exception>
    public static IReadOnlyList<SettingOverride> Overrides(ParseResult arguments) =>
    [
        .. Data.SelectMany(key => key.IsList
            ? OverrideList(arguments, key.Option, key.Key)
            : Override(arguments, key.Option, key.Key)),
        .. Override(arguments, Seed, "seed"),
        .. OverrideSeeds(arguments),
        .. OverrideThreads(arguments),
        .. Override(arguments, Out, "runs"),
        .. arguments.GetValue(Set)!.Select(setting => SettingOverride.Parse(setting, Where(Set))),
    ];

    /// <summary>The override of <paramref name="key"/> by the text of an option; none if the option is absent.</summary>
    public static IEnumerable<SettingOverride> Override(ParseResult arguments, Option<string?> option, string key) =>
        arguments.GetValue(option) is { } text ? [SettingOverride.Of(key, text, Where(option))] : [];

    /// <summary>What errors call the place of an option.</summary>
    public static string Where(Option option) => $"option {option.Name}";

    private static IEnumerable<SettingOverride> OverrideSeeds(ParseResult arguments)
    {
        if (arguments.GetValue(Seeds) is not { } seeds) return [];
        return arguments.GetValue(Seed) is { } seed
            ? throw new InputException($"options {Seeds.Name} {seeds} and {Seed.Name} {seed} are both given; one of them was expected")
            : [SettingOverride.OfList("seeds", SplitList(seeds), Where(Seeds))];
    }

    private static IEnumerable<SettingOverride> OverrideThreads(ParseResult arguments) =>
        arguments.GetValue(SharedOptions.Threads) is { } threads
            ? [SettingOverride.Of("threads", $"{threads}", Where(SharedOptions.Threads))]
            : [];

    // A list on the command line is a,b or [a, b].
    private static IEnumerable<SettingOverride> OverrideList(ParseResult arguments, Option<string?> option, string key) =>
        arguments.GetValue(option) is { } text ? [SettingOverride.OfList(key, SplitList(text.Trim('[', ']')), Where(option))] : [];

    private static string[] SplitList(string text) => text.Split(',', StringSplitOptions.TrimEntries);
}
