using System.Runtime.CompilerServices;

namespace Dst.Kernels;

/// <summary>Checks of arguments at the public entries; the loops inside trust them.</summary>
internal static class Check
{
    /// <summary>A run of blocked images: none is allowed, channels and pixels are at least one.</summary>
    public static void Images(int images, int channels, int pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(images);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pixels, 1);
    }

    /// <summary>An array has the expected number of elements.</summary>
    public static void Length<T>(ReadOnlySpan<T> values, int expected, [CallerArgumentExpression(nameof(values))] string? name = null)
    {
        if (values.Length != expected) throw new ArgumentException($"{values.Length} elements; {expected} were expected", name);
    }
}
