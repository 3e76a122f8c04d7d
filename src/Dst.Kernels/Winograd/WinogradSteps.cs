using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Bᵀ: inputs d to the products' inputs. The row of a point p has the coefficients of M(x) / (x − p), where M(x) = x ∏ (x² − q²) over the
/// pairs, and that of infinity those of M(x).
/// </summary>
internal readonly unsafe struct InputStep<T, TForm> : IWinogradStep<T>
    where T : unmanaged, ILanes<T>
    where TForm : IWinogradForm
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => WinogradPoints<TForm>.Count;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => WinogradPoints<TForm>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        T even0 = T.Load(source), odd0 = T.Load(source + sourcePitch), even1 = T.Load(source + 2 * sourcePitch), odd1 = T.Load(source + 3 * sourcePitch);
        T even2 = T.Zero, odd2 = T.Zero, even3 = T.Zero, odd3 = T.Zero;
        if (In > 4) (even2, odd2) = (T.Load(source + 4 * sourcePitch), T.Load(source + 5 * sourcePitch));
        if (In > 6) (even3, odd3) = (T.Load(source + 6 * sourcePitch), T.Load(source + 7 * sourcePitch));
        T.Store(destination, Product(-1, even0, even1, even2, even3));
        StorePair(0, Product(0, even1, even2, even3, T.Zero), Product(0, odd0, odd1, odd2, T.Zero), destination + pitch, pitch);
        if (Out > 4) StorePair(1, Product(1, even1, even2, even3, T.Zero), Product(1, odd0, odd1, odd2, T.Zero), destination + 3 * pitch, pitch);
        if (Out > 6) StorePair(2, Product(2, even1, even2, even3, T.Zero), Product(2, odd0, odd1, odd2, T.Zero), destination + 5 * pitch, pitch);
        T.Store(destination + (Out - 1) * pitch, Product(-1, odd0, odd1, odd2, odd3));
    }

    /// <summary>The inputs times the coefficients of the product of (x² − q²) over all pairs but one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Product(int without, T a, T b, T c, T d) => Terms<T>.Sum(
        WinogradPoints<TForm>.Coefficient(without, 0), a, WinogradPoints<TForm>.Coefficient(without, 1), b,
        WinogradPoints<TForm>.Coefficient(without, 2), c, WinogradPoints<TForm>.Coefficient(without, 3), d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair(int pair, T even, T odd, float* destination, nint pitch)
    {
        T.Store(destination, Terms<T>.Plus(even, WinogradPoints<TForm>.Point(pair), odd));
        T.Store(destination + pitch, Terms<T>.Plus(even, -WinogradPoints<TForm>.Point(pair), odd));
    }
}

/// <summary>B: the transpose of <see cref="InputStep{T, TForm}"/>.</summary>
internal readonly unsafe struct InputGradientStep<T, TForm> : IWinogradStep<T>
    where T : unmanaged, ILanes<T>
    where TForm : IWinogradForm
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => WinogradPoints<TForm>.Count;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => WinogradPoints<TForm>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        T zero = T.Load(source), infinity = T.Load(source + (In - 1) * sourcePitch);
        var (even0, odd0) = PointPair<T>.Load(source + sourcePitch, sourcePitch);
        T even1 = T.Zero, odd1 = T.Zero, even2 = T.Zero, odd2 = T.Zero;
        if (In > 4) (even1, odd1) = PointPair<T>.Load(source + 3 * sourcePitch, sourcePitch);
        if (In > 6) (even2, odd2) = PointPair<T>.Load(source + 5 * sourcePitch, sourcePitch);
        odd1 = Terms<T>.Times(WinogradPoints<TForm>.Point(1), odd1);
        odd2 = Terms<T>.Times(WinogradPoints<TForm>.Point(2), odd2);
        T.Store(destination, Power(0, zero, even0, even1, even2, -1));
        T.Store(destination + pitch, Power(0, infinity, odd0, odd1, odd2, 0));
        T.Store(destination + 2 * pitch, Power(1, zero, even0, even1, even2, 0));
        T.Store(destination + 3 * pitch, Power(1, infinity, odd0, odd1, odd2, 1));
        if (Out > 4) T.Store(destination + 4 * pitch, Power(2, zero, even0, even1, even2, 1));
        if (Out > 4) T.Store(destination + 5 * pitch, Power(2, infinity, odd0, odd1, odd2, 2));
        if (Out > 6) T.Store(destination + 6 * pitch, Power(3, zero, even0, even1, even2, 2));
        if (Out > 6) T.Store(destination + 7 * pitch, Power(3, infinity, odd0, odd1, odd2, 3));
    }

    /// <summary>What reads one power of x: all pairs' product at <paramref name="k"/>, and the product of all pairs but one at <paramref name="ofPairs"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Power(int k, T all, T first, T second, T third, int ofPairs) => Terms<T>.Sum(
        WinogradPoints<TForm>.Coefficient(2, ofPairs), third, WinogradPoints<TForm>.Coefficient(1, ofPairs), second,
        WinogradPoints<TForm>.Coefficient(0, ofPairs), first, WinogradPoints<TForm>.Coefficient(-1, k), all);
}

/// <summary>A, or G: coefficients of a polynomial to its values at the points of a form, over the points' norms if they are weights.</summary>
internal readonly unsafe struct EvaluateStep<T, TForm, TSide> : IWinogradStep<T>
    where T : unmanaged, ILanes<T>
    where TForm : IWinogradForm
    where TSide : IWinogradSide
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSide.Coefficients;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => WinogradPoints<TForm>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        T c0 = T.Load(source), c1 = T.Load(source + sourcePitch), c2 = T.Zero, c3 = T.Zero, c4 = T.Zero, c5 = T.Zero;
        if (In > 2) c2 = T.Load(source + 2 * sourcePitch);
        if (In > 3) c3 = T.Load(source + 3 * sourcePitch);
        if (In > 4) c4 = T.Load(source + 4 * sourcePitch);
        if (In > 5) c5 = T.Load(source + 5 * sourcePitch);
        T.Store(destination, Terms<T>.Times(SidePoints<TForm, TSide>.FactorOfZero, c0));
        StorePair(Even(0, c0, c2, c4), Odd(0, c1, c3, c5), destination + pitch, pitch);
        if (Out > 4) StorePair(Even(1, c0, c2, c4), Odd(1, c1, c3, c5), destination + 3 * pitch, pitch);
        if (Out > 6) StorePair(Even(2, c0, c2, c4), Odd(2, c1, c3, c5), destination + 5 * pitch, pitch);
        T.Store(destination + (Out - 1) * pitch, T.Load(source + (In - 1) * sourcePitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Even(int pair, T a, T b, T c) => Terms<T>.Sum(
        SidePoints<TForm, TSide>.Factor(pair, 4), c, SidePoints<TForm, TSide>.Factor(pair, 2), b, SidePoints<TForm, TSide>.Factor(pair, 0), a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Odd(int pair, T a, T b, T c) => Terms<T>.Sum(
        SidePoints<TForm, TSide>.Factor(pair, 5), c, SidePoints<TForm, TSide>.Factor(pair, 3), b, SidePoints<TForm, TSide>.Factor(pair, 1), a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair(T even, T odd, float* destination, nint pitch)
    {
        T.Store(destination, T.Add(even, odd));
        T.Store(destination + pitch, T.Subtract(even, odd));
    }
}

/// <summary>Aᵀ, or Gᵀ: the transpose of <see cref="EvaluateStep{T, TForm, TSide}"/>.</summary>
internal readonly unsafe struct EvaluateTransposedStep<T, TForm, TSide> : IWinogradStep<T>
    where T : unmanaged, ILanes<T>
    where TForm : IWinogradForm
    where TSide : IWinogradSide
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => WinogradPoints<TForm>.Count;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSide.Coefficients;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        T zero = T.Load(source), infinity = T.Load(source + (In - 1) * sourcePitch);
        var (even0, odd0) = PointPair<T>.Load(source + sourcePitch, sourcePitch);
        T even1 = T.Zero, odd1 = T.Zero, even2 = T.Zero, odd2 = T.Zero;
        if (In > 4) (even1, odd1) = PointPair<T>.Load(source + 3 * sourcePitch, sourcePitch);
        if (In > 6) (even2, odd2) = PointPair<T>.Load(source + 5 * sourcePitch, sourcePitch);
        T.Store(destination, Terms<T>.Plus(Sum(0, even0, even1, even2), SidePoints<TForm, TSide>.FactorOfZero, zero));
        StoreSum(1, odd0, odd1, odd2, infinity, destination + pitch);
        if (Out > 2) StoreSum(2, even0, even1, even2, infinity, destination + 2 * pitch);
        if (Out > 3) StoreSum(3, odd0, odd1, odd2, infinity, destination + 3 * pitch);
        if (Out > 4) StoreSum(4, even0, even1, even2, infinity, destination + 4 * pitch);
        if (Out > 5) StoreSum(5, odd0, odd1, odd2, infinity, destination + 5 * pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Sum(int power, T first, T second, T third) => Terms<T>.Sum(
        SidePoints<TForm, TSide>.Factor(2, power), third, SidePoints<TForm, TSide>.Factor(1, power), second, SidePoints<TForm, TSide>.Factor(0, power), first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSum(int power, T first, T second, T third, T infinity, float* destination)
    {
        var sum = Sum(power, first, second, third);
        T.Store(destination, power == Out - 1 ? T.Add(sum, infinity) : sum);
    }
}

/// <summary>The values at a pair of points ±p.</summary>
internal static unsafe class PointPair<T> where T : unmanaged, ILanes<T>
{
    /// <summary>Their sum, the factor of even powers, and their difference, that of odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (T Sum, T Difference) Load(float* source, nint pitch)
    {
        T positive = T.Load(source), negative = T.Load(source + pitch);
        return (T.Add(positive, negative), T.Subtract(positive, negative));
    }
}

/// <summary>Sums with constant factors: a term with a factor of zero costs nothing, one of ±1 no multiplication.</summary>
internal static class Terms<T> where T : unmanaged, ILanes<T>
{
    /// <summary>factor · value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Times(float factor, T value) => factor == 1 ? value : T.Multiply(T.Broadcast(factor), value);

    /// <summary>sum + factor · value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Plus(T sum, float factor, T value)
    {
        if (factor == 0) return sum;
        if (factor == 1) return T.Add(sum, value);
        if (factor == -1) return T.Subtract(sum, value);
        return T.MultiplyAdd(T.Broadcast(factor), value, sum);
    }

    /// <summary>The sum of three terms, added from the last that there is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(float factorA, T a, float factorB, T b, float factorC, T c)
    {
        if (factorC != 0) return Plus(Plus(Times(factorC, c), factorB, b), factorA, a);
        if (factorB != 0) return Plus(Times(factorB, b), factorA, a);
        return Times(factorA, a);
    }

    /// <summary>The sum of four terms, added from the last that there is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(float factorA, T a, float factorB, T b, float factorC, T c, float factorD, T d) =>
        factorD == 0 ? Sum(factorA, a, factorB, b, factorC, c) : Plus(Plus(Plus(Times(factorD, d), factorC, c), factorB, b), factorA, a);
}
