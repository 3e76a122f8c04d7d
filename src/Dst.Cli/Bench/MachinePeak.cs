using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Cli.Bench;

/// <summary>The peak of this machine's multiply-adds, against which measurements are set.</summary>
internal static class MachinePeak
{
    private const int Rounds = 100_000;

    /// <summary>Measures floating-point operations a nanosecond of <paramref name="threads"/> threads together.</summary>
    public static double Measure(SimdTier tier, int threads)
    {
        using var pool = new WorkerPool(threads);
        Action<int> job = _ => FmaProbe.Run(tier, Rounds);
        var seconds = BestTime.Of(() => pool.Run(threads, job));
        return threads * FmaProbe.Run(tier, Rounds) / seconds / 1e9;
    }
}
