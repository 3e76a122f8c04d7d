using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// e^x = 2^n · e^r, where n is the whole number next to x / ln 2, so that |r| is at most ln 2 / 2.
/// The Taylor polynomial of degree 7 for e^r gives a relative error below 3e-7.
/// </summary>
internal static class Exponential
{
    /// <summary>The first twelve bits of ln 2, whose multiples are exact, and the rest.</summary>
    private const float UpperLn2 = 0.693359375f;
    private const float LowerLn2 = (float)(0.69314718055994531 - UpperLn2);

    /// <summary>1.5 · 2^23: adding and then subtracting it rounds to a whole number.</summary>
    private const float Rounder = 12582912;

    /// <summary>Arguments below and above which the result is 0 or infinite.</summary>
    private const float Least = -104;
    private const float Most = 89;

    /// <summary>Lane by lane; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x) where T : unmanaged, ILanes<T>
    {
        x = T.Clip(x, T.Broadcast(Least), T.Broadcast(Most));
        var n = Round(T.Multiply(x, T.Broadcast((float)(1 / 0.69314718055994531))));
        var r = T.MultiplyAdd(n, T.Broadcast(-LowerLn2), T.MultiplyAdd(n, T.Broadcast(-UpperLn2), x));
        var sum = T.MultiplyAdd(r, T.Broadcast(1 / 5040f), T.Broadcast(1 / 720f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(1 / 120f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(1 / 24f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(1 / 6f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(1 / 2f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(1));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(1));
        // Two factors, because 2^n itself may lie outside the range of floats.
        var half = Round(T.Multiply(n, T.Broadcast(0.5f)));
        return T.Multiply(T.Multiply(sum, T.PowerOfTwo(half)), T.PowerOfTwo(T.Subtract(n, half)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Round<T>(T x) where T : unmanaged, ILanes<T> => T.Subtract(T.Add(x, T.Broadcast(Rounder)), T.Broadcast(Rounder));
}
