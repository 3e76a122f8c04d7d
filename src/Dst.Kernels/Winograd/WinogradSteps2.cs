using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Bᵀ of F(2, 3), points 0, ±1 and infinity: four inputs to four products' inputs.</summary>
internal readonly unsafe struct Input2<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var d0 = T.Load(source);
        var d1 = T.Load(source + sourcePitch);
        var d2 = T.Load(source + 2 * sourcePitch);
        var d3 = T.Load(source + 3 * sourcePitch);
        T.Store(destination, T.Subtract(d0, d2));
        T.Store(destination + pitch, T.Add(d1, d2));
        T.Store(destination + 2 * pitch, T.Subtract(d2, d1));
        T.Store(destination + 3 * pitch, T.Subtract(d1, d3));
    }
}

/// <summary>B of F(2, 3): the transpose of <see cref="Input2{T}"/>.</summary>
internal readonly unsafe struct InputGradient2<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var v0 = T.Load(source);
        var v1 = T.Load(source + sourcePitch);
        var v2 = T.Load(source + 2 * sourcePitch);
        var v3 = T.Load(source + 3 * sourcePitch);
        T.Store(destination, v0);
        T.Store(destination + pitch, T.Add(v3, T.Subtract(v1, v2)));
        T.Store(destination + 2 * pitch, T.Subtract(T.Add(v1, v2), v0));
        T.Store(destination + 3 * pitch, T.Subtract(T.Zero, v3));
    }
}

/// <summary>Aᵀ of F(2, 3): four products to two outputs.</summary>
internal readonly unsafe struct Output2<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var m0 = T.Load(source);
        var m1 = T.Load(source + sourcePitch);
        var m2 = T.Load(source + 2 * sourcePitch);
        var m3 = T.Load(source + 3 * sourcePitch);
        T.Store(destination, T.Add(m0, T.Add(m1, m2)));
        T.Store(destination + pitch, T.Subtract(m1, T.Add(m2, m3)));
    }
}

/// <summary>A of F(2, 3): the transpose of <see cref="Output2{T}"/>.</summary>
internal readonly unsafe struct OutputGradient2<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var y0 = T.Load(source);
        var y1 = T.Load(source + sourcePitch);
        T.Store(destination, y0);
        T.Store(destination + pitch, T.Add(y0, y1));
        T.Store(destination + 2 * pitch, T.Subtract(y0, y1));
        T.Store(destination + 3 * pitch, T.Subtract(T.Zero, y1));
    }
}

/// <summary>G of F(2, 3): three weights to four factors.</summary>
internal readonly unsafe struct Weight2<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 3;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var g0 = T.Load(source);
        var g1 = T.Load(source + sourcePitch);
        var g2 = T.Load(source + 2 * sourcePitch);
        var outer = T.Multiply(T.Broadcast(0.5f), T.Add(g0, g2));
        var middle = T.Multiply(T.Broadcast(0.5f), g1);
        T.Store(destination, g0);
        T.Store(destination + pitch, T.Add(outer, middle));
        T.Store(destination + 2 * pitch, T.Subtract(outer, middle));
        T.Store(destination + 3 * pitch, g2);
    }
}

/// <summary>Gᵀ of F(2, 3): the transpose of <see cref="Weight2{T}"/>.</summary>
internal readonly unsafe struct WeightGradient2<T> : IWinogradStep<T> where T : unmanaged, ILanes<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
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
        var half = T.Multiply(T.Broadcast(0.5f), T.Add(u1, u2));
        T.Store(destination, T.Add(u0, half));
        T.Store(destination + pitch, T.Multiply(T.Broadcast(0.5f), T.Subtract(u1, u2)));
        T.Store(destination + 2 * pitch, T.Add(u3, half));
    }
}
