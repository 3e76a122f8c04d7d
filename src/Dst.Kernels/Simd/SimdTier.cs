using System.Runtime.Intrinsics;

namespace Dst.Kernels.Simd;

/// <summary>The widths of vectors that the kernels are compiled for, narrowest first.</summary>
public enum SimdTier
{
    /// <summary>No vectors: the reference implementations run.</summary>
    Scalar,

    /// <summary>128-bit vectors (SSE, NEON).</summary>
    V128,

    /// <summary>256-bit vectors with fused multiply-add (AVX2).</summary>
    V256,

    /// <summary>512-bit vectors (AVX-512).</summary>
    V512,
}

/// <summary>Which tier this process uses: the best that the processor has, or the one that <c>DST_SIMD</c> names.</summary>
public static class Simd
{
    /// <summary>Name of the environment variable that forces a tier: scalar, v128, v256 or v512.</summary>
    public const string Variable = "DST_SIMD";

    /// <summary>The best tier of this processor (and of the runtime's own switches).</summary>
    public static readonly SimdTier Best =
        Vector512.IsHardwareAccelerated ? SimdTier.V512
        : Vector256.IsHardwareAccelerated ? SimdTier.V256
        : Vector128.IsHardwareAccelerated ? SimdTier.V128
        : SimdTier.Scalar;

    /// <summary>The tier in use. A forced tier that the processor lacks, or an unknown name, falls back to <see cref="Best"/>.</summary>
    public static readonly SimdTier Tier = Choose(Environment.GetEnvironmentVariable(Variable), Best);

    /// <summary>The tier that <paramref name="forced"/> names, if it is one and not above <paramref name="best"/>; else <paramref name="best"/>.</summary>
    public static SimdTier Choose(string? forced, SimdTier best) =>
        Enum.TryParse<SimdTier>(forced, ignoreCase: true, out var tier) && Enum.IsDefined(tier) && tier < best ? tier : best;
}
