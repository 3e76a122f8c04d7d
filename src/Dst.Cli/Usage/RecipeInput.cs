using System.CommandLine;
using Dst.Foundations;
using Dst.Training.Data;
using Dst.Training.Experiments.Checks;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Usage;

/// <summary>
/// The recipe that a verb works on: a file, the recipe of a run folder, or the defaults for data or for nothing, and then the keys that
/// the command line sets.
/// </summary>
internal static class RecipeInput
{
    private static readonly string[] KeysOfImages = [RecipeOptions.DataPath, "data.kind", "data.simulated"];

    /// <summary>Keys that a verb with data reads, whatever else it does.</summary>
    public static IReadOnlyList<string> DataKeys { get; } = ["data", "seed", "threads"];

    /// <summary>Whether something stands where a recipe or data may stand.</summary>
    public static bool NamesSource(ParseResult arguments) => SourceOf(arguments) is not null;

    /// <summary>The data that stands in the place of a recipe, or null.</summary>
    public static string? DataOf(ParseResult arguments) =>
        SourceOf(arguments) is { } path && !RunRecipe.IsIn(path) && DataKinds.IsData(path) ? path : null;

    /// <summary>The folder of a run, or of a set of runs, that stands for its recipe, or null.</summary>
    public static string? RunOf(ParseResult arguments) =>
        SourceOf(arguments) is { } path && TakesRuns(arguments) ? RunRecipe.FolderOf(path) : null;

    /// <summary>Whether the command line says in some way what the data are.</summary>
    public static bool NamesData(ParseResult arguments) => NamesSource(arguments) || RecipeOptions.SetsData(arguments);

    /// <summary>Whether the command line names images, and does not only say how they are split or prepared.</summary>
    public static bool NamesImages(ParseResult arguments) =>
        Overrides(arguments).SelectMany(setting => setting.Keys).Any(key => KeysOfImages.Any(
            image => key == image || key.StartsWith($"{image}.", StringComparison.Ordinal)));

    /// <summary>The keys that the command line sets: the path of data in the place of a recipe, then the options, which win.</summary>
    public static IReadOnlyList<SettingOverride> Overrides(ParseResult arguments) =>
        [.. OverridePath(arguments), .. RecipeOptions.Overrides(arguments)];

    /// <summary>As <see cref="Load"/>, for a verb that reads some keys alone.</summary>
    /// <param name="call">The call.</param>
    /// <param name="effective">The keys and sections that the verb reads.</param>
    /// <exception cref="InputException">As <see cref="Load"/>, or the command line sets another key.</exception>
    public static Recipe LoadFor(Invocation call, IReadOnlyCollection<string> effective)
    {
        EffectiveKeys.Check(Overrides(call.Arguments), effective, call.Command);
        return Load(call.Arguments, call.Report.Log);
    }

    /// <summary>Reads the recipe file and applies the overrides <paramref name="first"/>, then those of the command line.</summary>
    /// <exception cref="InputException">The file cannot be read, or a key or value is not legal.</exception>
    /// <param name="arguments">The command line.</param>
    /// <param name="log">Takes a line for each option that replaces a section of the file; null where nobody asks.</param>
    /// <param name="first">Settings of the verb.</param>
    public static Recipe Load(ParseResult arguments, Action<string>? log, params IEnumerable<SettingOverride> first)
    {
        var overrides = first.Concat(WithoutSeeds(arguments)).Concat(Overrides(arguments)).ToList();
        var data = DataOf(arguments);
        if (data is not null || SourceOf(arguments) is not { } file)
            return RecipeFile.Parse("the command line", $"name: {NameOf(data)}", overrides);
        if (RunRecipe.IsIn(file) && TakesRuns(arguments)) return RunRecipe.Read(file, overrides);
        CheckRecipe(file, trainsModels: arguments.CommandResult.Command.Options.Any(option => option.Name == "--from"));
        return RecipeFile.Load(file, overrides, log);
    }

    /// <summary>What stands where a recipe or data may stand, or null.</summary>
    private static string? SourceOf(ParseResult arguments) => arguments.GetValue(RecipeOptions.File) ?? CompressInput.DataOf(arguments);

    // Verbs that train a recipe go on with a run by --resume.
    private static bool TakesRuns(ParseResult arguments) =>
        !arguments.CommandResult.Command.Options.Contains(RecipeOptions.Resume) || CompressInput.IsOf(arguments);

    private static IEnumerable<SettingOverride> OverridePath(ParseResult arguments)
    {
        if (DataOf(arguments) is not { } path) return [];
        var where = $"the argument '{path}'";
        return RecipeOptions.DataPathOf(arguments) is { } other
            ? throw new InputException(
                $"{where} and option --{RecipeOptions.DataPath} '{other}' both name data; one of them was expected")
            : [SettingOverride.Of(RecipeOptions.DataPath, path, where)];
    }

    /// <summary>One seed stands for all of the recipe.</summary>
    private static IEnumerable<SettingOverride> WithoutSeeds(ParseResult arguments) =>
        arguments.GetValue(RecipeOptions.Seed) is null
            ? []
            : [SettingOverride.OfList("seeds", [], RecipeOptions.Where(RecipeOptions.Seed))];

    /// <summary>A recipe's name for data: that of its folder or file, as far as a folder of runs can have it.</summary>
    private static string NameOf(string? data)
    {
        if (data is null) return "dst";
        var name = ComposedText.Of(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(data)))).Split('.')[0];
        var legal = string.Concat(name.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' ? c : '-')).TrimStart('-', '_');
        var isLegal = legal.Length > 0 && !legal.Equals(Recipe.LatestName, StringComparison.OrdinalIgnoreCase);
        return !isLegal ? "data" : legal[..Math.Min(legal.Length, 80)];
    }

    // Models, images and runs are often named where the recipe stands.
    private static void CheckRecipe(string file, bool trainsModels)
    {
        const string expected =
            "a recipe file, or labelled images in a folder, a zip archive, a CIFAR archive (.tar.gz) or an IDX file, was expected";
        if (Directory.Exists(file)) throw new InputException($"'{file}' is a folder; a recipe file was expected, or --resume {file}");
        if (!File.Exists(file)) throw new InputException($"'{file}' does not exist; {expected}");
        if (file.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            throw new InputException(
                $"'{file}' is a model file; {expected}" + (trainsModels ? $", and a model to train on as --from {file}" : ""));
        if (DataKinds.IsList(file)) throw new InputException($"'{file}' is a list; {DataKinds.NoLists}, and name the folder around them");
        var isArchive = file.EndsWith(".zip", StringComparison.OrdinalIgnoreCase); // by its name
        if (FileKind.NameOf(file) is { } kind && (isArchive || kind != FileKind.Text))
            throw new InputException($"'{file}' is {kind}; {expected}");
    }
}
