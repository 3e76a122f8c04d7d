using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Cli.Bench;

/// <summary>How fast one core reads.</summary>
internal static class MemorySpeed
{
    /// <summary>Floats that no cache holds: 256 MB.</summary>
    private const long Large = 64 << 20;

    private const int Samples = 5;

    /// <summary>Bytes a nanosecond that a core reads from memory: the best of a few passes over what no cache holds.</summary>
    public static unsafe double MeasureGbs(SimdTier tier)
    {
        using var values = new AlignedBuffer(Large);
        values.Span.Fill(1); // pages that are never written share one page of zeros
        return sizeof(float) * Large / BestTime.Of(() => MemoryProbe.Read(tier, values.Pointer, Large), Samples) / 1e9;
    }
}
