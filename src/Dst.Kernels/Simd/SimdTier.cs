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

    /// <summary>The tier in use: <see cref="Best"/> where what <see cref="Variable"/> says cannot be had.</summary>
    public static readonly SimdTier Tier = Choose(Environment.GetEnvironmentVariable(Variable), Best) ?? Best;

    /// <summary>The names of the tiers up to <paramref name="best"/>, as <see cref="Variable"/> takes them.</summary>
    public static IEnumerable<string> NamesUpTo(SimdTier best) => Enum.GetValues<SimdTier>().Where(tier => tier <= best).Select(tier => tier.ToString().ToLowerInvariant());

    /// <summary>The tier that <paramref name="forced"/> names, or <paramref name="best"/> if it is empty; null if it is no tier or one above <paramref name="best"/>.</summary>
    public static SimdTier? Choose(string? forced, SimdTier best)
    {
        if (string.IsNullOrEmpty(forced)) return best;
        var at = NamesUpTo(best).ToList().FindIndex(name => name.Equals(forced, StringComparison.OrdinalIgnoreCase));
        return at < 0 ? null : (SimdTier)at;
    }
}
