using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>Sums of products of four bytes at a time, in 2 vectors of 256 bits (AVX-VNNI).</summary>
internal readonly unsafe struct ByteSums256 : ISumLanes<ByteSums256>
{
    private readonly Vector256<int> _v0, _v1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ByteSums256(Vector256<int> v0, Vector256<int> v1) => (_v0, _v1) = (v0, v1);

    /// <summary>Whether a tier of this processor has them.</summary>
    public static bool AreIn(SimdTier tier) => tier >= SimdTier.V256 && AvxVnni.IsSupported;

    public static int Channels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int Pixels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Avx512F.VL.IsSupported ? 8 : 4; // 32 registers or 16
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteSums256 Weights(sbyte* source) => Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteSums256 Load(int* source) => new(Vector256.Load(source), Vector256.Load(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteSums256 Broadcast(int value)
    {
        var all = Vector256.Create(value);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteSums256 MultiplyAdd(ByteSums256 weights, ByteSums256 element, ByteSums256 sum) => new(
        AvxVnni.MultiplyWideningAndAdd(sum._v0, element._v0.AsByte(), weights._v0.AsSByte()),
        AvxVnni.MultiplyWideningAndAdd(sum._v1, element._v1.AsByte(), weights._v1.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* destination, ByteSums256 value)
    {
        value._v0.Store(destination);
        value._v1.Store(destination + 8);
    }
}
