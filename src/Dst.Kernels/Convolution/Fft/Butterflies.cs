using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>What becomes of the results of a butterfly.</summary>
internal unsafe interface IComplexStore
{
    /// <summary>Writes element <paramref name="i"/>.</summary>
    /// <param name="line">Destination.</param>
    /// <param name="i">Element.</param>
    /// <param name="value">Its value.</param>
    /// <param name="twiddles">Twiddle factors of this butterfly, or null.</param>
    static abstract void Store<T>(ComplexLine line, int i, ComplexLanes<T> value, float* twiddles) where T : unmanaged, ILanes<T>;
}

/// <summary>Results are written as they are.</summary>
internal readonly unsafe struct PlainStore : IComplexStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(ComplexLine line, int i, ComplexLanes<T> value, float* twiddles) where T : unmanaged, ILanes<T> =>
        line.Store(i, value);
}

/// <summary>Results are turned by their twiddle factors.</summary>
internal readonly unsafe struct TwiddledStore : IComplexStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(ComplexLine line, int i, ComplexLanes<T> value, float* twiddles) where T : unmanaged, ILanes<T> =>
        line.Store(i, i == 0 ? value : value.Times(twiddles + i * FourierTransform.TwiddleLength));
}

/// <summary>The sum of the real and the imaginary part follows them, for products of three multiplications.</summary>
internal readonly unsafe struct SpectrumStore : IComplexStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(ComplexLine line, int i, ComplexLanes<T> value, float* twiddles) where T : unmanaged, ILanes<T>
    {
        line.Store(i, value);
        T.Store(line.Re(i) + 2 * Layout.Block, T.Add(value.Re, value.Im));
    }
}

/// <summary>A small transform in registers.</summary>
internal unsafe interface IButterfly
{
    /// <summary>Its length.</summary>
    static abstract int Length { get; }

    /// <summary>X[k] = Σ x[n] e^(−2πi·nk/Length).</summary>
    static abstract void Run<T, TStore>(ComplexLine from, ComplexLine to, float* twiddles)
        where T : unmanaged, ILanes<T> where TStore : IComplexStore;
}

/// <summary>Two points.</summary>
internal readonly unsafe struct Butterfly2 : IButterfly
{
    public static int Length
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<T, TStore>(ComplexLine from, ComplexLine to, float* twiddles)
        where T : unmanaged, ILanes<T> where TStore : IComplexStore
    {
        ComplexLanes<T> x0 = from.Load<T>(0), x1 = from.Load<T>(1);
        TStore.Store(to, 0, x0 + x1, twiddles);
        TStore.Store(to, 1, x0 - x1, twiddles);
    }
}

/// <summary>Three points.</summary>
internal readonly unsafe struct Butterfly3 : IButterfly
{
    private const float SineOfThird = 0.866025404f;

    public static int Length
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<T, TStore>(ComplexLine from, ComplexLine to, float* twiddles)
        where T : unmanaged, ILanes<T> where TStore : IComplexStore
    {
        var (first, second, third) = Of(from.Load<T>(0), from.Load<T>(1), from.Load<T>(2));
        TStore.Store(to, 0, first, twiddles);
        TStore.Store(to, 1, second, twiddles);
        TStore.Store(to, 2, third, twiddles);
    }

    /// <summary>The transform of three numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (ComplexLanes<T> First, ComplexLanes<T> Second, ComplexLanes<T> Third) Of<T>(
        ComplexLanes<T> x0, ComplexLanes<T> x1, ComplexLanes<T> x2) where T : unmanaged, ILanes<T>
    {
        ComplexLanes<T> sum = x1 + x2, difference = x1 - x2;
        T half = T.Broadcast(-0.5f), sine = T.Broadcast(SineOfThird), minusSine = T.Broadcast(-SineOfThird);
        ComplexLanes<T> middle = new(T.MultiplyAdd(half, sum.Re, x0.Re), T.MultiplyAdd(half, sum.Im, x0.Im));
        return (
            x0 + sum,
            new(T.MultiplyAdd(sine, difference.Im, middle.Re), T.MultiplyAdd(minusSine, difference.Re, middle.Im)),
            new(T.MultiplyAdd(minusSine, difference.Im, middle.Re), T.MultiplyAdd(sine, difference.Re, middle.Im)));
    }
}

/// <summary>Four points.</summary>
internal readonly unsafe struct Butterfly4 : IButterfly
{
    public static int Length
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<T, TStore>(ComplexLine from, ComplexLine to, float* twiddles)
        where T : unmanaged, ILanes<T> where TStore : IComplexStore
    {
        ComplexLanes<T> x0 = from.Load<T>(0), x1 = from.Load<T>(1), x2 = from.Load<T>(2), x3 = from.Load<T>(3);
        ComplexLanes<T> s0 = x0 + x2, d0 = x0 - x2, s1 = x1 + x3, d1 = x1 - x3;
        TStore.Store(to, 0, s0 + s1, twiddles);
        TStore.Store(to, 1, ComplexLanes<T>.SubtractTurned(d0, d1), twiddles);
        TStore.Store(to, 2, s0 - s1, twiddles);
        TStore.Store(to, 3, ComplexLanes<T>.AddTurned(d0, d1), twiddles);
    }
}

/// <summary>
/// Six points: twice three and three times two, in an order of the elements that needs no twiddle factors (Good 1958, Thomas 1963).
/// </summary>
internal readonly unsafe struct Butterfly6 : IButterfly
{
    public static int Length
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<T, TStore>(ComplexLine from, ComplexLine to, float* twiddles)
        where T : unmanaged, ILanes<T> where TStore : IComplexStore
    {
        var (a0, a1, a2) = Butterfly3.Of(from.Load<T>(0), from.Load<T>(2), from.Load<T>(4));
        var (b0, b1, b2) = Butterfly3.Of(from.Load<T>(3), from.Load<T>(5), from.Load<T>(1));
        TStore.Store(to, 0, a0 + b0, twiddles);
        TStore.Store(to, 3, a0 - b0, twiddles);
        TStore.Store(to, 4, a1 + b1, twiddles);
        TStore.Store(to, 1, a1 - b1, twiddles);
        TStore.Store(to, 2, a2 + b2, twiddles);
        TStore.Store(to, 5, a2 - b2, twiddles);
    }
}

/// <summary>Eight points: four of the even and four of the odd elements, turned by eighths of a circle.</summary>
internal readonly unsafe struct Butterfly8 : IButterfly
{
    private const float HalfRoot = 0.707106781f;

    public static int Length
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<T, TStore>(ComplexLine from, ComplexLine to, float* twiddles)
        where T : unmanaged, ILanes<T> where TStore : IComplexStore
    {
        ComplexLanes<T> x0 = from.Load<T>(0), x4 = from.Load<T>(4), x2 = from.Load<T>(2), x6 = from.Load<T>(6);
        ComplexLanes<T> s0 = x0 + x4, d0 = x0 - x4, s1 = x2 + x6, d1 = x2 - x6;
        ComplexLanes<T> e0 = s0 + s1, e2 = s0 - s1;
        ComplexLanes<T> e1 = ComplexLanes<T>.SubtractTurned(d0, d1), e3 = ComplexLanes<T>.AddTurned(d0, d1);
        ComplexLanes<T> x1 = from.Load<T>(1), x5 = from.Load<T>(5), x3 = from.Load<T>(3), x7 = from.Load<T>(7);
        ComplexLanes<T> s2 = x1 + x5, d2 = x1 - x5, s3 = x3 + x7, d3 = x3 - x7;
        ComplexLanes<T> o0 = s2 + s3, o2 = s2 - s3;
        var o1 = TurnedByEighth(ComplexLanes<T>.SubtractTurned(d2, d3));
        var o3 = TurnedByEighth(ComplexLanes<T>.AddTurned(d2, d3));
        TStore.Store(to, 0, e0 + o0, twiddles);
        TStore.Store(to, 4, e0 - o0, twiddles);
        TStore.Store(to, 1, e1 + o1, twiddles);
        TStore.Store(to, 5, e1 - o1, twiddles);
        TStore.Store(to, 2, ComplexLanes<T>.SubtractTurned(e2, o2), twiddles);
        TStore.Store(to, 6, ComplexLanes<T>.AddTurned(e2, o2), twiddles);
        TStore.Store(to, 3, ComplexLanes<T>.SubtractTurned(e3, o3), twiddles);
        TStore.Store(to, 7, ComplexLanes<T>.AddTurned(e3, o3), twiddles);
    }

    /// <summary>x·(1 − i)/√2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ComplexLanes<T> TurnedByEighth<T>(ComplexLanes<T> x) where T : unmanaged, ILanes<T>
    {
        var scale = T.Broadcast(HalfRoot);
        return new(T.Multiply(scale, T.Add(x.Re, x.Im)), T.Multiply(scale, T.Subtract(x.Im, x.Re)));
    }
}
