using Dst.Kernels.Simd;
using Dst.Report;
using Dst.Runtime;
using Dst.Runtime.Inference;

namespace Dst.Cli.Bench;

/// <summary>Milliseconds of a run on some threads while other work keeps cores busy, and their ratios to those of one thread.</summary>
internal sealed record LoadResult(int Threads, int Runs, double MedianMs, double P99Ms, double MedianRatio, double P99Ratio);

/// <summary>The JSON document of <c>bench --under-load</c> and <c>bench train --under-load</c>.</summary>
internal sealed record LoadReport(string Cpu, SimdTier Tier, string Model, int Batch, int BusyCores, IReadOnlyList<LoadResult> Results)
{
    /// <summary>A row for each number of threads.</summary>
    public Result ToResult() => new(
        this,
        new Lines($"{Cpu}, {Tier}; {Model}, batch {Batch}; other work on {BusyCores} of {Environment.ProcessorCount} cores"),
        Table.Of(
            Results,
            new("threads", "threads", row => row.Threads),
            new("runs", "runs", row => row.Runs),
            new("median_ms", "median ms", row => row.MedianMs, row => $"{row.MedianMs:F3}"),
            new("p99_ms", "p99 ms", row => row.P99Ms, row => $"{row.P99Ms:F3}"),
            new("median_ratio", "median x one thread", row => row.MedianRatio, row => $"{row.MedianRatio:F2}"),
            new("p99_ratio", "p99 x one thread", row => row.P99Ratio, row => $"{row.P99Ratio:F2}")));
}

/// <summary>Measures a run on one thread and on several, in turns, while each core but one is busy with other work.</summary>
internal sealed class LoadBench(SimdTier tier, CancellationToken cancellation)
{
    private const int Rounds = 10;
    private const double RoundSeconds = 0.2;
    private const int MinRuns = 3;

    /// <summary>Measures for about four seconds.</summary>
    /// <param name="model">What is run, for the report.</param>
    /// <param name="batch">Images of a run.</param>
    /// <param name="threads">Several threads.</param>
    /// <param name="one">A run on one thread.</param>
    /// <param name="several">A run on <paramref name="threads"/> threads.</param>
    public LoadReport Measure(string model, int batch, int threads, Action one, Action several)
    {
        one();
        several();
        List<double> ofOne = [], ofSeveral = [];
        using var load = new BusyCores(tier);
        for (var round = 0; round < Rounds; round++)
        {
            ofOne.AddRange(RunTimes.Of(one, RoundSeconds, MinRuns, cancellation: cancellation));
            ofSeveral.AddRange(RunTimes.Of(several, RoundSeconds, MinRuns, cancellation: cancellation));
        }

        var single = Result(1, ofOne, null);
        return new(Processor.Name, tier, model, batch, load.Count, [single, Result(threads, ofSeveral, single)]);
    }

    private static LoadResult Result(int threads, List<double> milliseconds, LoadResult? single)
    {
        milliseconds.Sort();
        double median = milliseconds[milliseconds.Count / 2], p99 = milliseconds[(int)(0.99 * milliseconds.Count)];
        return new(threads, milliseconds.Count, median, p99, median / (single?.MedianMs ?? median), p99 / (single?.P99Ms ?? p99));
    }
}
