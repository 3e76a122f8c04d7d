using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// F(4, 3) of stride 2, with 9 products instead of 12. The even inputs meet the outer weights as in F(4, 2) at the points 0, ±1, ½ and
/// infinity; each odd input meets the middle weight.
/// </summary>
internal readonly unsafe struct StridedPoints<T> : IWinogradPoints<T> where T : unmanaged, ILanes<T>
{
    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 9;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        T even0 = T.Load(source), even1 = T.Load(source + 2 * sourcePitch), even2 = T.Load(source + 4 * sourcePitch);
        T even3 = T.Load(source + 6 * sourcePitch), even4 = T.Load(source + 8 * sourcePitch);
        var half = T.Subtract(even3, even1);
        T.Store(destination, T.MultiplyAdd(T.Broadcast(0.5f), T.Subtract(even0, even2), half));
        T.Store(destination + pitch, T.MultiplyAdd(T.Broadcast(0.5f), T.Subtract(even2, even1), even3));
        T.Store(destination + 2 * pitch, T.MultiplyAdd(T.Broadcast(0.5f), even1, T.MultiplyAdd(T.Broadcast(-1.5f), even2, even3)));
        T.Store(destination + 3 * pitch, half);
        T.Store(destination + 4 * pitch, T.MultiplyAdd(T.Broadcast(-0.5f), half, T.Subtract(even4, even2)));
        T.Store(destination + 5 * pitch, T.Load(source + sourcePitch));
        T.Store(destination + 6 * pitch, T.Load(source + 3 * sourcePitch));
        T.Store(destination + 7 * pitch, T.Load(source + 5 * sourcePitch));
        T.Store(destination + 8 * pitch, T.Load(source + 7 * sourcePitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InputGradient(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var v0 = T.Load(source);
        var v1 = T.Load(source + sourcePitch);
        var v2 = T.Load(source + 2 * sourcePitch);
        var v3 = T.Load(source + 3 * sourcePitch);
        var v4 = T.Load(source + 4 * sourcePitch);
        T.Store(destination, T.Multiply(T.Broadcast(0.5f), v0));
        T.Store(
            destination + 2 * pitch, T.MultiplyAdd(T.Broadcast(0.5f), T.Add(T.Subtract(v2, v1), v4), T.Subtract(T.Zero, T.Add(v0, v3))));
        T.Store(
            destination + 4 * pitch,
            T.MultiplyAdd(T.Broadcast(0.5f), T.Subtract(v1, v0), T.MultiplyAdd(T.Broadcast(-1.5f), v2, T.Subtract(T.Zero, v4))));
        T.Store(destination + 6 * pitch, T.MultiplyAdd(T.Broadcast(-0.5f), v4, T.Add(T.Add(v0, v1), T.Add(v2, v3))));
        T.Store(destination + 8 * pitch, v4);
        T.Store(destination + pitch, T.Load(source + 5 * sourcePitch));
        T.Store(destination + 3 * pitch, T.Load(source + 6 * sourcePitch));
        T.Store(destination + 5 * pitch, T.Load(source + 7 * sourcePitch));
        T.Store(destination + 7 * pitch, T.Load(source + 8 * sourcePitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate<TSide>(float* source, nint sourcePitch, float* destination, nint pitch) where TSide : IWinogradSide
    {
        var c0 = T.Load(source);
        var c1 = T.Load(source + sourcePitch);
        var c2 = T.Load(source + 2 * sourcePitch);
        if (TSide.IsScaled)
        {
            T.Store(destination, T.Add(c0, c0));
            T.Store(destination + pitch, T.Add(c0, c2));
            T.Store(destination + 2 * pitch, T.Multiply(T.Broadcast(1f / 3), T.Subtract(c2, c0)));
            T.Store(destination + 3 * pitch, T.MultiplyAdd(T.Broadcast(-8f / 3), c0, T.Multiply(T.Broadcast(-4f / 3), c2)));
            T.Store(destination + 4 * pitch, c2);
            T.Store(destination + 5 * pitch, c1);
            T.Store(destination + 6 * pitch, c1);
            T.Store(destination + 7 * pitch, c1);
            T.Store(destination + 8 * pitch, c1);
            return;
        }

        var c3 = T.Load(source + 3 * sourcePitch);
        T even = T.Add(c0, c2), odd = T.Add(c1, c3);
        T.Store(destination, c0);
        T.Store(destination + pitch, T.Add(even, odd));
        T.Store(destination + 2 * pitch, T.Subtract(even, odd));
        T.Store(
            destination + 3 * pitch,
            T.MultiplyAdd(T.Broadcast(0.5f), T.MultiplyAdd(T.Broadcast(0.25f), c3, c1), T.MultiplyAdd(T.Broadcast(0.25f), c2, c0)));
        T.Store(destination + 4 * pitch, c3);
        T.Store(destination + 5 * pitch, c0);
        T.Store(destination + 6 * pitch, c1);
        T.Store(destination + 7 * pitch, c2);
        T.Store(destination + 8 * pitch, c3);
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
        var v8 = T.Load(source + 8 * sourcePitch);
        if (TSide.IsScaled)
        {
            T.Store(
                destination,
                T.MultiplyAdd(T.Broadcast(-8f / 3), v3, T.MultiplyAdd(T.Broadcast(-1f / 3), v2, T.MultiplyAdd(T.Broadcast(2), v0, v1))));
            T.Store(destination + pitch, T.Add(T.Add(v5, v6), T.Add(v7, v8)));
            T.Store(
                destination + 2 * pitch, T.MultiplyAdd(T.Broadcast(-4f / 3), v3, T.MultiplyAdd(T.Broadcast(1f / 3), v2, T.Add(v1, v4))));
            return;
        }

        T even = T.Add(v1, v2), odd = T.Subtract(v1, v2);
        T.Store(destination, T.Add(T.Add(v0, v5), T.Add(even, v3)));
        T.Store(destination + pitch, T.MultiplyAdd(T.Broadcast(0.5f), v3, T.Add(odd, v6)));
        T.Store(destination + 2 * pitch, T.MultiplyAdd(T.Broadcast(0.25f), v3, T.Add(even, v7)));
        T.Store(destination + 3 * pitch, T.MultiplyAdd(T.Broadcast(0.125f), v3, T.Add(T.Add(odd, v4), v8)));
    }
}
