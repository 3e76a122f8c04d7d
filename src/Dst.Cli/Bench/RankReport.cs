using System.Numerics;
using Dst.Kernels.Simd;
using Dst.Report;

namespace Dst.Cli.Bench;

/// <summary>A step of one rank as measured, without waiting, and what it sends.</summary>
/// <param name="Ranks">Number of ranks.</param>
/// <param name="ComputeMs">Time of a step.</param>
/// <param name="BackwardMs">Of it the backward pass.</param>
/// <param name="Bytes">Bytes that a rank sends and waits for.</param>
/// <param name="Messages">Messages of these.</param>
/// <param name="GradientBytes">Bytes of gradients.</param>
/// <param name="GradientMessages">Messages of these.</param>
internal sealed record RankStep(
    int Ranks, double ComputeMs, double BackwardMs, long Bytes, long Messages, long GradientBytes, long GradientMessages)
{
    /// <summary>
    /// Time in which a rank waits: for each message that it needs at once, and for gradients that the backward pass does not hide. The last
    /// of these leave when it ends.
    /// </summary>
    public double WaitMs(double gigabits, double latencyUs)
    {
        if (Ranks == 1) return 0;
        var (bytesPerMs, latencyMs) = (gigabits * 1e9 / 8 / 1e3, latencyUs / 1e3);
        var gradients = GradientMessages * latencyMs + GradientBytes / bytesPerMs;
        var last = gradients / Math.Max(1, GradientMessages / (2 * BitOperations.Log2((uint)Ranks)));
        return Messages * latencyMs + Bytes / bytesPerMs + Math.Max(last, gradients - BackwardMs);
    }
}

/// <summary>A predicted step.</summary>
/// <param name="Machines">Machines, one rank each.</param>
/// <param name="Runs">Runs that go on at once: a run takes no more ranks than a batch has parts.</param>
/// <param name="Gigabits">Speed of the network.</param>
/// <param name="ComputeMs">Time that a rank computes.</param>
/// <param name="WaitMs">Time that it waits.</param>
/// <param name="Speedup">Images a second over those of one machine, of all runs.</param>
internal sealed record RankPrediction(int Machines, int Runs, double Gigabits, double ComputeMs, double WaitMs, double Speedup);

/// <summary>The JSON document of <c>bench ranks</c>.</summary>
internal sealed record RankReport(
    string Cpu, SimdTier Tier, string Arch, int Batch, int Threads, double LatencyUs, IReadOnlyList<RankStep> Steps,
    IReadOnlyList<RankPrediction> Predictions, IReadOnlyList<RankCheck> Checks)
{
    /// <summary>A table of the steps, one of the predictions, and one of the checks if there are any.</summary>
    public Result ToResult()
    {
        var summary = new Lines($"{Arch}, batch {Batch}, threads {Threads}, latency {LatencyUs} µs; {Cpu}");
        return Checks.Count == 0 ? new(this, summary, StepTable(), PredictionTable())
            : new(this, summary, StepTable(), PredictionTable(), CheckTable());
    }

    private Table StepTable() => Table.Of(
        Steps,
        new("ranks", "ranks", step => step.Ranks),
        new("compute_ms", "compute ms", step => step.ComputeMs, step => $"{step.ComputeMs:F2}"),
        new("bytes", "waited for", step => step.Bytes, step => Format.Bytes(step.Bytes)),
        new("messages", "messages", step => step.Messages),
        new("gradient_bytes", "gradients", step => step.GradientBytes, step => Format.Bytes(step.GradientBytes)),
        new("gradient_messages", "messages", step => step.GradientMessages)) with
    {
        Title = "a step of rank 0, measured:",
    };

    private Table PredictionTable() => Table.Of(
        Predictions,
        new("machines", "machines", row => row.Machines),
        new("runs", "runs at once", row => row.Runs),
        new("gbit", "Gbit/s", row => row.Gigabits),
        new("compute_ms", "compute ms", row => row.ComputeMs, row => $"{row.ComputeMs:F2}"),
        new("wait_ms", "wait ms", row => row.WaitMs, row => $"{row.WaitMs:F2}"),
        new("speedup", "x one machine", row => row.Speedup, row => $"{row.Speedup:F1}")) with
    {
        Title = "predicted:",
    };

    private Table CheckTable() => Table.Of(
        Checks,
        new("gbit", "Gbit/s", row => row.Gigabits),
        new("latency_us", "latency µs", row => row.LatencyUs),
        new("measured_ms", "measured ms", row => row.MeasuredMs, row => $"{row.MeasuredMs:F2}"),
        new("predicted_ms", "predicted ms", row => row.PredictedMs, row => $"{row.PredictedMs:F2}")) with
    {
        Title = "a step of two ranks in this process:",
    };
}

/// <summary>Steps of two ranks in this process with a line between them, measured and predicted.</summary>
internal sealed record RankCheck(double Gigabits, double LatencyUs, double MeasuredMs, double PredictedMs);
