using Dst.Kernels.Simd;
using Dst.Runtime.Inference;

namespace Dst.Training.Experiments.Runs;

/// <summary>Measures the time of one image through a network's inference plan: batch 1, 1 thread, each layer in its fastest form.</summary>
/// <seealso cref="Pipeline"/>
public static class LatencyMeter
{
    private const int MinRuns = 20;
    private const double WarmUpSeconds = 0.2;
    private const double MeasureSeconds = 0.5;

    /// <summary>Compiles the network and runs it for about 0.7 seconds, the first 0.2 of them to warm up.</summary>
    public static Latency Measure(SimdTier tier, Model model)
    {
        using var plan = InferencePlan.Compile(model, new() { Tier = tier });
        using var network = new NetworkRun(plan, threads: 1, NetworkRun.RandomImages(model, batch: 1));
        RunTimes.Of(network.Run, WarmUpSeconds, MinRuns);
        var (times, steps) = network.Measure(MeasureSeconds, MinRuns);
        return new(times[0], times[times.Count / 2])
        {
            Steps = [.. plan.Steps.Zip(steps, (step, ms) => new StepLatency(step.Layer, step.Form, ms))],
        };
    }
}
