using System.Diagnostics;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference;

namespace Dst.Training.Experiments.Runs;

/// <summary>Measures the time of one image through a network's inference plan: batch 1, 1 thread, each layer in its fastest form.</summary>
public static class LatencyMeter
{
    private const int MinRepeats = 20;
    private const double WarmUpMilliseconds = 200;
    private const double MeasureMilliseconds = 500;

    /// <summary>Compiles the network and runs it for about 0.7 seconds, the first 0.2 of them to warm up.</summary>
    public static Latency Measure(SimdTier tier, Model model)
    {
        using var plan = InferencePlan.Compile(model, new() { Tier = tier });
        using var session = plan.CreateSession();
        var image = new float[plan.Input.Count];
        var logits = new float[plan.Outputs];
        Repeat(session, image, logits, WarmUpMilliseconds);
        var times = Repeat(session, image, logits, MeasureMilliseconds);
        times.Sort();
        return new(times[0], times[times.Count / 2]);
    }

    private static List<double> Repeat(InferenceSession session, float[] image, float[] logits, double milliseconds)
    {
        var times = new List<double>();
        var all = Stopwatch.StartNew();
        while (times.Count < MinRepeats || all.Elapsed.TotalMilliseconds < milliseconds)
        {
            var start = Stopwatch.GetTimestamp();
            session.Run(image, count: 1, logits);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return times;
    }
}
