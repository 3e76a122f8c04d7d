using System.CommandLine;
using Dst.Cli.Bench;
using Dst.Cli.Report;
using Dst.Runtime.ModelFile;
using Dst.Runtime.Threading;
using Dst.Training;
using Dst.Training.Data;
using Dst.Training.Recipes;
using Dst.Training.Runs;

namespace Dst.Cli.Commands;

/// <summary>Runs the arms of a recipe and shows what came of them: what <c>run</c>, <c>train</c> and <c>distill</c> have in common.</summary>
internal static class RecipeRun
{
    private static readonly Option<string?> Resume =
        SharedOptions.Text("--resume", "run folder", "Go on with a run that was stopped; its recipe is used, and must be the same if one is named.");

    /// <summary>Adds the arguments and options that <see cref="Run"/> reads.</summary>
    public static void AddOptionsTo(Verb verb)
    {
        RecipeInput.AddTo(verb);
        verb.Add(RecipeInput.Out);
        verb.Add(Resume);
        verb.Add(SharedOptions.Threads);
        verb.Add(SharedOptions.Json);
        RecipeInput.AddDataTo(verb);
    }

    /// <summary>Runs the recipe of the command line with <paramref name="overrides"/>, which come before what the command line sets.</summary>
    public static void Run(Invocation call, params IEnumerable<string> overrides)
    {
        if (call.Arguments.GetValue(Resume) is { } folder)
        {
            using var run = Reopen(folder, call.Arguments, overrides);
            RunArms(call, run, Load(call, run.Recipe));
        }
        else
        {
            var recipe = RecipeInput.Load(call.Arguments, overrides);
            var data = Load(call, recipe); // first, so that a wrong path leaves no folder behind
            using var run = RunFolder.Create(recipe, DateTime.Now);
            RunArms(call, run, data);
        }
    }

    private static RunFolder Reopen(string folder, ParseResult arguments, IEnumerable<string> overrides) => arguments.GetValue(RecipeInput.File) is null
        ? RunFolder.Resume(folder, RecipeInput.Overrides(arguments))
        : RunFolder.Resume(folder, RecipeInput.Load(arguments, overrides));

    private static DataSet Load(Invocation call, Recipe recipe) =>
        DataSet.Load(recipe.Data, recipe.Seed, Environment.CurrentDirectory, call.Report.Log, call.Cancellation);

    private static void RunArms(Invocation call, RunFolder run, DataSet data)
    {
        var report = call.Report;
        report.Log($"run folder: {run.Path}");
        using var pool = new WorkerPool(run.Recipe.Threads > 0 ? run.Recipe.Threads : Environment.ProcessorCount);
        var monitor = new TrainingMonitor(report);
        var pipeline = new Pipeline(run, data, pool, LatencyMeter.Measure) { Progress = monitor, EpochEnded = monitor.EpochEnded, Log = report.Log };
        var summary = RunToEnd(pipeline, run, report, call.Cancellation);
        report.Result(new { Folder = run.Path, summary.Recipe, summary.Seed, summary.Arms }, () =>
        {
            report.Table(ArmTable.Of(summary));
            report.Line();
            if (summary.Arms.LastOrDefault(arm => arm.Layers.Count > 0) is { } pruned) PrintLayers(report, run, pruned);
            report.Line($"run folder: {run.Path}");
        });
    }

    /// <summary>What pruning did to each layer; every pruned arm of a run has the same layers and the same number of kept weights.</summary>
    private static void PrintLayers(ReportWriter report, RunFolder run, ArmSummary arm)
    {
        var skipped = arm.Layers.Where(layer => layer.Skipped is not null).ToDictionary(layer => layer.Name, layer => layer.Skipped!);
        report.Line($"layers of {arm.Arm}:");
        report.Table(LayerTable.ToTable(LayerTable.RowsOf(ModelFile.Load(run.ModelPath(arm.Arm))), skipped));
        report.Line();
    }

    private static RunSummary RunToEnd(Pipeline pipeline, RunFolder run, ReportWriter report, CancellationToken cancellation)
    {
        try
        {
            return pipeline.Run(cancellation);
        }
        catch (OperationCanceledException)
        {
            report.Log($"the state is saved; to go on: ./dst run --resume {run.Path}");
            throw;
        }
        finally
        {
            report.ClearStatus();
        }
    }
}
