using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Cli.Bench;

/// <summary>How fast threads read from memory.</summary>
internal static class MemorySpeed
{
    /// <summary>Floats that no cache holds: 256 MB.</summary>
    private const long Large = 64 << 20;

    /// <summary>Floats that the probe reads in a step: a thread reads a multiple of them.</summary>
    private const long Step = 64;

    private const int Samples = 5;

    /// <summary>
    /// Bytes a nanosecond that <paramref name="threads"/> threads read from memory together: the best of a few passes over what no cache
    /// holds.
    /// </summary>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    public static unsafe double MeasureGbs(SimdTier tier, int threads)
    {
        using var pool = new WorkerPool(threads);
        using var values = new AlignedBuffer(Large);
        values.Span.Fill(1); // pages that are never written share one page of zeros
        var first = values.Pointer;
        var share = Large / threads / Step * Step;
        Action<int> read = part => MemoryProbe.Read(tier, first + part * share, share);
        return sizeof(float) * share * threads / BestTime.Of(() => pool.Run(threads, read), Samples) / 1e9;
    }
}
