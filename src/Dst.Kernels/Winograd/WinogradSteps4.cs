using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Bᵀ of F(4, 3), points 0, ±1, ±2 and infinity: six inputs to six products' inputs.</summary>
internal readonly unsafe struct Input4<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var d0 = T.Load(source);
        var d1 = T.Load(source + sourcePitch);
        var d2 = T.Load(source + 2 * sourcePitch);
        var d3 = T.Load(source + 3 * sourcePitch);
        var d4 = T.Load(source + 4 * sourcePitch);
        var d5 = T.Load(source + 5 * sourcePitch);
        var a = T.MultiplyAdd(T.Broadcast(-4), d2, d4);
        var b = T.MultiplyAdd(T.Broadcast(-4), d1, d3);
        var c = T.Subtract(d4, d2);
        var e = T.Subtract(d3, d1);
        T.Store(destination, T.MultiplyAdd(T.Broadcast(4), d0, T.MultiplyAdd(T.Broadcast(-5), d2, d4)));
        T.Store(destination + pitch, T.Add(a, b));
        T.Store(destination + 2 * pitch, T.Subtract(a, b));
        T.Store(destination + 3 * pitch, T.MultiplyAdd(T.Broadcast(2), e, c));
        T.Store(destination + 4 * pitch, T.MultiplyAdd(T.Broadcast(-2), e, c));
        T.Store(destination + 5 * pitch, T.MultiplyAdd(T.Broadcast(4), d1, T.MultiplyAdd(T.Broadcast(-5), d3, d5)));
    }
}

/// <summary>B of F(4, 3): the transpose of <see cref="Input4{T}"/>.</summary>
internal readonly unsafe struct InputGradient4<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var v0 = T.Load(source);
        var v1 = T.Load(source + sourcePitch);
        var v2 = T.Load(source + 2 * sourcePitch);
        var v3 = T.Load(source + 3 * sourcePitch);
        var v4 = T.Load(source + 4 * sourcePitch);
        var v5 = T.Load(source + 5 * sourcePitch);
        var sum12 = T.Add(v1, v2);
        var difference12 = T.Subtract(v1, v2);
        var sum34 = T.Add(v3, v4);
        var difference34 = T.Subtract(v3, v4);
        T.Store(destination, T.Multiply(T.Broadcast(4), v0));
        T.Store(destination + pitch, T.MultiplyAdd(T.Broadcast(4), T.Subtract(v5, difference12), T.Multiply(T.Broadcast(-2), difference34)));
        T.Store(destination + 2 * pitch, T.MultiplyAdd(T.Broadcast(-5), v0, T.MultiplyAdd(T.Broadcast(-4), sum12, T.Subtract(T.Zero, sum34))));
        T.Store(destination + 3 * pitch, T.MultiplyAdd(T.Broadcast(-5), v5, T.MultiplyAdd(T.Broadcast(2), difference34, difference12)));
        T.Store(destination + 4 * pitch, T.Add(v0, T.Add(sum12, sum34)));
        T.Store(destination + 5 * pitch, v5);
    }
}

/// <summary>Aᵀ of F(4, 3): six products to four outputs.</summary>
internal readonly unsafe struct Output4<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var m0 = T.Load(source);
        var m1 = T.Load(source + sourcePitch);
        var m2 = T.Load(source + 2 * sourcePitch);
        var m3 = T.Load(source + 3 * sourcePitch);
        var m4 = T.Load(source + 4 * sourcePitch);
        var m5 = T.Load(source + 5 * sourcePitch);
        var sum12 = T.Add(m1, m2);
        var difference12 = T.Subtract(m1, m2);
        var sum34 = T.Add(m3, m4);
        var difference34 = T.Subtract(m3, m4);
        T.Store(destination, T.Add(m0, T.Add(sum12, sum34)));
        T.Store(destination + pitch, T.MultiplyAdd(T.Broadcast(2), difference34, difference12));
        T.Store(destination + 2 * pitch, T.MultiplyAdd(T.Broadcast(4), sum34, sum12));
        T.Store(destination + 3 * pitch, T.MultiplyAdd(T.Broadcast(8), difference34, T.Add(difference12, m5)));
    }
}

/// <summary>A of F(4, 3): the transpose of <see cref="Output4{T}"/>.</summary>
internal readonly unsafe struct OutputGradient4<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var y0 = T.Load(source);
        var y1 = T.Load(source + sourcePitch);
        var y2 = T.Load(source + 2 * sourcePitch);
        var y3 = T.Load(source + 3 * sourcePitch);
        var even = T.Add(y0, y2);
        var odd = T.Add(y1, y3);
        var evenTwo = T.MultiplyAdd(T.Broadcast(4), y2, y0);
        var oddTwo = T.Multiply(T.Broadcast(2), T.MultiplyAdd(T.Broadcast(4), y3, y1));
        T.Store(destination, y0);
        T.Store(destination + pitch, T.Add(even, odd));
        T.Store(destination + 2 * pitch, T.Subtract(even, odd));
        T.Store(destination + 3 * pitch, T.Add(evenTwo, oddTwo));
        T.Store(destination + 4 * pitch, T.Subtract(evenTwo, oddTwo));
        T.Store(destination + 5 * pitch, y3);
    }
}

/// <summary>G of F(4, 3): three weights to six factors.</summary>
internal readonly unsafe struct Weight4<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 3;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var g0 = T.Load(source);
        var g1 = T.Load(source + sourcePitch);
        var g2 = T.Load(source + 2 * sourcePitch);
        var outer = T.Multiply(T.Broadcast(-1f / 6), T.Add(g0, g2));
        var middle = T.Multiply(T.Broadcast(-1f / 6), g1);
        var outerTwo = T.MultiplyAdd(T.Broadcast(1f / 24), g0, T.Multiply(T.Broadcast(1f / 6), g2));
        var middleTwo = T.Multiply(T.Broadcast(1f / 12), g1);
        T.Store(destination, T.Multiply(T.Broadcast(0.25f), g0));
        T.Store(destination + pitch, T.Add(outer, middle));
        T.Store(destination + 2 * pitch, T.Subtract(outer, middle));
        T.Store(destination + 3 * pitch, T.Add(outerTwo, middleTwo));
        T.Store(destination + 4 * pitch, T.Subtract(outerTwo, middleTwo));
        T.Store(destination + 5 * pitch, g2);
    }
}

/// <summary>Gᵀ of F(4, 3): the transpose of <see cref="Weight4{T}"/>.</summary>
internal readonly unsafe struct WeightGradient4<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var u0 = T.Load(source);
        var u1 = T.Load(source + sourcePitch);
        var u2 = T.Load(source + 2 * sourcePitch);
        var u3 = T.Load(source + 3 * sourcePitch);
        var u4 = T.Load(source + 4 * sourcePitch);
        var u5 = T.Load(source + 5 * sourcePitch);
        var sum12 = T.Add(u1, u2);
        var sum34 = T.Add(u3, u4);
        T.Store(destination, T.MultiplyAdd(T.Broadcast(0.25f), u0, T.MultiplyAdd(T.Broadcast(-1f / 6), sum12, T.Multiply(T.Broadcast(1f / 24), sum34))));
        T.Store(destination + pitch, T.MultiplyAdd(T.Broadcast(1f / 6), T.Subtract(u2, u1), T.Multiply(T.Broadcast(1f / 12), T.Subtract(u3, u4))));
        T.Store(destination + 2 * pitch, T.MultiplyAdd(T.Broadcast(1f / 6), T.Subtract(sum34, sum12), u5));
    }
}
