using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The points 0, ±1, ±2, ±½ and infinity.</summary>
internal readonly unsafe struct Points8<T> : IWinogradPoints<T> where T : unmanaged, ILanes<T>
{
    private const float ScaleOfOne = -2f / 9;
    private const float ScaleOfTwo = 1f / 90;
    private const float ScaleOfHalf = 32f / 45;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var d0 = T.Load(source);
        var d1 = T.Load(source + sourcePitch);
        var d2 = T.Load(source + 2 * sourcePitch);
        var d3 = T.Load(source + 3 * sourcePitch);
        var d4 = T.Load(source + 4 * sourcePitch);
        var d5 = T.Load(source + 5 * sourcePitch);
        var d6 = T.Load(source + 6 * sourcePitch);
        var d7 = T.Load(source + 7 * sourcePitch);
        T evenOne = T.MultiplyAdd(T.Broadcast(-4.25f), d4, T.Add(d2, d6)), oddOne = T.MultiplyAdd(T.Broadcast(-4.25f), d3, T.Add(d1, d5));
        T evenTwo = T.MultiplyAdd(T.Broadcast(0.25f), d2, T.MultiplyAdd(T.Broadcast(-1.25f), d4, d6));
        T oddTwo = T.MultiplyAdd(T.Broadcast(0.25f), d1, T.MultiplyAdd(T.Broadcast(-1.25f), d3, d5));
        T evenHalf = T.MultiplyAdd(T.Broadcast(4), d2, T.MultiplyAdd(T.Broadcast(-5), d4, d6));
        T oddHalf = T.MultiplyAdd(T.Broadcast(4), d1, T.MultiplyAdd(T.Broadcast(-5), d3, d5));
        T.Store(destination, T.MultiplyAdd(T.Broadcast(5.25f), T.Subtract(d2, d4), T.Subtract(d6, d0)));
        T.Store(destination + pitch, T.Add(evenOne, oddOne));
        T.Store(destination + 2 * pitch, T.Subtract(evenOne, oddOne));
        T.Store(destination + 3 * pitch, T.MultiplyAdd(T.Broadcast(2), oddTwo, evenTwo));
        T.Store(destination + 4 * pitch, T.MultiplyAdd(T.Broadcast(-2), oddTwo, evenTwo));
        T.Store(destination + 5 * pitch, T.MultiplyAdd(T.Broadcast(0.5f), oddHalf, evenHalf));
        T.Store(destination + 6 * pitch, T.MultiplyAdd(T.Broadcast(-0.5f), oddHalf, evenHalf));
        T.Store(destination + 7 * pitch, T.MultiplyAdd(T.Broadcast(5.25f), T.Subtract(d3, d5), T.Subtract(d7, d1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InputGradient(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var v0 = T.Load(source);
        var v1 = T.Load(source + sourcePitch);
        var v2 = T.Load(source + 2 * sourcePitch);
        var v3 = T.Load(source + 3 * sourcePitch);
        var v4 = T.Load(source + 4 * sourcePitch);
        var v5 = T.Load(source + 5 * sourcePitch);
        var v6 = T.Load(source + 6 * sourcePitch);
        var v7 = T.Load(source + 7 * sourcePitch);
        T evenOne = T.Add(v1, v2), oddOne = T.Subtract(v1, v2);
        T evenTwo = T.Add(v3, v4), oddTwo = T.Multiply(T.Broadcast(2), T.Subtract(v3, v4));
        T evenHalf = T.Add(v5, v6), oddHalf = T.Multiply(T.Broadcast(0.5f), T.Subtract(v5, v6));
        T.Store(destination, T.Subtract(T.Zero, v0));
        T.Store(
            destination + pitch, T.MultiplyAdd(T.Broadcast(4), oddHalf, T.MultiplyAdd(T.Broadcast(0.25f), oddTwo, T.Subtract(oddOne, v7))));
        T.Store(
            destination + 2 * pitch,
            T.MultiplyAdd(
                T.Broadcast(4), evenHalf, T.MultiplyAdd(T.Broadcast(0.25f), evenTwo, T.MultiplyAdd(T.Broadcast(5.25f), v0, evenOne))));
        T.Store(
            destination + 3 * pitch,
            T.MultiplyAdd(
                T.Broadcast(-5), oddHalf,
                T.MultiplyAdd(
                    T.Broadcast(-1.25f), oddTwo, T.MultiplyAdd(T.Broadcast(-4.25f), oddOne, T.Multiply(T.Broadcast(5.25f), v7)))));
        T.Store(
            destination + 4 * pitch,
            T.MultiplyAdd(
                T.Broadcast(-5), evenHalf,
                T.MultiplyAdd(
                    T.Broadcast(-1.25f), evenTwo, T.MultiplyAdd(T.Broadcast(-4.25f), evenOne, T.Multiply(T.Broadcast(-5.25f), v0)))));
        T.Store(destination + 5 * pitch, T.MultiplyAdd(T.Broadcast(-5.25f), v7, T.Add(oddOne, T.Add(oddTwo, oddHalf))));
        T.Store(destination + 6 * pitch, T.Add(T.Add(v0, evenOne), T.Add(evenTwo, evenHalf)));
        T.Store(destination + 7 * pitch, v7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate<TSide>(float* source, nint sourcePitch, float* destination, nint pitch) where TSide : IWinogradSide
    {
        T c0 = T.Load(source), c1 = T.Load(source + sourcePitch);
        T evenOne = c0, evenTwo = c0, evenHalf = c0;
        T oddOne = c1, oddTwo = T.Multiply(T.Broadcast(2), c1), oddHalf = T.Multiply(T.Broadcast(1f / 2), c1);
        if (TSide.Coefficients > 2)
        {
            var c2 = T.Load(source + 2 * sourcePitch);
            evenOne = T.Add(evenOne, c2);
            evenTwo = T.MultiplyAdd(T.Broadcast(4), c2, evenTwo);
            evenHalf = T.MultiplyAdd(T.Broadcast(1f / 4), c2, evenHalf);
        }

        if (TSide.Coefficients > 3)
        {
            var c3 = T.Load(source + 3 * sourcePitch);
            oddOne = T.Add(oddOne, c3);
            oddTwo = T.MultiplyAdd(T.Broadcast(8), c3, oddTwo);
            oddHalf = T.MultiplyAdd(T.Broadcast(1f / 8), c3, oddHalf);
        }

        if (TSide.Coefficients > 4)
        {
            var c4 = T.Load(source + 4 * sourcePitch);
            evenOne = T.Add(evenOne, c4);
            evenTwo = T.MultiplyAdd(T.Broadcast(16), c4, evenTwo);
            evenHalf = T.MultiplyAdd(T.Broadcast(1f / 16), c4, evenHalf);
        }

        if (TSide.Coefficients > 5)
        {
            var c5 = T.Load(source + 5 * sourcePitch);
            oddOne = T.Add(oddOne, c5);
            oddTwo = T.MultiplyAdd(T.Broadcast(32), c5, oddTwo);
            oddHalf = T.MultiplyAdd(T.Broadcast(1f / 32), c5, oddHalf);
        }

        if (TSide.IsScaled)
        {
            c0 = T.Subtract(T.Zero, c0);
            (evenOne, oddOne) = (T.Multiply(T.Broadcast(ScaleOfOne), evenOne), T.Multiply(T.Broadcast(ScaleOfOne), oddOne));
            (evenTwo, oddTwo) = (T.Multiply(T.Broadcast(ScaleOfTwo), evenTwo), T.Multiply(T.Broadcast(ScaleOfTwo), oddTwo));
            (evenHalf, oddHalf) = (T.Multiply(T.Broadcast(ScaleOfHalf), evenHalf), T.Multiply(T.Broadcast(ScaleOfHalf), oddHalf));
        }

        T.Store(destination, c0);
        T.Store(destination + pitch, T.Add(evenOne, oddOne));
        T.Store(destination + 2 * pitch, T.Subtract(evenOne, oddOne));
        T.Store(destination + 3 * pitch, T.Add(evenTwo, oddTwo));
        T.Store(destination + 4 * pitch, T.Subtract(evenTwo, oddTwo));
        T.Store(destination + 5 * pitch, T.Add(evenHalf, oddHalf));
        T.Store(destination + 6 * pitch, T.Subtract(evenHalf, oddHalf));
        T.Store(destination + 7 * pitch, T.Load(source + (TSide.Coefficients - 1) * sourcePitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void EvaluateTransposed<TSide>(float* source, nint sourcePitch, float* destination, nint pitch)
        where TSide : IWinogradSide
    {
        var v0 = T.Load(source);
        var v1 = T.Load(source + sourcePitch);
        var v2 = T.Load(source + 2 * sourcePitch);
        var v3 = T.Load(source + 3 * sourcePitch);
        var v4 = T.Load(source + 4 * sourcePitch);
        var v5 = T.Load(source + 5 * sourcePitch);
        var v6 = T.Load(source + 6 * sourcePitch);
        var v7 = T.Load(source + 7 * sourcePitch);
        T evenOne = T.Add(v1, v2), oddOne = T.Subtract(v1, v2);
        T evenTwo = T.Add(v3, v4), oddTwo = T.Subtract(v3, v4);
        T evenHalf = T.Add(v5, v6), oddHalf = T.Subtract(v5, v6);
        if (TSide.IsScaled)
        {
            v0 = T.Subtract(T.Zero, v0);
            (evenOne, oddOne) = (T.Multiply(T.Broadcast(ScaleOfOne), evenOne), T.Multiply(T.Broadcast(ScaleOfOne), oddOne));
            (evenTwo, oddTwo) = (T.Multiply(T.Broadcast(ScaleOfTwo), evenTwo), T.Multiply(T.Broadcast(ScaleOfTwo), oddTwo));
            (evenHalf, oddHalf) = (T.Multiply(T.Broadcast(ScaleOfHalf), evenHalf), T.Multiply(T.Broadcast(ScaleOfHalf), oddHalf));
        }

        T.Store(destination, T.Add(v0, T.Add(T.Add(evenOne, evenTwo), evenHalf)));
        T.Store(
            destination + pitch,
            Last<TSide>(1, T.MultiplyAdd(T.Broadcast(1f / 2), oddHalf, T.MultiplyAdd(T.Broadcast(2), oddTwo, oddOne)), v7));
        if (TSide.Coefficients > 2)
            T.Store(
                destination + 2 * pitch,
                Last<TSide>(2, T.MultiplyAdd(T.Broadcast(1f / 4), evenHalf, T.MultiplyAdd(T.Broadcast(4), evenTwo, evenOne)), v7));
        if (TSide.Coefficients > 3)
            T.Store(
                destination + 3 * pitch,
                Last<TSide>(3, T.MultiplyAdd(T.Broadcast(1f / 8), oddHalf, T.MultiplyAdd(T.Broadcast(8), oddTwo, oddOne)), v7));
        if (TSide.Coefficients > 4)
            T.Store(
                destination + 4 * pitch,
                Last<TSide>(4, T.MultiplyAdd(T.Broadcast(1f / 16), evenHalf, T.MultiplyAdd(T.Broadcast(16), evenTwo, evenOne)), v7));
        if (TSide.Coefficients > 5)
            T.Store(
                destination + 5 * pitch,
                Last<TSide>(5, T.MultiplyAdd(T.Broadcast(1f / 32), oddHalf, T.MultiplyAdd(T.Broadcast(32), oddTwo, oddOne)), v7));
    }

    /// <summary>The highest power reads infinity too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Last<TSide>(int power, T sum, T infinity) where TSide : IWinogradSide =>
        power == TSide.Coefficients - 1 ? T.Add(sum, infinity) : sum;
}
