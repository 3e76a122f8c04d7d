using System.Runtime.CompilerServices;

namespace Dst.Kernels;

/// <summary>Checks of arguments at the public entries; the loops inside trust them.</summary>
internal static class Check
{
    /// <summary>Requires 0 or more images, and 1 or more channels and pixels.</summary>
    public static void Images(int images, int channels, int pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(images);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pixels, 1);
    }

    /// <summary>Requires the expected number of elements.</summary>
    public static void Length<T>(ReadOnlySpan<T> values, int expected, [CallerArgumentExpression(nameof(values))] string? name = null)
    {
        if (values.Length != expected) throw new ArgumentException($"{values.Length} elements; {expected} were expected", name);
    }
}
