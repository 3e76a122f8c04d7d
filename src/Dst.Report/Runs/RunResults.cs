using Dst.Foundations;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Report.Runs;

/// <summary>The summary of a run and its recipe.</summary>
/// <param name="Folder">The run folder.</param>
/// <param name="Summary">Its <c>summary.json</c>.</param>
/// <param name="Recipe">Its <c>recipe.yaml</c>.</param>
public sealed record RunResults(string Folder, RunSummary Summary, Recipe Recipe)
{
    // A link, such as latest, leads to a run that is found elsewhere, or round in a circle.
    private static readonly EnumerationOptions BelowWithoutLinks =
        new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    /// <summary>What tells its images from those of others, such as <c>120 (hash 3fa2c81b)</c>, or null if that is not known.</summary>
    public string? Images { get; init; }

    /// <summary>Every run in or below <paramref name="folder"/>, by path. A run that cannot be read is left out, with a line.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="log">Takes one line at a time.</param>
    /// <exception cref="InputException">The folder is missing or has no run, or none can be read.</exception>
    public static IReadOnlyList<RunResults> FindAll(string folder, Action<string> log)
    {
        ArgumentNullException.ThrowIfNull(log);
        if (!Directory.Exists(folder))
        {
            var problem = File.Exists(folder) ? $"{folder} is a file" : $"folder {folder} does not exist";
            throw new InputException($"{problem}; a run folder or a folder of them was expected");
        }

        var files = InputFile.Guard(folder, () => Directory.GetFiles(folder, RunFolder.SummaryName, BelowWithoutLinks));
        if (files.Length == 0) throw NoneIn(folder);
        if (files.Length == 1) return [Load(files[0])];
        var runs = new List<RunResults>();
        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            try
            {
                runs.Add(Load(file));
            }
            catch (InputException e)
            {
                log($"warning: a run is left out: {e.Message}");
            }
        }

        return runs.Count > 0
            ? runs
            : throw new InputException($"folder {folder} has no run that can be read; the lines above say why");
    }

    /// <summary>Every run in or below some folders. A run that lies below two of them is taken once.</summary>
    /// <param name="folders">The folders.</param>
    /// <param name="log">Takes one line at a time.</param>
    /// <exception cref="InputException">A folder is missing or has no run, or none of it can be read.</exception>
    public static IReadOnlyList<RunResults> FindAll(IEnumerable<string> folders, Action<string> log) =>
        [.. folders.SelectMany(folder => FindAll(folder, log)).DistinctBy(run => Path.GetFullPath(run.Folder))];

    private static InputException NoneIn(string folder) => new(RunsBelow.Unfinished(folder) is { Length: > 0 } open
        ? $"folder {folder} has no finished arm, and a run in it is not finished; "
            + $"'dst run {Phrases.Choice([.. open.Select(run => $"--resume {run}")])}' goes on with it"
        : $"folder {folder} has no {RunFolder.SummaryName} in it or below; a run folder or a folder of them was expected");

    private static RunResults Load(string summary)
    {
        var folder = Path.GetDirectoryName(summary)!;
        return new(folder, RunSummary.Load(summary), RecipeFile.Load(Path.Combine(folder, RunRecipe.FileName)))
        {
            Images = ImagesOf(Path.Combine(folder, ManifestFile.Name)),
        };
    }

    // RunDetails says what is wrong with a manifest.
    private static string? ImagesOf(string manifest)
    {
        const int digits = 8;
        try
        {
            return File.Exists(manifest) && RunManifest.Load(manifest) is { ImagesHash.Length: >= digits } known
                ? $"{known.Images.Values.Sum()} (hash {known.ImagesHash[..digits]})"
                : null;
        }
        catch (InputException)
        {
            return null;
        }
    }
}
