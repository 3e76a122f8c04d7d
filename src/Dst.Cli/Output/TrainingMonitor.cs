using System.Diagnostics;
using Dst.Report;
using Dst.Training.Engine;
using Dst.Training.Experiments;

namespace Dst.Cli.Output;

/// <summary>Shows how training goes: one bar with speed and remaining time on a terminal, a line an epoch elsewhere.</summary>
internal sealed class TrainingMonitor(ReportWriter report) : IProgress<TrainingProgress>
{
    private const int BarWidth = 24;
    private const int RedrawMilliseconds = 100;

    private readonly Stopwatch _sinceDraw = Stopwatch.StartNew();
    private TrainingProgress _last;

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        _last = value;
        if (!report.ErrorIsTerminal || _sinceDraw.ElapsedMilliseconds < RedrawMilliseconds) return;
        report.DrawStatus(Bar(value));
        _sinceDraw.Restart();
    }

    /// <summary>Call after each epoch.</summary>
    public void EpochEnded(EpochMetrics epoch)
    {
        if (report.ErrorIsTerminal) return;
        var validation = epoch.Arm == ArmNames.Pretrain
            ? $"validation loss {epoch.ValidationLoss:F4}"
            : $"training {Format.Percent(epoch.TrainTop1)}, validation {Format.Percent(epoch.ValidationTop1)}";
        report.Log(
            $"{epoch.Arm}: epoch {epoch.Epoch} of {_last.Epochs}, loss {epoch.TrainLoss:F4}, {validation}, "
            + $"{epoch.ImagesPerSecond:F0} images/s, {Format.Duration(_last.Remaining)} left");
    }

    /// <summary>The progress of one arm on one line.</summary>
    internal static string Bar(TrainingProgress p)
    {
        var done = ((p.Epoch - 1) * (double)p.Batches + p.Batch) / ((double)p.Epochs * p.Batches);
        var filled = (int)(BarWidth * done);
        return $"{p.Arm,-16} epoch {p.Epoch}/{p.Epochs} {new string('█', filled)}{new string('░', BarWidth - filled)} "
            + $"{Format.Percent(done)}  {p.ImagesPerSecond:F0} images/s  {Format.Duration(p.Remaining)} left";
    }
}
