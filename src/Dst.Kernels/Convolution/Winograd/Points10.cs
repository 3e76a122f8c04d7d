using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The points 0, ±1, ±2, ±½, ±¾ and infinity. Of the simple fractions, ¾ rounds least.</summary>
internal readonly unsafe struct Points10<T> : IWinogradPoints<T> where T : unmanaged, ILanes<T>
{
    private const float ThreeQuarters = 0.75f;
    private const float ScaleOfZero = 16f / 9;
    private const float ScaleOfOne = -32f / 63;
    private const float ScaleOfTwo = 1 / 309.375f;
    private const float ScaleOfHalf = -1 / 0.439453125f;
    private const float ScaleOfThreeQuarters = 1 / 0.528717041015625f;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 10;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var odd = new Four(source + sourcePitch, 2 * sourcePitch);
        var even = new Four(source + 2 * sourcePitch, 2 * sourcePitch);
        T.Store(destination, T.MultiplyAdd(T.Broadcast(0.5625f), T.Load(source), even.Sum(-3.953125f, 8.203125f, -5.8125f)));
        InputPair(1, even.Sum(-0.5625f, 3.390625f, -4.8125f), odd.Sum(-0.5625f, 3.390625f, -4.8125f), destination + pitch, pitch);
        InputPair(2, even.Sum(-0.140625f, 0.953125f, -1.8125f), odd.Sum(-0.140625f, 0.953125f, -1.8125f), destination + 3 * pitch, pitch);
        InputPair(0.5f, even.Sum(-2.25f, 6.8125f, -5.5625f), odd.Sum(-2.25f, 6.8125f, -5.5625f), destination + 5 * pitch, pitch);
        InputPair(ThreeQuarters, even.Sum(-1, 5.25f, -5.25f), odd.Sum(-1, 5.25f, -5.25f), destination + 7 * pitch, pitch);
        T.Store(destination + 9 * pitch, T.Add(odd.Sum(0.5625f, -3.953125f, 8.203125f, -5.8125f), T.Load(source + 9 * sourcePitch)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InputGradient(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        T zero = T.Load(source), infinity = T.Load(source + 9 * sourcePitch);
        var (even, odd) = Pairs(source + sourcePitch, sourcePitch, 1, 1, 1, 1);
        odd = odd.Times(1, 2, 0.5f, ThreeQuarters);
        T.Store(destination, T.Multiply(T.Broadcast(0.5625f), zero));
        T.Store(destination + pitch, T.MultiplyAdd(T.Broadcast(0.5625f), infinity, First(odd)));
        T.Store(destination + 2 * pitch, T.MultiplyAdd(T.Broadcast(-3.953125f), zero, First(even)));
        T.Store(destination + 3 * pitch, T.MultiplyAdd(T.Broadcast(-3.953125f), infinity, Second(odd)));
        T.Store(destination + 4 * pitch, T.MultiplyAdd(T.Broadcast(8.203125f), zero, Second(even)));
        T.Store(destination + 5 * pitch, T.MultiplyAdd(T.Broadcast(8.203125f), infinity, Third(odd)));
        T.Store(destination + 6 * pitch, T.MultiplyAdd(T.Broadcast(-5.8125f), zero, Third(even)));
        T.Store(destination + 7 * pitch, T.MultiplyAdd(T.Broadcast(-5.8125f), infinity, odd.Sum(1, 1, 1, 1)));
        T.Store(destination + 8 * pitch, T.Add(zero, even.Sum(1, 1, 1, 1)));
        T.Store(destination + 9 * pitch, infinity);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate<TSide>(float* source, nint sourcePitch, float* destination, nint pitch) where TSide : IWinogradSide
    {
        var c0 = T.Load(source);
        T.Store(destination, TSide.IsScaled ? T.Multiply(T.Broadcast(ScaleOfZero), c0) : c0);
        EvaluatePair<TSide>(1, ScaleOfOne, source, sourcePitch, destination + pitch, pitch);
        EvaluatePair<TSide>(2, ScaleOfTwo, source, sourcePitch, destination + 3 * pitch, pitch);
        EvaluatePair<TSide>(0.5f, ScaleOfHalf, source, sourcePitch, destination + 5 * pitch, pitch);
        EvaluatePair<TSide>(ThreeQuarters, ScaleOfThreeQuarters, source, sourcePitch, destination + 7 * pitch, pitch);
        T.Store(destination + 9 * pitch, T.Load(source + (TSide.Coefficients - 1) * sourcePitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void EvaluateTransposed<TSide>(float* source, nint sourcePitch, float* destination, nint pitch)
        where TSide : IWinogradSide
    {
        T zero = T.Load(source), infinity = T.Load(source + 9 * sourcePitch);
        if (TSide.IsScaled) zero = T.Multiply(T.Broadcast(ScaleOfZero), zero);
        var (even, odd) = TSide.IsScaled
            ? Pairs(source + sourcePitch, sourcePitch, ScaleOfOne, ScaleOfTwo, ScaleOfHalf, ScaleOfThreeQuarters)
            : Pairs(source + sourcePitch, sourcePitch, 1, 1, 1, 1);
        odd = odd.Times(1, 2, 0.5f, ThreeQuarters);
        T.Store(destination, T.Add(zero, even.Sum(1, 1, 1, 1)));
        T.Store(destination + pitch, odd.Sum(1, 1, 1, 1));
        var second = Squares(even);
        T.Store(destination + 2 * pitch, TSide.Coefficients == 3 ? T.Add(second, infinity) : second);
        if (TSide.Coefficients == 3) return;
        T.Store(destination + 3 * pitch, Squares(odd));
        T.Store(destination + 4 * pitch, even.Sum(1, 16, 0.0625f, 0.31640625f));
        T.Store(destination + 5 * pitch, odd.Sum(1, 16, 0.0625f, 0.31640625f));
        T.Store(destination + 6 * pitch, even.Sum(1, 64, 0.015625f, 0.177978515625f));
        T.Store(destination + 7 * pitch, T.Add(infinity, odd.Sum(1, 64, 0.015625f, 0.177978515625f)));
    }

    /// <summary>The values at ±<paramref name="point"/> of a polynomial; its odd part is divided by the point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InputPair(float point, T even, T odd, float* destination, nint pitch)
    {
        T.Store(destination, T.MultiplyAdd(T.Broadcast(point), odd, even));
        T.Store(destination + pitch, T.MultiplyAdd(T.Broadcast(-point), odd, even));
    }

    /// <summary>3 or 8 coefficients at ±<paramref name="point"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void EvaluatePair<TSide>(float point, float scale, float* source, nint sourcePitch, float* destination, nint pitch)
        where TSide : IWinogradSide
    {
        var square = T.Broadcast(point * point);
        T even = T.Load(source + 2 * sourcePitch), odd = T.Load(source + sourcePitch);
        if (TSide.Coefficients > 3)
        {
            var upper = T.MultiplyAdd(square, T.Load(source + 6 * sourcePitch), T.Load(source + 4 * sourcePitch));
            even = T.MultiplyAdd(square, upper, even);
            upper = T.MultiplyAdd(square, T.Load(source + 7 * sourcePitch), T.Load(source + 5 * sourcePitch));
            odd = T.MultiplyAdd(square, T.MultiplyAdd(square, upper, T.Load(source + 3 * sourcePitch)), odd);
        }

        even = T.MultiplyAdd(square, even, T.Load(source));
        if (TSide.IsScaled) (even, odd) = (T.Multiply(T.Broadcast(scale), even), T.Multiply(T.Broadcast(scale), odd));
        InputPair(point, even, odd, destination, pitch);
    }

    /// <summary>Sums and differences of the values at ±1, ±2, ±½ and ±¾, scaled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Four Sums, Four Differences) Pairs(float* source, nint pitch, float one, float two, float half, float threeQuarters)
    {
        Four plus = new(source, 2 * pitch), minus = new(source + pitch, 2 * pitch);
        return (plus.Plus(minus).Times(one, two, half, threeQuarters), plus.Minus(minus).Times(one, two, half, threeQuarters));
    }

    // The columns of the coefficients in Input.

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T First(in Four pairs) => pairs.Sum(-0.5625f, -0.140625f, -2.25f, -1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Second(in Four pairs) => pairs.Sum(3.390625f, 0.953125f, 6.8125f, 5.25f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Third(in Four pairs) => pairs.Sum(-4.8125f, -1.8125f, -5.5625f, -5.25f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Squares(in Four pairs) => pairs.Sum(1, 4, 0.25f, 0.5625f);

    /// <summary>Four vectors.</summary>
    private readonly struct Four(T a, T b, T c, T d)
    {
        private readonly T _a = a;
        private readonly T _b = b;
        private readonly T _c = c;
        private readonly T _d = d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Four(float* source, nint pitch)
            : this(T.Load(source), T.Load(source + pitch), T.Load(source + 2 * pitch), T.Load(source + 3 * pitch))
        {
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Four Plus(in Four o) => new(T.Add(_a, o._a), T.Add(_b, o._b), T.Add(_c, o._c), T.Add(_d, o._d));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Four Minus(in Four o) => new(T.Subtract(_a, o._a), T.Subtract(_b, o._b), T.Subtract(_c, o._c), T.Subtract(_d, o._d));

        /// <summary>Factors of 1 cost nothing.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Four Times(float a, float b, float c, float d) => new(Times(a, _a), Times(b, _b), Times(c, _c), Times(d, _d));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Sum(float a, float b, float c, float d) => Add(a, _a, Add(b, _b, Add(c, _c, Times(d, _d))));

        /// <summary>The same with a last factor of 1.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Sum(float a, float b, float c) => Sum(a, b, c, 1);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T Times(float factor, T value) => factor == 1 ? value : T.Multiply(T.Broadcast(factor), value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T Add(float factor, T value, T sum) =>
            factor == 1 ? T.Add(value, sum) : T.MultiplyAdd(T.Broadcast(factor), value, sum);
    }
}
