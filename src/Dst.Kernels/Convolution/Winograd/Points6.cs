using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The points 0, ±1, ±2 and infinity.</summary>
internal readonly unsafe struct Points6<T> : IWinogradPoints<T> where T : unmanaged, IVector<T>
{
    private const float ScaleOfZero = 1f / 4;
    private const float ScaleOfOne = -1f / 6;
    private const float ScaleOfTwo = 1f / 24;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(float* source, nint sourcePitch, float* destination, nint pitch) =>
        Input(new PitchedVectors<T>(source, sourcePitch), destination, pitch);

    /// <summary>Bᵀ, as <see cref="Input(float*, nint, float*, nint)"/>, of vectors that may come from anywhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input<TSource>(TSource source, float* destination, nint pitch) where TSource : struct, IVectorSource<T>
    {
        T d0 = source.Load(0), d1 = source.Load(1), d2 = source.Load(2), d3 = source.Load(3), d4 = source.Load(4), d5 = source.Load(5);
        T evenOne = T.MultiplyAdd(T.Broadcast(-4), d2, d4), oddOne = T.MultiplyAdd(T.Broadcast(-4), d1, d3);
        T evenTwo = T.Subtract(d4, d2), oddTwo = T.Subtract(d3, d1);
        T.Store(destination, T.MultiplyAdd(T.Broadcast(4), d0, T.MultiplyAdd(T.Broadcast(-5), d2, d4)));
        T.Store(destination + pitch, T.Add(evenOne, oddOne));
        T.Store(destination + 2 * pitch, T.Subtract(evenOne, oddOne));
        T.Store(destination + 3 * pitch, T.MultiplyAdd(T.Broadcast(2), oddTwo, evenTwo));
        T.Store(destination + 4 * pitch, T.MultiplyAdd(T.Broadcast(-2), oddTwo, evenTwo));
        T.Store(destination + 5 * pitch, T.MultiplyAdd(T.Broadcast(4), d1, T.MultiplyAdd(T.Broadcast(-5), d3, d5)));
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
        T evenOne = T.Add(v1, v2), oddOne = T.Subtract(v1, v2);
        T evenTwo = T.Add(v3, v4), oddTwo = T.Subtract(v3, v4);
        T.Store(destination, T.Multiply(T.Broadcast(4), v0));
        T.Store(destination + pitch, T.MultiplyAdd(T.Broadcast(4), T.Subtract(v5, oddOne), T.Multiply(T.Broadcast(-2), oddTwo)));
        T.Store(
            destination + 2 * pitch,
            T.MultiplyAdd(T.Broadcast(-5), v0, T.MultiplyAdd(T.Broadcast(-4), evenOne, T.Subtract(T.Zero, evenTwo))));
        T.Store(destination + 3 * pitch, T.MultiplyAdd(T.Broadcast(-5), v5, T.MultiplyAdd(T.Broadcast(2), oddTwo, oddOne)));
        T.Store(destination + 4 * pitch, T.Add(v0, T.Add(evenOne, evenTwo)));
        T.Store(destination + 5 * pitch, v5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate<TSide>(float* source, nint sourcePitch, float* destination, nint pitch) where TSide : IWinogradSide
    {
        T c0 = T.Load(source), c1 = T.Load(source + sourcePitch);
        T evenOne = c0, evenTwo = c0;
        T oddOne = c1, oddTwo = T.Multiply(T.Broadcast(2), c1);
        if (TSide.Coefficients > 2)
        {
            var c2 = T.Load(source + 2 * sourcePitch);
            evenOne = T.Add(evenOne, c2);
            evenTwo = T.MultiplyAdd(T.Broadcast(4), c2, evenTwo);
        }

        if (TSide.Coefficients > 3)
        {
            var c3 = T.Load(source + 3 * sourcePitch);
            oddOne = T.Add(oddOne, c3);
            oddTwo = T.MultiplyAdd(T.Broadcast(8), c3, oddTwo);
        }

        if (TSide.Coefficients > 4)
        {
            var c4 = T.Load(source + 4 * sourcePitch);
            evenOne = T.Add(evenOne, c4);
            evenTwo = T.MultiplyAdd(T.Broadcast(16), c4, evenTwo);
        }

        if (TSide.IsScaled)
        {
            c0 = T.Multiply(T.Broadcast(ScaleOfZero), c0);
            (evenOne, oddOne) = (T.Multiply(T.Broadcast(ScaleOfOne), evenOne), T.Multiply(T.Broadcast(ScaleOfOne), oddOne));
            (evenTwo, oddTwo) = (T.Multiply(T.Broadcast(ScaleOfTwo), evenTwo), T.Multiply(T.Broadcast(ScaleOfTwo), oddTwo));
        }

        T.Store(destination, c0);
        T.Store(destination + pitch, T.Add(evenOne, oddOne));
        T.Store(destination + 2 * pitch, T.Subtract(evenOne, oddOne));
        T.Store(destination + 3 * pitch, T.Add(evenTwo, oddTwo));
        T.Store(destination + 4 * pitch, T.Subtract(evenTwo, oddTwo));
        T.Store(destination + 5 * pitch, T.Load(source + (TSide.Coefficients - 1) * sourcePitch));
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
        T evenOne = T.Add(v1, v2), oddOne = T.Subtract(v1, v2);
        T evenTwo = T.Add(v3, v4), oddTwo = T.Subtract(v3, v4);
        if (TSide.IsScaled)
        {
            v0 = T.Multiply(T.Broadcast(ScaleOfZero), v0);
            (evenOne, oddOne) = (T.Multiply(T.Broadcast(ScaleOfOne), evenOne), T.Multiply(T.Broadcast(ScaleOfOne), oddOne));
            (evenTwo, oddTwo) = (T.Multiply(T.Broadcast(ScaleOfTwo), evenTwo), T.Multiply(T.Broadcast(ScaleOfTwo), oddTwo));
        }

        T.Store(destination, T.Add(v0, T.Add(evenOne, evenTwo)));
        T.Store(destination + pitch, Last<TSide>(1, T.MultiplyAdd(T.Broadcast(2), oddTwo, oddOne), v5));
        if (TSide.Coefficients > 2) T.Store(destination + 2 * pitch, Last<TSide>(2, T.MultiplyAdd(T.Broadcast(4), evenTwo, evenOne), v5));
        if (TSide.Coefficients > 3) T.Store(destination + 3 * pitch, Last<TSide>(3, T.MultiplyAdd(T.Broadcast(8), oddTwo, oddOne), v5));
        if (TSide.Coefficients > 4) T.Store(destination + 4 * pitch, Last<TSide>(4, T.MultiplyAdd(T.Broadcast(16), evenTwo, evenOne), v5));
    }

    /// <summary>Aᵀ of F(4, 3), as <see cref="EvaluateTransposed"/> has it, of vectors in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Outputs(T v0, T v1, T v2, T v3, T v4, T v5, out T y0, out T y1, out T y2, out T y3)
    {
        T evenOne = T.Add(v1, v2), oddOne = T.Subtract(v1, v2);
        T evenTwo = T.Add(v3, v4), oddTwo = T.Subtract(v3, v4);
        y0 = T.Add(v0, T.Add(evenOne, evenTwo));
        y1 = T.MultiplyAdd(T.Broadcast(2), oddTwo, oddOne);
        y2 = T.MultiplyAdd(T.Broadcast(4), evenTwo, evenOne);
        y3 = T.Add(T.MultiplyAdd(T.Broadcast(8), oddTwo, oddOne), v5);
    }

    /// <summary>The highest power reads infinity too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Last<TSide>(int power, T sum, T infinity) where TSide : IWinogradSide =>
        power == TSide.Coefficients - 1 ? T.Add(sum, infinity) : sum;
}
