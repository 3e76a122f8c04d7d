using System.CommandLine;
using Dst.Cli.Bench;
using Dst.Cli.Report;
using Dst.Runtime.Threading;
using Dst.Training;
using Dst.Training.Data;
using Dst.Training.Runs;

namespace Dst.Cli.Commands;

/// <summary>Runs the arms of a recipe and shows what came of them: what <c>run</c>, <c>train</c> and <c>distill</c> have in common.</summary>
internal static class RecipeRun
{
    private static readonly Option<string?> Resume =
        SharedOptions.Text("--resume", "run folder", "Go on with a run, or the runs of several seeds, that was stopped; its recipe is used, and must be the same if one is named.");

    /// <summary>Adds the arguments and options that <see cref="Run"/> reads.</summary>
    public static void AddOptionsTo(Verb verb)
    {
        RecipeInput.AddTo(verb);
        verb.Add(RecipeInput.Seeds);
        verb.Add(RecipeInput.Out);
        verb.Add(Resume);
        verb.Add(SharedOptions.Threads);
        verb.Add(SharedOptions.Json);
        RecipeInput.AddDataTo(verb);
    }

    /// <summary>Runs the recipe of the command line with <paramref name="overrides"/>, which come before what the command line sets.</summary>
    public static void Run(Invocation call, params IEnumerable<string> overrides)
    {
        var folder = call.Arguments.GetValue(Resume);
        var recipe = folder is not null && call.Arguments.GetValue(RecipeInput.File) is null
            ? RunFolder.ReadRecipe(folder, RecipeInput.Overrides(call.Arguments))
            : RecipeInput.Load(call.Arguments, overrides);
        if (recipe.Seeds.Count > 0) RunSeeds(call, folder is null ? RunSet.Create(recipe, DateTime.Now) : RunSet.Resume(folder, recipe));
        else RunOne(call, folder is null ? RunFolder.Create(recipe, DateTime.Now) : RunFolder.Resume(folder, recipe));
    }

    private static void RunOne(Invocation call, RunFolder opened)
    {
        using var run = opened;
        var (report, summary) = (call.Report, RunToEnd(call, run, resumeWith: run.Path));
        report.Result(new { Folder = run.Path, summary.Recipe, summary.Seed, summary.Arms }, () =>
        {
            report.Table(ArmTable.Of(summary));
            report.Line();
            report.Line($"run folder: {run.Path}");
        });
    }

    private static void RunSeeds(Invocation call, RunSet set)
    {
        var runs = new List<FinishedRun>();
        foreach (var seed in set.Recipe.Seeds)
        {
            using var run = set.Open(seed);
            runs.Add(new(run.Path, RunToEnd(call, run, resumeWith: set.Path), set.Recipe.Prune.Pattern.ToString()));
        }

        var document = new
        {
            Folder = set.Path,
            Recipe = set.Recipe.Name,
            set.Recipe.Seeds,
            Arms = ResultsTable.StatisticsOf(runs),
            Runs = runs.Select(run => new { run.Folder, run.Summary.Seed, run.Summary.Arms }),
        };
        call.Report.Result(document, () =>
        {
            call.Report.Table(ResultsTable.OfArms(runs));
            call.Report.Line();
            call.Report.Line($"run folder: {set.Path}");
        });
    }

    private static RunSummary RunToEnd(Invocation call, RunFolder run, string resumeWith)
    {
        var report = call.Report;
        report.Log($"run folder: {run.Path}");
        var data = DataSet.Load(run.Recipe.Data, run.Recipe.Seed, Environment.CurrentDirectory, report.Log);
        using var pool = new WorkerPool(run.Recipe.Threads > 0 ? run.Recipe.Threads : Environment.ProcessorCount);
        var monitor = new TrainingMonitor(report);
        try
        {
            return new Pipeline(run, data, pool, LatencyMeter.Measure) { Progress = monitor, EpochEnded = monitor.EpochEnded, Log = report.Log }.Run(call.Cancellation);
        }
        catch (OperationCanceledException)
        {
            report.Log($"the state is saved; to go on: ./dst run --resume {resumeWith}");
            throw;
        }
        finally
        {
            report.ClearStatus();
        }
    }
}
