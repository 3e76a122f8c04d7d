using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Dst.Kernels.Simd;

/// <summary>
/// Sums of products of four bytes at a time, in 4 vectors of 128 bits (dot products of ARM). Both factors are signed: a byte of a pixel is
/// <see cref="Zero"/> less.
/// </summary>
internal readonly unsafe struct ByteSums128 : ISumLanes<ByteSums128>
{
    /// <summary>The byte that stands for 0.</summary>
    public const int Zero = 128;

    private readonly Vector128<int> _v0, _v1, _v2, _v3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ByteSums128(Vector128<int> v0, Vector128<int> v1, Vector128<int> v2, Vector128<int> v3) =>
        (_v0, _v1, _v2, _v3) = (v0, v1, v2, v3);

    /// <summary>Whether a tier of this processor has them.</summary>
    public static bool AreIn(SimdTier tier) => tier == SimdTier.V128 && Dp.IsSupported;

    public static int Channels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int Pixels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteSums128 Weights(sbyte* source) => Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteSums128 Load(int* source) =>
        new(Vector128.Load(source), Vector128.Load(source + 4), Vector128.Load(source + 8), Vector128.Load(source + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteSums128 Broadcast(int value)
    {
        var all = Vector128.Create(value);
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteSums128 MultiplyAdd(ByteSums128 weights, ByteSums128 element, ByteSums128 sum) => new(
        Dp.DotProduct(sum._v0, weights._v0.AsSByte(), element._v0.AsSByte()),
        Dp.DotProduct(sum._v1, weights._v1.AsSByte(), element._v1.AsSByte()),
        Dp.DotProduct(sum._v2, weights._v2.AsSByte(), element._v2.AsSByte()),
        Dp.DotProduct(sum._v3, weights._v3.AsSByte(), element._v3.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* destination, ByteSums128 value)
    {
        value._v0.Store(destination);
        value._v1.Store(destination + 4);
        value._v2.Store(destination + 8);
        value._v3.Store(destination + 12);
    }
}
