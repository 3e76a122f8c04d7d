using Dst.Foundations;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Report.Runs;

/// <summary>The summary of a run and the pattern that it pruned with.</summary>
/// <param name="Folder">The run folder.</param>
/// <param name="Summary">Its <c>summary.json</c>.</param>
/// <param name="Pattern">Its <see cref="Training.Masks.PruningOptions.PatternText"/>, from its <c>recipe.yaml</c>.</param>
public sealed record FinishedRun(string Folder, RunSummary Summary, string Pattern)
{
    private const string SummaryName = "summary.json";

    /// <summary>Every run in or below <paramref name="folder"/>.</summary>
    /// <exception cref="InputException">The folder is missing or has no run, or a file of a run cannot be read.</exception>
    public static IReadOnlyList<FinishedRun> FindAll(string folder)
    {
        if (!Directory.Exists(folder))
            throw new InputException($"folder {folder} does not exist; a run folder or a folder of them was expected");
        var files = InputFile.Guard(folder, () => Directory.GetFiles(folder, SummaryName, SearchOption.AllDirectories));
        var runs = files.Order(StringComparer.Ordinal).Select(Load).ToList();
        return runs.Count > 0
            ? runs
            : throw new InputException(
                $"folder {folder} has no {SummaryName} in it or below; a run folder or a folder of them was expected");
    }

    private static FinishedRun Load(string summary)
    {
        var folder = Path.GetDirectoryName(summary)!;
        var recipe = RecipeFile.Load(Path.Combine(folder, "recipe.yaml"));
        return new(folder, RunSummary.Load(summary), recipe.Prune.PatternText);
    }
}
