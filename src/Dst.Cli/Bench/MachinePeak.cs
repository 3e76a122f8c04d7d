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
            + $"{MultiplyAddsPerCycle(tier, threads):F2} multiply-adds of a vector a cycle at {ClockGhz:F2} GHz");

    /// <summary>A share of the peak, with the reason if it is above 100 %.</summary>
    /// <param name="percent">The share.</param>
    /// <param name="hasWinograd">Whether a Winograd form is among what was timed.</param>
    public static string DescribeShare(double percent, bool hasWinograd) => $"{percent:F1} % of the peak"
        + (percent > 100 && hasWinograd ? " (Winograd forms need fewer multiplications than are counted)" : "");

    /// <summary>
    /// Multiply-adds of one vector in a cycle of one core. It is near a whole number, the number of units that do them, or the peak or the
    /// clock was disturbed.
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="threads">Threads of the measurement; those above the number of cores share them.</param>
    public double MultiplyAddsPerCycle(SimdTier tier, int threads) =>
        Gflops / Math.Min(threads, Environment.ProcessorCount) / ClockGhz / 2 / FmaProbe.LanesOf(tier);
}
