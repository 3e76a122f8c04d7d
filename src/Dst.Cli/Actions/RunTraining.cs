using Dst.Cli.Output;
using Dst.Cli.Usage;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Actions;

/// <summary>Trains the arms of one run, shows where it is, and says how to go on if it is stopped.</summary>
/// <param name="call">The call.</param>
/// <param name="resumeCommand">The verb and the option that go on with the run, for a message.</param>
internal sealed class RunTraining(Invocation call, string resumeCommand)
{
    /// <summary>Trains the arms that are not finished.</summary>
    /// <param name="run">The run.</param>
    /// <param name="data">Its data.</param>
    /// <param name="refused">Called if the recipe is refused.</param>
    public RunSummary Run(RunFolder run, DataSet data, Action? refused = null)
    {
        var report = call.Report;
        report.Log($"run folder: {run.Path}");
        foreach (var part in Directory.GetDirectories(run.Path, "*.part"))
            report.Log($"{Path.GetFileNameWithoutExtension(part)} begins again: only --spread runs goes on with its state in {part}");
        try
        {
            return RunPipeline(run, data);
        }
        catch (OperationCanceledException)
        {
            report.Log($"the state is saved; to go on: {ProgramName.Value} {resumeCommand}");
            throw;
        }
        catch (Exception e) when (e is InputException or NotFiniteNumberException)
        {
            run.DiscardIfUntrained();
            refused?.Invoke();
            throw;
        }
        finally
        {
            report.ClearStatus();
        }
    }

    private RunSummary RunPipeline(RunFolder run, DataSet data)
    {
        using var pool = run.Recipe.CreatePool();
        using var dashboard = DashboardOptions.Begin(call, run);
        var monitor = new TrainingMonitor(call.Report, dashboard);
        var compute = new ComputeContext(pool, call.Tier) { Ranks = call.Ranks };
        var pipeline = new Pipeline(run, data, compute)
        {
            Command = call.CommandLine,
            Planned = monitor.Begin,
            Progress = monitor,
            EpochEnded = monitor.EpochEnded,
            Log = call.Report.Log,
        };
        call.HasStateToSave = () => pipeline.IsTraining;
        var summary = pipeline.Run(call.Cancellation);
        dashboard?.Finish();
        return summary;
    }
}
