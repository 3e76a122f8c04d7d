using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Foundations;
using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Usage;

/// <summary>
/// The recipe that a verb works on: a file, or the defaults if none is named, then the keys that options set. The text of such an
/// option is bound like a value in a recipe file, so types, ranges and errors are those of the recipe.
/// </summary>
internal static class RecipeInput
{
    private const string DataSection = "data.";
    private const string DataPath = "data.path";
    private static readonly string[] KeysOfImages = [DataPath, "data.kind", "data.simulated"];

    /// <summary>The recipe file, or labelled data.</summary>
    public static readonly Argument<string?> File = new("recipe")
    {
        Description = "Recipe file (.yaml), or labelled images: a folder, a zip archive, a CIFAR archive or an IDX file (data.path). "
            + "Keys that neither the recipe nor an option sets have their defaults; see dst settings.",
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
        foreach (var (_, _, option) in Data) verb.Add(option);
        const string help = "Sets a key of the recipe's section data, such as --data.kind folder. dst settings data lists the keys.";
        verb.OptionFamilies.Add(("--data.KEY <value>", help));
    }

    /// <summary>What stands where a recipe or data may stand, or null.</summary>
    private static string? SourceOf(ParseResult arguments) => arguments.GetValue(File) ?? CompressInput.DataOf(arguments);

    /// <summary>Whether something stands where a recipe or data may stand.</summary>
    public static bool NamesSource(ParseResult arguments) => SourceOf(arguments) is not null;

    /// <summary>The data that stands in the place of a recipe, or null.</summary>
    public static string? DataOf(ParseResult arguments) =>
        SourceOf(arguments) is { } path && !RunRecipe.IsIn(path) && DataKinds.IsData(path) ? path : null;

    /// <summary>The folder of a run, or of a set of runs, that stands for its recipe, or null.</summary>
    public static string? RunOf(ParseResult arguments) =>
        SourceOf(arguments) is { } path && TakesRuns(arguments) ? RunRecipe.FolderOf(path) : null;

    /// <summary>Whether the command line names images, and does not only say how they are split or prepared.</summary>
    public static bool NamesImages(ParseResult arguments) =>
        Overrides(arguments).SelectMany(setting => setting.Keys).Any(key => KeysOfImages.Any(
            image => key == image || key.StartsWith($"{image}.", StringComparison.Ordinal)));

    /// <summary>Whether a key is of the section <c>data</c>.</summary>
    public static bool IsOfData(string key) => key.StartsWith(DataSection, StringComparison.Ordinal);

    /// <summary>Whether the command line sets a key of the section <c>data</c>.</summary>
    public static bool SetsData(ParseResult arguments) =>
        Data.Any(key => arguments.GetValue(key.Option) is not null) || arguments.GetValue(Set)!.Any(IsOfData);

    /// <summary>Whether the command line says in some way what the data are.</summary>
    public static bool NamesData(ParseResult arguments) => SourceOf(arguments) is not null || SetsData(arguments);

    /// <summary>Keys that a verb with data reads, whatever else it does.</summary>
    public static IReadOnlyList<string> DataKeys { get; } = ["data", "seed", "threads"];

    /// <summary>As <see cref="Load"/>, for a verb that reads some keys alone.</summary>
    /// <param name="call">The call.</param>
    /// <param name="effective">The keys and sections that the verb reads.</param>
    /// <exception cref="InputException">As <see cref="Load"/>, or the command line sets another key.</exception>
    public static Recipe LoadFor(Invocation call, IReadOnlyCollection<string> effective)
    {
        EffectiveKeys.Check(Overrides(call.Arguments), effective, call.Command);
        return Load(call.Arguments);
    }

    /// <summary>Reads the recipe file and applies the overrides <paramref name="first"/>, then those of the command line.</summary>
    /// <exception cref="InputException">The file cannot be read, or a key or value is not legal.</exception>
    public static Recipe Load(ParseResult arguments, params IEnumerable<SettingOverride> first)
    {
        var overrides = first.Concat(WithoutSeeds(arguments)).Concat(Overrides(arguments)).ToList();
        var data = DataOf(arguments);
        if (data is not null || SourceOf(arguments) is not { } file)
            return RecipeFile.Parse("the command line", $"name: {NameOf(data)}", overrides);
        if (RunRecipe.IsIn(file) && TakesRuns(arguments)) return RunRecipe.Read(file, overrides);
        CheckRecipe(arguments, file);
        return RecipeFile.Load(file, overrides);
    }

    /// <summary>A recipe's name for data: that of its folder or file, as far as a folder of runs can have it.</summary>
    private static string NameOf(string? data)
    {
        if (data is null) return "dst";
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(data))).Split('.')[0];
        var legal = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-')).TrimStart('-', '_');
        var isLegal = legal.Length > 0 && !legal.Equals(RunFolder.LatestName, StringComparison.OrdinalIgnoreCase);
        return !isLegal ? "data" : legal[..Math.Min(legal.Length, 80)];
    }

    /// <summary>One seed stands for all of the recipe.</summary>
    private static IEnumerable<SettingOverride> WithoutSeeds(ParseResult arguments) =>
        arguments.GetValue(Seed) is null ? [] : [SettingOverride.OfList("seeds", [], Where(Seed))];

    // Models, images and runs are often named where the recipe stands.
    private static void CheckRecipe(ParseResult arguments, string file)
    {
        const string expected =
            "a recipe file, or labelled images in a folder, a zip archive, a CIFAR archive (.tar.gz) or an IDX file, was expected";
        if (Directory.Exists(file)) throw new InputException($"'{file}' is a folder; a recipe file was expected, or --resume {file}");
        if (!System.IO.File.Exists(file)) throw new InputException($"'{file}' does not exist; {expected}");
        if (file.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            throw new InputException($"'{file}' is a model file; {expected}, and a model to train on as --from {file}");
        if (DataKinds.IsList(file)) throw new InputException($"'{file}' is a list; {DataKinds.NoLists}, and name the folder around them");
        if (FileKind.NameOf(file) is { } kind and not FileKind.Text)
            throw new InputException($"'{file}' is {kind}; {expected}");
    }

    // Those that train a recipe go on with a run by --resume.
    private static bool TakesRuns(ParseResult arguments) => !Has(arguments, RecipeRun.Resume) || CompressInput.IsOf(arguments);

    private static bool Has(ParseResult arguments, Option option) => arguments.CommandResult.Command.Options.Contains(option);

    /// <summary>The keys that the command line sets; what <c>--set</c> says comes last and wins.</summary>
    public static IReadOnlyList<SettingOverride> Overrides(ParseResult arguments)
    {
        var overrides = OverridePath(arguments);
        overrides.AddRange(Data.SelectMany(
            key => key.IsList ? OverrideList(arguments, key.Option, key.Key) : Override(arguments, key.Option, key.Key)));
        overrides.AddRange(Override(arguments, Seed, "seed"));
        if (arguments.GetValue(Seeds) is { } seeds)
        {
            if (arguments.GetValue(Seed) is { } seed)
                throw new InputException(
                    $"options {Seeds.Name} {seeds} and {Seed.Name} {seed} are both given; one of them was expected");
            overrides.Add(SettingOverride.OfList("seeds", seeds.Split(',', StringSplitOptions.TrimEntries), Where(Seeds)));
        }

        if (arguments.GetValue(SharedOptions.Threads) is { } threads)
            overrides.Add(SettingOverride.Of("threads", $"{threads}", Where(SharedOptions.Threads)));
        overrides.AddRange(Override(arguments, Out, "runs"));
        overrides.AddRange(arguments.GetValue(Set)!.Select(setting => SettingOverride.Parse(setting, Where(Set))));
        return overrides;
    }

    private static List<SettingOverride> OverridePath(ParseResult arguments)
    {
        if (DataOf(arguments) is not { } path) return [];
        var where = $"the argument '{path}'";
        if (arguments.GetValue(Data.First(key => key.Key == DataPath).Option) is { } other)
            throw new InputException($"{where} and option --{DataPath} '{other}' both name data; one of them was expected");
        return [SettingOverride.Of(DataPath, path, where)];
    }

    /// <summary>The override of <paramref name="key"/> by the text of an option; none if the option is absent.</summary>
    public static IEnumerable<SettingOverride> Override(ParseResult arguments, Option<string?> option, string key) =>
        arguments.GetValue(option) is { } text ? [SettingOverride.Of(key, text, Where(option))] : [];

    // A list on the command line is a,b or [a, b].
    private static IEnumerable<SettingOverride> OverrideList(ParseResult arguments, Option<string?> option, string key) =>
        arguments.GetValue(option) is { } text
            ? [SettingOverride.OfList(key, text.Trim('[', ']').Split(',', StringSplitOptions.TrimEntries), Where(option))]
            : [];

    /// <summary>What errors call the place of an option.</summary>
    public static string Where(Option option) => $"option {option.Name}";
}
