using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The points 0, ±1 and infinity.</summary>
internal readonly unsafe struct Points4<T> : IWinogradPoints<T> where T : unmanaged, ILanes<T>
{
    private const float ScaleOfOne = 1f / 2;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var d0 = T.Load(source);
        var d1 = T.Load(source + sourcePitch);
        var d2 = T.Load(source + 2 * sourcePitch);
        var d3 = T.Load(source + 3 * sourcePitch);
        T.Store(destination, T.Subtract(d2, d0));
        T.Store(destination + pitch, T.Add(d2, d1));
        T.Store(destination + 2 * pitch, T.Subtract(d2, d1));
        T.Store(destination + 3 * pitch, T.Subtract(d3, d1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InputGradient(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var v0 = T.Load(source);
        var v1 = T.Load(source + sourcePitch);
        var v2 = T.Load(source + 2 * sourcePitch);
        var v3 = T.Load(source + 3 * sourcePitch);
        T.Store(destination, T.Subtract(T.Zero, v0));
        T.Store(destination + pitch, T.Subtract(T.Subtract(v1, v2), v3));
        T.Store(destination + 2 * pitch, T.Add(v0, T.Add(v1, v2)));
        T.Store(destination + 3 * pitch, v3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate<TSide>(float* source, nint sourcePitch, float* destination, nint pitch) where TSide : IWinogradSide
    {
        T c0 = T.Load(source), c1 = T.Load(source + sourcePitch);
        T evenOne = c0;
        T oddOne = c1;
        if (TSide.Coefficients > 2)
        {
            var c2 = T.Load(source + 2 * sourcePitch);
            evenOne = T.Add(evenOne, c2);
        }

        if (TSide.IsScaled)
        {
            c0 = T.Subtract(T.Zero, c0);
            (evenOne, oddOne) = (T.Multiply(T.Broadcast(ScaleOfOne), evenOne), T.Multiply(T.Broadcast(ScaleOfOne), oddOne));
        }

        T.Store(destination, c0);
        T.Store(destination + pitch, T.Add(evenOne, oddOne));
        T.Store(destination + 2 * pitch, T.Subtract(evenOne, oddOne));
        T.Store(destination + 3 * pitch, T.Load(source + (TSide.Coefficients - 1) * sourcePitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void EvaluateTransposed<TSide>(float* source, nint sourcePitch, float* destination, nint pitch)
        where TSide : IWinogradSide
    {
        var v0 = T.Load(source);
        var v1 = T.Load(source + sourcePitch);
        var v2 = T.Load(source + 2 * sourcePitch);
        var v3 = T.Load(source + 3 * sourcePitch);
        T evenOne = T.Add(v1, v2), oddOne = T.Subtract(v1, v2);
        if (TSide.IsScaled)
        {
            v0 = T.Subtract(T.Zero, v0);
            (evenOne, oddOne) = (T.Multiply(T.Broadcast(ScaleOfOne), evenOne), T.Multiply(T.Broadcast(ScaleOfOne), oddOne));
        }

        T.Store(destination, T.Add(v0, evenOne));
        T.Store(destination + pitch, Last<TSide>(1, oddOne, v3));
        if (TSide.Coefficients > 2) T.Store(destination + 2 * pitch, Last<TSide>(2, evenOne, v3));
    }

    /// <summary>The highest power reads infinity too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Last<TSide>(int power, T sum, T infinity) where TSide : IWinogradSide =>
        power == TSide.Coefficients - 1 ? T.Add(sum, infinity) : sum;
}
