using System.Diagnostics;
using Dst.Runtime;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Runs;

namespace Dst.Cli.Bench;

/// <summary>Measures the time of one image through a network: batch 1, 1 thread; pruned layers in their compact form.</summary>
internal static class LatencyMeter
{
    private const int MinRepeats = 20;
    private const double WarmUpMilliseconds = 200;
    private const double MeasureMilliseconds = 500;

    /// <summary>Runs the network for about 0.7 seconds, the first 0.2 of them to warm up.</summary>
    public static Latency Measure(Model model)
    {
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(model, maxBatch: 1, pool, seed: 0);
        network.Freeze();
        var image = new float[network.Graph.Input.Count];
        Repeat(network, image, WarmUpMilliseconds);
        var times = Repeat(network, image, MeasureMilliseconds);
        times.Sort();
        return new(times[0], times[times.Count / 2]);
    }

    private static List<double> Repeat(TrainingNetwork network, float[] image, double milliseconds)
    {
        var times = new List<double>();
        var all = Stopwatch.StartNew();
        while (times.Count < MinRepeats || all.Elapsed.TotalMilliseconds < milliseconds)
        {
            var start = Stopwatch.GetTimestamp();
            network.Forward(image, count: 1, training: false);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return times;
    }
}
