using Dst.Foundations;
using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments.Runs;

/// <content>How a run folder is made, and opened again.</content>
public sealed partial class RunFolder
{
    private RunFolder(string path, Recipe recipe, FileMode metricsMode)
    {
        Path = path;
        Recipe = recipe;
        RecipeHash = RecipeFile.HashOf(recipe);
        Summary = new(recipe.Name, recipe.Seed, []) { RecipeHash = RecipeHash };
        _metrics = new(In(path, MetricsName), metricsMode);
        try
        {
            _lock = new(path);
        }
        catch
        {
            _metrics.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Makes <c>runs/name/yyyyMMdd-HHmmss</c> for a new run; where that is taken, <c>-2</c>, <c>-3</c> and so on is added.
    /// </summary>
    /// <exception cref="InputException">The folder cannot be made.</exception>
    public static RunFolder Create(Recipe recipe, DateTime now)
    {
        var path = RunPaths.OfNewRun(recipe, now);
        return RunPaths.Guard(path, () => Begin(Claim(path, RecipeFile.WithFullPaths(recipe))));
    }

    /// <summary>Makes the run folder <paramref name="path"/>, which has no run yet.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="set">The set that it is a run of.</param>
    /// <exception cref="InputException">It cannot be made.</exception>
    internal static RunFolder CreateAt(string path, Recipe recipe, RunSet set) => RunPaths.Guard(path, () =>
    {
        Directory.CreateDirectory(path);
        return Begin(new RunFolder(path, recipe, FileMode.Create) { IsNew = true, Set = set });
    });

    /// <summary>The folder that <see cref="Create"/> makes if nothing has its name.</summary>
    /// <exception cref="InputException">It cannot be made.</exception>
    public static string PathFor(Recipe recipe, DateTime now)
    {
        var path = RunPaths.OfNewRun(recipe, now);
        RunPaths.CheckCanBeMade(path);
        return path;
    }

    /// <summary>Opens the folder of a run that was stopped.</summary>
    /// <param name="path">The run folder.</param>
    /// <param name="overrides">Only of keys that results do not depend on, such as <c>threads</c>.</param>
    /// <exception cref="InputException">It is not a run folder, is in use, or an override would change results.</exception>
    public static RunFolder Resume(string path, params IReadOnlyList<SettingOverride> overrides) =>
        Resume(path, RunRecipe.Read(path, overrides));

    /// <summary>Opens the folder of a run that was stopped, if it was made with <paramref name="recipe"/>.</summary>
    /// <param name="path">The run folder.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="force">Whether the run goes on with another recipe, program or machine too.</param>
    /// <remarks>The folder keeps its recipe until the run goes on: until <see cref="Pipeline.Run"/> has checked all.</remarks>
    /// <exception cref="InputException">It is not a run folder, is in use, is damaged, or was made with another recipe.</exception>
    public static RunFolder Resume(string path, Recipe recipe, bool force = false) => Resume(path, recipe, force, set: null);

    /// <summary>As <see cref="Resume(string, Recipe, bool)"/>, for a run of a set.</summary>
    /// <param name="path">The run folder.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="force">Whether the run goes on with another recipe, program or machine too.</param>
    /// <param name="set">The set that it is a run of, or null.</param>
    /// <param name="isCopy">Whether it is the copy of a rank other than 0.</param>
    /// <param name="isPart">Whether it has only what one arm is made from.</param>
    internal static RunFolder Resume(string path, Recipe recipe, bool force, RunSet? set, bool isCopy = false, bool isPart = false)
    {
        (recipe, var changes) = RunRecipe.Compare(path, recipe, force);
        if (!File.Exists(In(path, MetricsName))) throw new InputException($"{path} has no {MetricsName}; expected the folder of a run");
        return RunPaths.Guard(path, () =>
        {
            var run = new RunFolder(path, recipe, FileMode.Open)
            {
                IsForced = force,
                IsCopy = isCopy,
                IsFromFirstRank = isCopy || isPart,
                RecipeChanges = changes,
                Set = set,
            };
            try
            {
                foreach (var torn in Directory.GetFiles(path, ".*.tmp")) File.Delete(torn);
                run.ReadState();
                return run;
            }
            catch
            {
                run.Dispose();
                throw;
            }
        });
    }

    /// <summary>Opens a copy of a run's folder, for a rank other than 0. Rank 0 has checked the folder.</summary>
    internal static RunFolder OpenCopy(string path, Recipe recipe) => Resume(path, recipe, force: true, set: null, isCopy: true);

    /// <summary>Opens a folder with what one arm of a run is made from. Rank 0 has checked the run's folder.</summary>
    internal static RunFolder OpenPart(string path, Recipe recipe) => Resume(path, recipe, force: false, set: null, isPart: true);

    // A folder belongs to the process that created its metrics.csv. A process that comes second takes the next name.
    private static RunFolder Claim(string first, Recipe recipe)
    {
        foreach (var path in RunPaths.Candidates(first))
        {
            if (System.IO.Path.Exists(path)) continue;
            Directory.CreateDirectory(path);
            try
            {
                return new(path, recipe, FileMode.CreateNew) { IsNew = true };
            }
            catch (IOException) when (File.Exists(In(path, MetricsName)))
            {
                // The other process was first.
            }
            catch
            {
                Directory.Delete(path); // refuses if another process has put something there
                throw;
            }
        }

        throw new IOException("every name is taken");
    }

    /// <summary>Writes the first files of a new run.</summary>
    private static RunFolder Begin(RunFolder run)
    {
        try
        {
            run._metrics.Begin();
            RunRecipe.Write(run.Path, run.Recipe);
            return run;
        }
        catch
        {
            run.Dispose();
            File.Delete(In(run.Path, MetricsName));
            if (Directory.GetFileSystemEntries(run.Path).Length == 0) RunPaths.Remove(run.Path);
            throw;
        }
    }

    /// <summary>Reads what is finished and checks that all files are of one run.</summary>
    private void ReadState()
    {
        if (File.Exists(SummaryPath))
        {
            var summary = RunPaths.Read(
                () => RunSummary.Load(SummaryPath), "remove it and the models of all arms to train them again");
            if (!IsForced && (summary.Recipe, summary.Seed) != (Recipe.Name, Recipe.Seed)) throw OfAnotherRecipe(SummaryPath);
            CheckHash(SummaryPath, summary.RecipeHash);
            HasOtherResults = summary.RecipeHash is not null && summary.RecipeHash != RecipeHash;
            Summary = Summary with { Arms = summary.Arms };
        }

        if (!IsFromFirstRank) RunCheck.Check(this);
        if (ReadOwner() is not var (arm, hash)) return;
        if (!ArmNames.AutoEncoders.Contains(arm) && !ArmNames.All.Contains(arm))
            throw new InputException($"{CheckpointPath} has the unknown arm '{arm}'; {Phrases.Choice(ArmNames.All)} was expected");
        CheckHash(CheckpointPath, hash);
    }

    // Files of older versions have no hash.
    private void CheckHash(string path, string? hash)
    {
        if (!IsForced && hash is not null && hash != RecipeHash) throw OfAnotherRecipe(path);
    }

    private static InputException OfAnotherRecipe(string path) =>
        new(
            $"{path} is not of the recipe in its folder's {RunRecipe.FileName}, or of another build; expected files of one run, or "
            + ForceOption);
}
