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
        var report = call.Report;
        using var run = Open(call.Arguments, overrides);
        report.Log($"run folder: {run.Path}");
        var data = DataSet.Load(run.Recipe.Data, run.Recipe.Seed, Environment.CurrentDirectory, report.Log);
        using var pool = new WorkerPool(run.Recipe.Threads > 0 ? run.Recipe.Threads : Environment.ProcessorCount);
        var monitor = new TrainingMonitor(report);
        var pipeline = new Pipeline(run, data, pool, LatencyMeter.Measure) { Progress = monitor, EpochEnded = monitor.EpochEnded, Log = report.Log };
        var summary = RunToEnd(pipeline, run, report, call.Cancellation);
        report.Result(new { Folder = run.Path, summary.Recipe, summary.Seed, summary.Arms }, () =>
        {
            report.Table(ArmTable.Of(summary));
            report.Line();
            report.Line($"run folder: {run.Path}");
        });
    }

    private static RunFolder Open(ParseResult arguments, IEnumerable<string> overrides)
    {
        if (arguments.GetValue(Resume) is not { } folder) return RunFolder.Create(RecipeInput.Load(arguments, overrides), DateTime.Now);
        return arguments.GetValue(RecipeInput.File) is null
            ? RunFolder.Resume(folder, RecipeInput.Overrides(arguments))
            : RunFolder.Resume(folder, RecipeInput.Load(arguments, overrides));
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
