namespace Dst.Kernels;

/// <summary>
/// SplitMix64: the n-th number is a hash of n, so that random numbers can be drawn in any order
/// (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
/// </summary>
public static class SplitMix64
{
    /// <summary>The step from one state to the next: 2⁶⁴ over the golden ratio, odd.</summary>
    public const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    /// <summary>The finaliser: the random bits of a state.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>The n-th number: the finaliser of n steps.</summary>
    public static ulong Hash(ulong n) => Mix(n * GoldenGamma);
}
