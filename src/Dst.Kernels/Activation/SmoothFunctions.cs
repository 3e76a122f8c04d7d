using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>x / (1 + e^−x).</summary>
internal readonly struct SiluFunction : IActivation
{
    public double Value(double x, int channel) => x / (1 + Math.Exp(-x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T> => T.Multiply(x, default(SigmoidFunction).Value(x, channel));

    public double Slope(double x, double y, int channel)
    {
        var gate = 1 / (1 + Math.Exp(-x));
        return gate * (1 + x * (1 - gate));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T>
    {
        T one = T.Broadcast(1), gate = default(SigmoidFunction).Value(x, channel);
        return T.Multiply(gate, T.MultiplyAdd(x, T.Subtract(one, gate), one));
    }
}

/// <summary>x · tanh(ln(1 + e^x)) = x · n / (n + 2) with n = e^x · (e^x + 2).</summary>
internal readonly struct MishFunction : IActivation
{
    /// <summary>From here on the factor is 1 to rounding, and e^2x still is a number.</summary>
    private const float Largest = 20;

    public double Value(double x, int channel) => x * Math.Tanh(Softplus(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T>
    {
        var n = Numerator(PowerOf(x));
        return T.Multiply(x, T.Divide(n, T.Add(n, T.Broadcast(2))));
    }

    public double Slope(double x, double y, int channel)
    {
        var factor = Math.Tanh(Softplus(x));
        return factor + x * (1 - factor * factor) / (1 + Math.Exp(-x));
    }

    /// <summary>The derivative of the factor n / (n + 2) is 4 e^x (e^x + 1) / (n + 2)².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T>
    {
        var power = PowerOf(x);
        var n = Numerator(power);
        var below = T.Add(n, T.Broadcast(2));
        var slope = T.Divide(T.Multiply(T.Broadcast(4), T.MultiplyAdd(power, power, power)), T.Multiply(below, below));
        return T.MultiplyAdd(Bounded(x), slope, T.Divide(n, below));
    }

    private static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Bounded<T>(T x) where T : unmanaged, ILanes<T> => T.Clip(x, T.Broadcast(float.MinValue), T.Broadcast(Largest));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T PowerOf<T>(T x) where T : unmanaged, ILanes<T> => Exponential.Of(Bounded(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Numerator<T>(T power) where T : unmanaged, ILanes<T> => T.Multiply(power, T.Add(power, T.Broadcast(2)));
}

/// <summary>x where x &gt; 0, else alpha · (e^x − 1).</summary>
internal readonly struct EluFunction(float alpha) : IActivation
{
    public double Value(double x, int channel) => x > 0 ? x : alpha * (Math.Exp(x) - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T> =>
        T.SelectPositive(x, x, T.Multiply(T.Subtract(Exponential.Of(x), T.Broadcast(1)), T.Broadcast(alpha)));

    public double Slope(double x, double y, int channel) => x > 0 ? 1 : y + alpha;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T> =>
        T.SelectPositive(x, T.Broadcast(1), T.Add(y, T.Broadcast(alpha)));
}

/// <summary>x · Φ(x), where Φ(x) = (1 + erf(x / √2)) / 2.</summary>
internal readonly struct GeluFunction : IActivation
{
    /// <summary>1 / √(2π).</summary>
    private const double Density = 0.39894228040143268;

    public double Value(double x, int channel) => x == double.NegativeInfinity ? 0 : x * ErrorFunction.Normal(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T> => T.Multiply(x, ErrorFunction.Normal(x));

    public double Slope(double x, double y, int channel) => ErrorFunction.Normal(x) + x * Density * Math.Exp(-x * x / 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T>
    {
        var density = Exponential.Of(T.Multiply(T.Multiply(x, x), T.Broadcast(-0.5f)));
        return T.MultiplyAdd(T.Multiply(x, T.Broadcast((float)Density)), density, ErrorFunction.Normal(x));
    }
}

/// <summary>x · (1 + tanh(t)) / 2 = x / (1 + e^−2t) with t = √(2/π) · (x + 0.044715·x³).</summary>
internal readonly struct GeluTanhFunction : IActivation
{
    private const double Linear = 1.5957691216057308; // 2 · √(2/π)
    private const double Cubic = Linear * 0.044715;

    public double Value(double x, int channel) => x * Gate(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Value<T>(T x, int channel) where T : unmanaged, ILanes<T> => T.Multiply(x, Gate(x));

    public double Slope(double x, double y, int channel)
    {
        var gate = Gate(x);
        return gate + x * gate * (1 - gate) * (Linear + 3 * Cubic * x * x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Slope<T>(T x, T y, int channel) where T : unmanaged, ILanes<T>
    {
        var gate = Gate(x);
        var inner = T.MultiplyAdd(T.Multiply(x, x), T.Broadcast((float)(3 * Cubic)), T.Broadcast((float)Linear));
        return T.MultiplyAdd(T.Multiply(x, gate), T.Multiply(T.Subtract(T.Broadcast(1), gate), inner), gate);
    }

    private static double Gate(double x) => 1 / (1 + Math.Exp(-x * (Linear + Cubic * x * x)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Gate<T>(T x) where T : unmanaged, ILanes<T>
    {
        var inner = T.MultiplyAdd(T.Multiply(x, x), T.Broadcast((float)Cubic), T.Broadcast((float)Linear));
        return default(SigmoidFunction).Value(T.Multiply(x, inner), 0);
    }
}

/// <summary>
/// The normal distribution's Φ(x) = erfc(−x / √2) / 2, where erfc is approximated with a relative error below 1.2e-7 everywhere
/// (Press, Teukolsky, Vetterling, Flannery, "Numerical Recipes in C", 1992, section 6.2).
/// </summary>
internal static class ErrorFunction
{
    private static ReadOnlySpan<double> Coefficients =>
    [
        0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223,
    ];

    /// <summary>erfc(z) = t · e^(−z² + p(t)) with t = 1 / (1 + z/2), for z of 0 and above; erfc(−z) = 2 − erfc(z).</summary>
    public static double Normal(double x)
    {
        var z = Math.Abs(x) * Math.Sqrt(0.5);
        if (double.IsInfinity(z)) return x > 0 ? 1 : 0;
        var t = 1 / (1 + z / 2);
        var p = 0.0;
        foreach (var coefficient in Coefficients) p = p * t + coefficient;
        var tail = t * Math.Exp(-z * z + p) / 2;
        return x > 0 ? 1 - tail : tail;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Normal<T>(T x) where T : unmanaged, ILanes<T>
    {
        T one = T.Broadcast(1), absolute = T.Max(x, T.Subtract(T.Zero, x));
        var z = T.Multiply(absolute, T.Broadcast(0.70710678f));
        var t = T.Divide(one, T.MultiplyAdd(z, T.Broadcast(0.5f), one));
        var p = T.Broadcast((float)0.17087277);
        p = T.MultiplyAdd(p, t, T.Broadcast(-0.82215223f));
        p = T.MultiplyAdd(p, t, T.Broadcast(1.48851587f));
        p = T.MultiplyAdd(p, t, T.Broadcast(-1.13520398f));
        p = T.MultiplyAdd(p, t, T.Broadcast(0.27886807f));
        p = T.MultiplyAdd(p, t, T.Broadcast(-0.18628806f));
        p = T.MultiplyAdd(p, t, T.Broadcast(0.09678418f));
        p = T.MultiplyAdd(p, t, T.Broadcast(0.37409196f));
        p = T.MultiplyAdd(p, t, T.Broadcast(1.00002368f));
        p = T.MultiplyAdd(p, t, T.Broadcast(-1.26551223f));
        var tail = T.Multiply(T.Multiply(t, T.Broadcast(0.5f)), Exponential.Of(T.Subtract(p, T.Multiply(z, z))));
        return T.SelectPositive(x, T.Subtract(one, tail), tail);
    }
}
