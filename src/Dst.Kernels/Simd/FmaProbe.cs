using System.Runtime.CompilerServices;

namespace Dst.Kernels.Simd;

/// <summary>Multiply-adds on registers alone: the peak speed of a tier.</summary>
public static class FmaProbe
{
    private const int OperationsPerMultiplyAdd = 2;

    /// <summary>Runs a number of rounds and returns the number of floating-point operations.</summary>
    public static long Run(SimdTier tier, int rounds)
    {
        switch (tier)
        {
            case SimdTier.V512: return Chains<Lanes512, Join<Lanes512, Four<Lanes512>, Four<Lanes512>>>(rounds);
            case SimdTier.V256: return Chains<Lanes256, Four<Lanes256>>(rounds);
            case SimdTier.V128: return Chains<Lanes128, Two<Lanes128>>(rounds);
            default: return Scalars(rounds);
        }
    }

    /// <summary>Eight vectors of the tier's width are enough to hide the latency of a multiply-add.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe long Chains<TLanes, TSums>(int rounds)
        where TLanes : unmanaged, ILanes<TLanes>
        where TSums : unmanaged, IAccumulators<TLanes>
    {
        TSums sums = default;
        var scalars = stackalloc float[TSums.Width];
        var vector = TLanes.Broadcast(1e-3f);
        for (var i = 0; i < rounds; i++) sums.MultiplyAdd(scalars, 1, vector);
        var sink = stackalloc float[TSums.Width * ILanes<TLanes>.Count];
        sums.Store(sink, ILanes<TLanes>.Count);
        return (long)rounds * TSums.Width * ILanes<TLanes>.Count * OperationsPerMultiplyAdd;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Scalars(int rounds)
    {
        float a = 0, b = 1, c = 2, d = 3;
        for (var i = 0; i < rounds; i++) (a, b, c, d) = (a * 0.5f + 1, b * 0.5f + 1, c * 0.5f + 1, d * 0.5f + 1);
        GC.KeepAlive(a + b + c + d);
        return (long)rounds * 4 * OperationsPerMultiplyAdd;
    }
}
