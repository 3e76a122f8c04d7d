using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>The tiers that this processor has. Each call says which one it uses.</summary>
public static class SimdTiers
{
    /// <summary>The widest tier of this processor, as far as the switches of the runtime allow.</summary>
    public static SimdTier Best { get; } =
        Vector512.IsHardwareAccelerated ? SimdTier.V512
        : Vector256.IsHardwareAccelerated ? SimdTier.V256
        : Vector128.IsHardwareAccelerated ? SimdTier.V128
        : SimdTier.Scalar;

    /// <summary>
    /// Whether the processor adds four products of bytes at a time: AVX-VNNI, for tiers of 256 bits and more, or the dot products of ARM.
    /// </summary>
    public static bool HasByteProducts => AvxVnni.IsSupported || Dp.IsSupported;

    /// <summary>The tiers up to <paramref name="best"/>, narrowest first.</summary>
    public static IEnumerable<SimdTier> UpTo(SimdTier best) => Enum.GetValues<SimdTier>().Where(tier => tier <= best);

    /// <summary>The name of a tier in files and settings, such as <c>v256</c>.</summary>
    public static string NameOf(SimdTier tier) => tier.ToString().ToLowerInvariant();

    /// <summary>
    /// The tier of a name in upper or lower case, or <paramref name="best"/> if the name is empty.
    /// Null if it names no tier up to <paramref name="best"/>.
    /// </summary>
    public static SimdTier? Parse(string? name, SimdTier best)
    {
        if (string.IsNullOrEmpty(name)) return best;
        foreach (var tier in UpTo(best))
        {
            if (NameOf(tier).Equals(name, StringComparison.OrdinalIgnoreCase)) return tier;
        }

        return null;
    }
}
