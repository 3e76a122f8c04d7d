using Dst.Foundations;
using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments.Runs;

/// <summary>Finds the runs in a folder such as <c>runs</c> or <c>runs/quickstart</c>, for a user who names it in place of a run.</summary>
/// <seealso cref="RunFolder"/>
public static class RunsBelow
{
    private const int Shown = 3;

    private static readonly EnumerationOptions TwoDeep = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 2, // runs/NAME/TIME
        AttributesToSkip = FileAttributes.ReparsePoint, // latest is one of the others
        IgnoreInaccessible = true,
    };

    /// <summary>The end of a sentence on a folder that is not that of a run: what was expected.</summary>
    internal static string Describe(string folder)
    {
        var runs = Find(folder);
        if (runs.Length == 0) return "; expected the folder of a run";
        var open = Unfinished(folder);
        return open.Length == 0
            ? ", and the runs in it are finished; expected the folder of a run that is not"
            : $", but runs that are not finished; expected {Phrases.Choice([.. open.Select(run => $"--resume {run}")])}"
                + (open.Length > 1 ? ", the newest first" : "");
    }

    /// <summary>The folder, if its run can go on, or up to three such runs in it, the newest first.</summary>
    public static string[] Unfinished(string folder)
    {
        var runs = RunRecipe.IsIn(folder) ? [folder] : Find(folder);
        return [.. runs.Where(CanGoOn).Take(Shown)];
    }

    /// <summary>Folders of runs, and of sets of runs in place of their runs, the newest first.</summary>
    private static string[] Find(string folder)
    {
        if (!Directory.Exists(folder)) return [];
        return
        [
            .. Directory.GetFiles(folder, RunRecipe.FileName, TwoDeep)
                .Select(file => Path.GetDirectoryName(file)!)
                .Where(run => !RunRecipe.IsIn(Path.GetDirectoryName(run)!))
                .OrderByDescending(Path.GetFileName, StringComparer.Ordinal), // the name begins with the time
        ];
    }

    private static bool CanGoOn(string folder)
    {
        try
        {
            var recipe = RunRecipe.Read(folder);
            return (recipe.Seeds.Count > 0 || RunFolder.IsRun(folder)) && !IsFinished(folder, recipe);
        }
        catch (InputException)
        {
            return false; // damaged
        }
    }

    /// <summary>Whether no arm of a recipe is missing in the folder of a run, or in that of each of its seeds.</summary>
    /// <exception cref="InputException">A summary cannot be read.</exception>
    internal static bool IsFinished(string folder, Recipe recipe)
    {
        if (recipe.Seeds.Count > 0)
            return recipe.Seeds.All(seed => IsFinished(RunSet.PathOf(folder, seed), RunSet.RecipeOf(recipe, seed)));
        var summary = Path.Combine(folder, RunFolder.SummaryName);
        return File.Exists(summary) && RunSummary.Load(summary).HasAllArmsOf(recipe);
    }
}
