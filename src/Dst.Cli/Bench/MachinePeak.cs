using Dst.Foundations;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Report;
using Dst.Runtime.Threading;

namespace Dst.Cli.Bench;

/// <summary>The peak of this machine's multiply-adds, against which measurements are set.</summary>
/// <param name="Gflops">Floating-point operations a nanosecond, of all threads together.</param>
/// <param name="ClockGhz">Cycles a nanosecond of one core.</param>
internal sealed record MachinePeak(double Gflops, double ClockGhz)
{
    private const int Rounds = 100_000;

    /// <summary>Share by which an undisturbed peak may miss a whole number of units.</summary>
    private const double Tolerance = 0.05;

    /// <summary>Measures the peak of <paramref name="threads"/> threads together, and the clock.</summary>
    public static MachinePeak Measure(SimdTier tier, int threads)
    {
        using var pool = new WorkerPool(threads);
        Action<int> job = _ => FmaProbe.Run(tier, Rounds);
        var seconds = BestTime.Of(() => pool.Run(threads, job));
        var cycles = ClockProbe.Run(Rounds);
        return new(
            threads * FmaProbe.Run(tier, Rounds) / seconds / 1e9,
            cycles / BestTime.Of(() => ClockProbe.Run(Rounds)) / 1e9);
    }

    /// <summary>The line that says on what machine a measurement was made, and what its peak is.</summary>
    public Lines Describe(string cpu, SimdTier tier, int threads) => new(
        $"{cpu}, {tier}, {Phrases.Count(threads, "thread")}, peak {Gflops:F1} GFLOP/s: "
            + $"{MultiplyAddsPerCycle(tier, threads):F2} multiply-adds of a vector a cycle at {ClockGhz:F2} GHz"
            + (IsDisturbed(tier, threads) ? "; no whole number, so other work or a changing clock disturbed the measurement" : ""));

    /// <summary>A share of the peak, with the reason if it is above 100 %.</summary>
    public static string DescribeShare(double percent) => $"{percent:F1} % of the peak"
        + (percent > 100 ? " (counted as direct forms: Winograd and FFT forms multiply less, and none multiplies padding)" : "");

    /// <summary>
    /// Whether the peak is not that of a whole number of units, which a processor has: then the peak or the clock was measured beside
    /// other work. Without vectors the probe waits for its own sums, so nothing is said.
    /// </summary>
    public bool IsDisturbed(SimdTier tier, int threads)
    {
        var units = MultiplyAddsPerCycle(tier, threads);
        return tier != SimdTier.Scalar && Math.Abs(units - Math.Round(units)) > Tolerance * units;
    }

    /// <summary>Multiply-adds of one vector in a cycle of one core.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="threads">Threads of the measurement; those above the number of cores share them.</param>
    public double MultiplyAddsPerCycle(SimdTier tier, int threads) =>
        Gflops / Math.Min(threads, Environment.ProcessorCount) / ClockGhz / 2 / FmaProbe.LanesOf(tier);
}
