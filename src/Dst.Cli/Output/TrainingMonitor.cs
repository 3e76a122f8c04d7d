using System.Diagnostics;
using Dst.Report;
using Dst.Training.Engine;
using Dst.Training.Experiments;

namespace Dst.Cli.Output;

/// <summary>Shows how the arms of a run are trained: a live view on a terminal, a line an epoch elsewhere.</summary>
/// <param name="report">Where to write.</param>
/// <param name="dashboard">Shows it in a browser too, or null.</param>
internal sealed class TrainingMonitor(ReportWriter report, Dashboard? dashboard) : IProgress<TrainingProgress>
{
    private const int RedrawMilliseconds = 200;

    private static bool HasColour => string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private readonly Stopwatch _sinceDraw = Stopwatch.StartNew();
    private readonly ExperimentProgress _progress = new();

    /// <summary>Call before the first arm, with those that are not finished.</summary>
    public void Begin(IReadOnlyList<PlannedArm> arms) => _progress.Begin(arms);

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        _progress.Step(value);
        if (_sinceDraw.ElapsedMilliseconds < RedrawMilliseconds) return;
        dashboard?.Show(_progress);
        if (report.ErrorIsTerminal) report.DrawStatus(LiveView.Render(_progress, Console.WindowWidth - 1, HasColour));
        _sinceDraw.Restart();
    }

    /// <summary>Call after each epoch.</summary>
    public void EpochEnded(EpochMetrics epoch)
    {
        _progress.EpochEnded(epoch);
        dashboard?.EpochEnded();
        if (report.ErrorIsTerminal) return;
        var validation = ArmNames.AutoEncoders.Contains(epoch.Arm)
            ? $"validation loss {epoch.ValidationLoss:F4}"
            : $"training {Format.Percent(epoch.TrainTop1)}, validation {Format.Percent(epoch.ValidationTop1)}";
        report.Log(
            $"{epoch.Arm}: epoch {epoch.Epoch} of {_progress.Last.Epochs}, loss {epoch.TrainLoss:F4}, {validation}, "
            + $"{epoch.ImagesPerSecond:F0} images/s, {Format.Duration(_progress.Last.Remaining)} left");
    }
}
