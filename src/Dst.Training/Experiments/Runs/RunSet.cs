using System.Globalization;
using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments.Runs;

/// <summary>
/// The runs of a recipe with several seeds: <c>runs/name/yyyyMMdd-HHmmss/</c> with the recipe, and in it a <see cref="RunFolder"/>
/// <c>seed-N</c> for each, which can be resumed and read like any other.
/// </summary>
public sealed class RunSet
{
    private readonly bool _force;
    private readonly bool _hasOtherRecipe;

    private RunSet(string path, Recipe recipe, bool force = false, bool hasOtherRecipe = false) =>
        (Path, Recipe, _force, _hasOtherRecipe) = (path, recipe, force, hasOtherRecipe);

    /// <summary>The folder of the set.</summary>
    public string Path { get; }

    /// <summary>The recipe with its seeds.</summary>
    public Recipe Recipe { get; }

    /// <summary>Whether the set began in this process.</summary>
    private bool IsNew { get; init; }

    /// <summary>Makes the folder of a new set.</summary>
    /// <exception cref="InputException">It cannot be made.</exception>
    public static RunSet Create(Recipe recipe, DateTime now)
    {
        var first = RunPaths.OfNewRun(recipe, now);
        recipe = RecipeFile.WithFullPaths(recipe);
        return RunPaths.Guard(first, () =>
        {
            var path = RunPaths.Candidates(first).First(path => !System.IO.Path.Exists(path));
            Directory.CreateDirectory(path);
            try
            {
                RunRecipe.Write(path, recipe);
            }
            catch
            {
                RunPaths.Remove(path);
                throw;
            }

            return new RunSet(path, recipe) { IsNew = true };
        });
    }

    /// <summary>Opens a set that was stopped, if it was made with <paramref name="recipe"/>.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="recipe">The recipe with its seeds.</param>
    /// <param name="force">Whether its runs go on with another recipe, program or machine too.</param>
    /// <remarks>The folder keeps its recipe until one of its runs goes on.</remarks>
    /// <exception cref="InputException">It is not the folder of a set, or was made with another recipe.</exception>
    public static RunSet Resume(string path, Recipe recipe, bool force = false)
    {
        (recipe, var changes) = RunRecipe.Compare(path, recipe, force);
        var set = new RunSet(path, recipe, force, hasOtherRecipe: changes.Count > 0);
        set.CheckRuns();
        return set;
    }

    /// <summary>Removes the folder of a new set if no run is left in it. Any other stays.</summary>
    public void DiscardIfEmpty()
    {
        if (IsNew && Directory.GetDirectories(Path).Length == 0) RunPaths.Remove(Path);
    }

    /// <summary>The recipe of the run of one of the seeds.</summary>
    public static Recipe RecipeOf(Recipe recipe, long seed) => recipe with { Seed = seed, Seeds = [] };

    /// <summary>The recipe of the first seed, or the recipe itself if it has none.</summary>
    public static Recipe FirstOf(Recipe recipe) => recipe.Seeds.Count > 0 ? RecipeOf(recipe, recipe.Seeds[0]) : recipe;

    /// <summary>The folder of one of the seeds in that of a set.</summary>
    internal static string PathOf(string set, long seed) =>
        System.IO.Path.Combine(set, string.Create(CultureInfo.InvariantCulture, $"seed-{seed}"));

    /// <summary>The run of one of the seeds, new or resumed.</summary>
    /// <exception cref="InputException">It cannot be opened or made.</exception>
    public RunFolder Open(long seed)
    {
        var path = PathOf(Path, seed);
        var recipe = RecipeOf(Recipe, seed);
        if (RunFolder.IsRun(path)) return RunFolder.Resume(path, recipe, _force, this);
        try
        {
            return RunFolder.CreateAt(path, recipe, this);
        }
        catch
        {
            DiscardIfEmpty();
            throw;
        }
    }

    /// <summary>Gives the folder its recipe, when a run of it goes on.</summary>
    internal void TakeRecipe()
    {
        if (_hasOtherRecipe) RunRecipe.Write(Path, Recipe);
    }

    /// <summary>Checks that each run can be opened before one goes on.</summary>
    private void CheckRuns()
    {
        foreach (var seed in Recipe.Seeds)
            if (RunFolder.IsRun(PathOf(Path, seed))) Open(seed).Dispose();
    }
}
