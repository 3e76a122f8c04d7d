using Dst.Cli.Usage;
using Dst.ModelFiles;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Actions;

/// <summary>
/// Loads data, and compares them with those that a run had, where the folder of the run stands for its recipe. Other data, or another
/// seed, are split anew, and images that a model was trained on may then count as test images.
/// </summary>
internal static class RunData
{
    /// <summary>Checks that one run is meant, because each run of a set has splits of its own.</summary>
    /// <exception cref="InputException">A set of runs is named, and no seed.</exception>
    public static void CheckSeed(Invocation call, Recipe recipe)
    {
        if (recipe.Seeds.Count == 0 || RecipeInput.RunOf(call.Arguments) is not { } folder || RunFolder.IsRun(folder)) return;
        throw new InputException(
            $"{folder} has runs of the seeds {string.Join(", ", recipe.Seeds)}, and each has splits of its own; one of them was expected, "
            + $"such as {Path.Combine(folder, $"seed-{recipe.Seeds[0]}")}");
    }

    /// <summary>
    /// Loads the data of a recipe, and compares them with hashes: those of the run that the command line names, in its manifest, and those
    /// of the model, in the manifest of its run or in its own file.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="recipe">The recipe, with what the command line sets.</param>
    /// <param name="model">The model to measure, where it is read already.</param>
    /// <param name="log">Takes one line at a time; null for the call's report.</param>
    /// <exception cref="InputException">
    /// The data cannot be read, or the images to measure a model on are others, and the command line does not name them.
    /// </exception>
    public static DataSet Load(Invocation call, Recipe recipe, Model? model = null, Action<string>? log = null)
    {
        var data = DataSet.Load(recipe.Data, recipe.Seed, log ?? call.Report.Log, call.Cancellation);
        Check(call, recipe, data, model);
        return data;
    }

    private static void Check(Invocation call, Recipe recipe, DataSet data, Model? model)
    {
        if (IsCompress(call) && CompressInput.ModelOf(call.Arguments) is null) return; // no network is trained yet
        var folder = RecipeInput.RunOf(call.Arguments);
        if (folder is not null) CheckRun(call, folder, recipe, data);
        if (model is null || !HasOtherClasses(model, data)) WarnOfModel(call, folder, data, model);
    }

    private static void CheckRun(Invocation call, string folder, Recipe recipe, DataSet data)
    {
        if (RunRecipe.ManifestIn(folder, recipe.Seed) is not { } manifest)
        {
            call.Report.Log($"warning: {folder} has no {ManifestFile.Name} of seed {recipe.Seed}, so its data are not compared");
            return;
        }

        var others = manifest.SplitsOtherThan(data);
        if (others.Count == 0) return;
        var measured = others.FirstOrDefault(split => split == MeasuredBy(call));
        var isNamed = RecipeInput.NamesImages(call.Arguments);
        if (measured is not null && !isNamed) throw Refusal(folder, recipe, manifest, measured, CountsOf(manifest, data));
        call.Report.Log(
            $"warning: {string.Join(", ", others)} images are not those of the run {folder}"
            + (isNamed
                ? ", because the command line names others"
                : $": files, settings or the seed have changed{CountsOf(manifest, data)}")
            + (measured is null ? "" : $"; images that it was trained on may be among the {measured} images"));
    }

    /// <summary>Whether the data have none of the classes that the model was trained on: embeddings of other people are measured.</summary>
    private static bool HasOtherClasses(Model model, DataSet data) =>
        model.ClassNames.Count > 0 && !model.ClassNames.Intersect(data.ClassNames).Any();

    /// <summary>
    /// Warns where the model took the place of one of a run, and where it is of a run that is not named, and which had other images to
    /// measure on.
    /// </summary>
    private static void WarnOfModel(Invocation call, string? named, DataSet data, Model? model)
    {
        if (ModelOf(call) is not { } path) return;
        var own = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var isOther = IsOther(path, own);
        if (isOther) call.Report.Log($"warning: {path} is not the file that the run made, so the run's results are of another network");
        if (MeasuredBy(call) is not { } measured) return;
        var manifest = !isOther && RunFolder.IsRun(own) ? RunRecipe.ManifestIn(own, seed: 0) : null;
        if (manifest is not null && named is not null && Path.GetFullPath(named) == own) return;
        var splits = manifest is null ? (model ?? ModelFile.Load(path)).Splits : new(manifest.Seed, manifest.Data);
        if (splits is null || !RunManifest.IsOther(measured, splits, data)) return;
        var place = RecipeInput.NamesImages(call.Arguments) ? "data" : "recipe";
        var run = manifest is null
            ? $"the folder of that run, of seed {splits.Seed},"
            : Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".";
        call.Report.Log(
            $"warning: {path} is of a run that had other {measured} images; images that it was trained on may be among them; "
            + $"{run} in place of the {place} has its own");
    }

    /// <summary>Whether a file has the name of a model of a run in its folder, and is not the one that the run made.</summary>
    private static bool IsOther(string path, string folder)
    {
        var summary = Path.Combine(folder, RunFolder.SummaryName);
        if (!RunFolder.IsRun(folder) || !File.Exists(summary) || Path.GetExtension(path) != ".safetensors") return false;
        return RunSummary.Load(summary).Find(Path.GetFileNameWithoutExtension(path))?.HasModel(path) == false;
    }

    // A folder of an older version does not know how many there were.
    private static string CountsOf(RunManifest manifest, DataSet data)
    {
        var before = manifest.Images.Values.Sum();
        var now = data.Training.Count + data.Unlabelled.Count + data.Validation.Count + data.Test.Count;
        return before == 0 || before == now ? "" : $" ({before} images then, {now} now)";
    }

    private static InputException Refusal(string folder, Recipe recipe, RunManifest manifest, string split, string counts)
    {
        var source = recipe.Data.Path.Length == 0 ? "the same data" : $"{Path.GetFullPath(recipe.Data.Path)} with the same files{counts}";
        return new(
            $"the {split} images are not those of the run {folder} by its {ManifestFile.Name}, so images that it was trained on may be "
            + $"among them; {source}, the same settings and the seed {manifest.Seed} were expected, or --data.path for data that you "
            + "choose");
    }

    /// <summary>The split that says nothing of a finished model if it has images that trained it, or null if none is measured.</summary>
    private static string? MeasuredBy(Invocation call)
    {
        if (IsCompress(call)) return "test";
        var isMeasured = call.Arguments.CommandResult.Command.Options.Contains(ModelEvaluation.Split);
        return isMeasured && call.Arguments.GetValue(ModelEvaluation.Split) is { } split and not ("training" or "all") ? split : null;
    }

    private static string? ModelOf(Invocation call)
    {
        if (IsCompress(call)) return CompressInput.ModelOf(call.Arguments);
        return call.Arguments.CommandResult.Command.Arguments.Contains(SharedOptions.Model)
            ? call.Arguments.GetValue(SharedOptions.Model)
            : null;
    }

    private static bool IsCompress(Invocation call) => CompressInput.IsOf(call.Arguments);
}
