using System.Diagnostics;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference;
using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Bench;

/// <summary>Measures the time of one image through a network's inference plan: batch 1, 1 thread, each layer in its fastest form.</summary>
internal static class LatencyMeter
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
        Repeat(WarmUpMilliseconds, Run);
        var before = session.Times;
        var shortest = new TimeSpan[before.Count];
        Array.Fill(shortest, TimeSpan.MaxValue);
        var times = Repeat(MeasureMilliseconds, Run, () =>
        {
            var after = session.Times;
            for (var i = 0; i < shortest.Length; i++)
                if (after[i].Time - before[i].Time is var time && time < shortest[i]) shortest[i] = time;
            before = after;
        });
        times.Sort();
        return new(times[0], times[times.Count / 2])
        {
            Steps = [.. before.Zip(shortest, (step, time) => new StepLatency(step.Name, step.Form, time.TotalMilliseconds))],
        };

        void Run() => session.Run(image, count: 1, logits);
    }

    /// <summary>Milliseconds of each of some runs; <paramref name="after"/> is called after each and is not timed.</summary>
    private static List<double> Repeat(double milliseconds, Action run, Action? after = null)
    {
        var times = new List<double>();
        var all = Stopwatch.StartNew();
        while (times.Count < MinRepeats || all.Elapsed.TotalMilliseconds < milliseconds)
        {
            var start = Stopwatch.GetTimestamp();
            run();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            after?.Invoke();
        }

        return times;
    }
}
