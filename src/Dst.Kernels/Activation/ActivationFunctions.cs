using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>y = f(x) and its slope f′(x), in double for one channel and on the lanes of the block that begins with a channel.</summary>
internal interface IActivation
{
    double Value(double x, int channel);

    T Value<T>(T x, int channel) where T : unmanaged, ILanes<T>;

    /// <summary>f′(x), from x or from y = f(x), whichever is cheaper; finite where both are.</summary>
    double Slope(double x, double y, int channel);

    T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T>;
}

/// <summary>A function with a factor for each channel; its derivative with respect to that factor depends on x alone.</summary>
internal interface IParametricActivation : IActivation
{
    static abstract double ParameterSlope(double x);

    static abstract T ParameterSlope<T>(T x) where T : unmanaged, ILanes<T>;
}

internal readonly struct SigmoidFunction : IActivation
{
    public double Value(double x, int channel) => 1 / (1 + Math.Exp(-x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T>
    {
        var one = T.Broadcast(1);
        return T.Divide(one, T.Add(one, Exponential.Of(T.Subtract(T.Zero, x))));
    }

    public double Slope(double x, double y, int channel) => y * (1 - y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T> => T.Multiply(y, T.Subtract(T.Broadcast(1), y));
}

internal readonly struct TanhFunction : IActivation
{
    /// <summary>Below it 1 − 2 / (e^2x + 1) would lose digits, and four terms of the continued fraction are exact to 1e-8.</summary>
    private const float Small = 0.75f;

    public double Value(double x, int channel) => Math.Tanh(x);

    /// <summary>Where |x| is small Lambert's continued fraction x / (1 + x² / (3 + x² / (5 + x² / (7 + x² / 9)))), as a quotient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T>
    {
        T one = T.Broadcast(1), two = T.Broadcast(2), square = T.Multiply(x, x);
        var above = T.MultiplyAdd(T.Add(square, T.Broadcast(105)), square, T.Broadcast(945));
        var below = T.MultiplyAdd(T.MultiplyAdd(square, T.Broadcast(15), T.Broadcast(420)), square, T.Broadcast(945));
        var small = T.Divide(T.Multiply(x, above), below);
        var large = T.Subtract(one, T.Divide(two, T.Add(Exponential.Of(T.Multiply(two, x)), one)));
        return T.SelectPositive(T.Subtract(T.Broadcast(Small * Small), square), small, large);
    }

    public double Slope(double x, double y, int channel) => 1 - y * y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T> => T.Subtract(T.Broadcast(1), T.Multiply(y, y));
}

internal readonly struct HardSigmoidFunction(float alpha, float beta) : IActivation
{
    public double Value(double x, int channel) => Math.Clamp(alpha * x + beta, 0, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T> => T.Clip(Line(x), T.Zero, T.Broadcast(1));

    public double Slope(double x, double y, int channel) => alpha * x + beta is > 0 and < 1 ? alpha : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T>
    {
        var line = Line(x);
        return T.WherePositive(line, T.WherePositive(T.Subtract(T.Broadcast(1), line), T.Broadcast(alpha)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T Line<T>(T x) where T : unmanaged, ILanes<T> => T.MultiplyAdd(x, T.Broadcast(alpha), T.Broadcast(beta));
}

internal readonly struct HardSwishFunction : IActivation
{
    private static HardSigmoidFunction Gate => new(1 / 6f, 0.5f);

    public double Value(double x, int channel) => x * Math.Clamp(x / 6 + 0.5, 0, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T> => T.Multiply(x, Gate.Value(x, channel));

    public double Slope(double x, double y, int channel) => x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T> =>
        T.MultiplyAdd(x, Gate.Slope(x, y, channel), Gate.Value(x, channel));
}

internal readonly struct ClipFunction(float least, float most) : IActivation
{
    public double Value(double x, int channel) => Math.Clamp(x, least, most);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T> => T.Clip(x, T.Broadcast(least), T.Broadcast(most));

    public double Slope(double x, double y, int channel) => x > least && x < most ? 1 : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T> =>
        T.WherePositive(T.Subtract(x, T.Broadcast(least)), T.WherePositive(T.Subtract(T.Broadcast(most), x), T.Broadcast(1)));
}

internal readonly struct LeakyReluFunction(float slope) : IActivation
{
    public double Value(double x, int channel) => x > 0 ? x : slope * x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T> => T.SelectPositive(x, x, T.Multiply(x, T.Broadcast(slope)));

    public double Slope(double x, double y, int channel) => x > 0 ? 1 : slope;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T> => T.SelectPositive(x, T.Broadcast(1), T.Broadcast(slope));
}

internal readonly unsafe struct PReluFunction(float* slopes) : IParametricActivation
{
    public double Value(double x, int channel) => x > 0 ? x : slopes[channel] * x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T> => T.SelectPositive(x, x, T.Multiply(x, T.Load(slopes + channel)));

    public double Slope(double x, double y, int channel) => x > 0 ? 1 : slopes[channel];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T> =>
        T.SelectPositive(x, T.Broadcast(1), T.Load(slopes + channel));

    public static double ParameterSlope(double x) => Math.Min(x, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ParameterSlope<T>(T x) where T : unmanaged, ILanes<T> => T.Subtract(x, T.Max(x, T.Zero));
}

internal readonly unsafe struct AffineFunction(float* weights, float* biases) : IParametricActivation
{
    public double Value(double x, int channel) => weights[channel] * x + biases[channel];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T> =>
        T.MultiplyAdd(x, T.Load(weights + channel), T.Load(biases + channel));

    public double Slope(double x, double y, int channel) => weights[channel];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T> => T.Load(weights + channel);

    public static double ParameterSlope(double x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ParameterSlope<T>(T x) where T : unmanaged, ILanes<T> => x;
}
