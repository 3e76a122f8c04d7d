using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Complex transforms of 8, 16, 24, 32, 48 or 64 points in one dimension, of sixteen channels at once: at most two steps of butterflies,
/// with twiddle factors between them (Cooley and Tukey 1965).
/// </summary>
internal static unsafe class FourierTransform
{
    /// <summary>Floats of a twiddle factor c − i·s: c, s, −s and one of no use.</summary>
    public const int TwiddleLength = 4;

    private static readonly float[] Of2And8 = Twiddles(2, 8);
    private static readonly float[] Of3And8 = Twiddles(3, 8);
    private static readonly float[] Of4And8 = Twiddles(4, 8);
    private static readonly float[] Of6And8 = Twiddles(6, 8);
    private static readonly float[] Of8And2 = Twiddles(8, 2);
    private static readonly float[] Of8And3 = Twiddles(8, 3);
    private static readonly float[] Of8And4 = Twiddles(8, 4);
    private static readonly float[] Of8And6 = Twiddles(8, 6);
    private static readonly float[] Of8And8 = Twiddles(8, 8);

    /// <summary>
    /// X[k] = Σ x[n] e^(−2πi·nk/length), without a factor, for x of any line. The inverse, without a factor, takes exchanged lines.
    /// </summary>
    /// <param name="length">8, 16, 24, 32, 48 or 64.</param>
    /// <param name="from">x.</param>
    /// <param name="to">X, a line without groups; it may be x.</param>
    /// <param name="half">Room for as many complex vectors.</param>
    public static void Run<T>(int length, ComplexLine from, ComplexLine to, float* half) where T : unmanaged, ILanes<T>
    {
        switch (length)
        {
            case 8: Eight<T, PlainStore>(from, to); break;
            case 16: TwoSteps<T, Butterfly2, Butterfly8, PlainStore>(from, to, Of2And8, half); break;
            case 24: TwoSteps<T, Butterfly3, Butterfly8, PlainStore>(from, to, Of3And8, half); break;
            case 32: TwoSteps<T, Butterfly4, Butterfly8, PlainStore>(from, to, Of4And8, half); break;
            case 48: TwoSteps<T, Butterfly6, Butterfly8, PlainStore>(from, to, Of6And8, half); break;
            default: TwoSteps<T, Butterfly8, Butterfly8, PlainStore>(from, to, Of8And8, half); break;
        }
    }

    /// <summary>The same from a line without groups to one with groups.</summary>
    /// <param name="length">8, 16, 24, 32, 48 or 64.</param>
    /// <param name="from">x, a line without groups.</param>
    /// <param name="to">X.</param>
    /// <param name="half">Room for as many complex vectors.</param>
    public static void RunToGroups<T, TStore>(int length, ComplexLine from, ComplexLine to, float* half)
        where T : unmanaged, ILanes<T> where TStore : IComplexStore
    {
        switch (length)
        {
            case 8: Eight<T, TStore>(from, to); break;
            case 16: TwoSteps<T, Butterfly8, Butterfly2, TStore>(from, to, Of8And2, half); break;
            case 24: TwoSteps<T, Butterfly8, Butterfly3, TStore>(from, to, Of8And3, half); break;
            case 32: TwoSteps<T, Butterfly8, Butterfly4, TStore>(from, to, Of8And4, half); break;
            case 48: TwoSteps<T, Butterfly8, Butterfly6, TStore>(from, to, Of8And6, half); break;
            default: TwoSteps<T, Butterfly8, Butterfly8, TStore>(from, to, Of8And8, half); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight<T, TStore>(ComplexLine from, ComplexLine to) where T : unmanaged, ILanes<T> where TStore : IComplexStore =>
        Butterfly8.Run<T, TStore>(from, to, null);

    /// <summary>With n = n₁·b + n₂ and k = k₁ + a·k₂: a points for each n₂, turned by n₂·k₁, then b points for each k₁.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TwoSteps<T, TFirst, TSecond, TStore>(ComplexLine from, ComplexLine to, float[] twiddles, float* half)
        where T : unmanaged, ILanes<T> where TFirst : IButterfly where TSecond : IButterfly where TStore : IComplexStore
    {
        var between = new ComplexLine(half, 2 * Layout.Block);
        FirstStep<T, TFirst, TSecond>(from, between, twiddles);
        SecondStep<T, TFirst, TSecond, TStore>(between, to);
    }

    // The steps are methods of their own, as the JIT keeps in registers no more than so many numbers of one method.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void FirstStep<T, TFirst, TSecond>(ComplexLine from, ComplexLine to, float[] twiddles)
        where T : unmanaged, ILanes<T> where TFirst : IButterfly where TSecond : IButterfly
    {
        fixed (float* factors = twiddles)
        {
            for (var n = 0; n < TSecond.Length; n++)
                TFirst.Run<T, TwiddledStore>(
                    from.From(n, TSecond.Length), to.From(n * TFirst.Length, 1), factors + n * TFirst.Length * TwiddleLength);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void SecondStep<T, TFirst, TSecond, TStore>(ComplexLine from, ComplexLine to)
        where T : unmanaged, ILanes<T> where TFirst : IButterfly where TSecond : IButterfly where TStore : IComplexStore
    {
        for (var k = 0; k < TFirst.Length; k++)
            TSecond.Run<T, TStore>(from.From(k, TFirst.Length), to.From(k, TFirst.Length), null);
    }

    private static float[] Twiddles(int first, int second)
    {
        var factors = new float[first * second * TwiddleLength];
        for (var n = 0; n < second; n++)
        {
            for (var k = 0; k < first; k++)
            {
                var (sin, cos) = Math.SinCos(2 * Math.PI * n * k / (first * second));
                var factor = factors.AsSpan((n * first + k) * TwiddleLength);
                (factor[0], factor[1], factor[2]) = ((float)cos, (float)sin, (float)-sin);
            }
        }

        return factors;
    }
}
