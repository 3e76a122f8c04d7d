using System.Text;
using Dst.Foundations;
using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments.Runs;

/// <summary>The file <c>recipe.yaml</c> in the folder of a run or of a set of runs: the recipe that they are made with.</summary>
/// <seealso cref="RunFolder"/>
public static class RunRecipe
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "recipe.yaml";

    /// <summary>Whether a folder is that of a run or of a set of runs.</summary>
    public static bool IsIn(string folder) => File.Exists(PathIn(folder));

    /// <summary>The recipe that a run, or a set of runs, was made with.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="overrides">Keys that are set in it.</param>
    /// <exception cref="InputException">It is not the folder of a run; the message names runs in it that can be resumed.</exception>
    public static Recipe Read(string folder, params IReadOnlyList<SettingOverride> overrides) => IsIn(folder)
        ? RecipeFile.Load(PathIn(folder), overrides)
        : throw new InputException($"{folder} has no {FileName}{RunsBelow.Describe(folder)}");

    /// <summary>
    /// The folder of a run or of a set of runs that a path names: the path is the folder itself, or its <c>recipe.yaml</c>. Null for any
    /// other path.
    /// </summary>
    public static string? FolderOf(string path)
    {
        if (IsIn(path)) return path;
        if (Path.GetFileName(path) != FileName || !File.Exists(path)) return null;
        var folder = Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
        return Directory.GetDirectories(folder, "seed-*").Append(folder).Any(RunFolder.IsRun) ? folder : null;
    }

    /// <summary>The manifest of a run of the folder, or null if there is none.</summary>
    /// <param name="folder">The folder of a run or of a set of runs.</param>
    /// <param name="seed">Seed of the run, which names that of a set.</param>
    /// <exception cref="InputException">It cannot be read.</exception>
    public static RunManifest? ManifestIn(string folder, long seed)
    {
        var path = Path.Combine(RunFolder.IsRun(folder) ? folder : RunSet.PathOf(folder, seed), ManifestFile.Name);
        return File.Exists(path) ? RunManifest.Load(path) : null;
    }

    /// <summary>
    /// Compares a recipe with that of the folder. Returns the recipe, with the folder's spelling of paths to the same files, and what
    /// differs. Nothing is written.
    /// </summary>
    /// <exception cref="InputException">
    /// Something differs, and <paramref name="force"/> is false or a finished run would have another recipe than that of its results.
    /// </exception>
    internal static (Recipe Recipe, IReadOnlyList<string> Differences) Compare(string folder, Recipe recipe, bool force)
    {
        var earlier = Read(folder);
        recipe = RecipeFile.WithFullPaths(recipe, earlier);
        var differences = RecipeFile.Differences(earlier, recipe);
        if (differences.Count == 0) return (recipe, differences);
        foreach (var seed in recipe.Seeds)
            if (RunSet.PathOf(folder, seed) is var run && RunFolder.IsRun(run)) Compare(run, RunSet.RecipeOf(recipe, seed), force: true);
        if (RunsBelow.IsFinished(folder, recipe)) throw Finished(folder, recipe, differences);
        return force
            ? (recipe, differences)
            : throw new InputException(
                $"run folder {folder} was made with another recipe: {string.Join("; ", differences)}; expected the same to resume, or "
                + $"{RunFolder.ForceOption}");
    }

    private static InputException Finished(string folder, Recipe recipe, IReadOnlyList<string> differences)
    {
        var (run, arm) = (recipe.Seeds is [var seed, ..] ? RunSet.PathOf(folder, seed) : folder, recipe.Arms is [var one] ? one : "ARM");
        return new(
            $"run folder {folder} is finished, and its results are of another recipe: {string.Join("; ", differences)}; the same recipe "
            + "was expected, one more arm or seed, or a new run without --resume; 'dst train DATA --from "
            + $"{Path.Combine(run, $"{arm}.safetensors")}' trains a model of it further");
    }

    /// <summary>Writes the recipe of a run or of a set of runs.</summary>
    internal static void Write(string folder, Recipe recipe) =>
        AtomicFile.Write(PathIn(folder), stream => stream.Write(Encoding.UTF8.GetBytes(RecipeFile.Write(recipe))));

    private static string PathIn(string folder) => Path.Combine(folder, FileName);
}
