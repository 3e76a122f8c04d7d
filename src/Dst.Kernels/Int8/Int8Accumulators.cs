using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The sums of sixteen filters at some neighbouring pixels, which live in registers through the loop over the weights.</summary>
internal unsafe interface IInt8Accumulators<T> where T : unmanaged, ISumLanes<T>
{
    /// <summary>Number of pixels.</summary>
    static abstract int Width { get; }

    /// <summary>Adds weights of each filter times an element of each pixel.</summary>
    /// <typeparam name="TPitch">From one pixel to the next.</typeparam>
    /// <param name="elements">The first pixel's element.</param>
    /// <param name="rowPitch">Elements from one row of pixels to the next.</param>
    /// <param name="weights">The weights.</param>
    void MultiplyAdd<TPitch>(int* elements, nint rowPitch, T weights) where TPitch : IPixelPitch;

    /// <summary>Writes the sums [pixel][16].</summary>
    void Store(int* sums);
}

/// <summary>One pixel.</summary>
internal unsafe struct Int8One<T> : IInt8Accumulators<T> where T : unmanaged, ISumLanes<T>
{
    private T _a;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd<TPitch>(int* elements, nint rowPitch, T weights) where TPitch : IPixelPitch =>
        _a = T.MultiplyAdd(weights, T.Broadcast(*elements), _a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(int* sums) => T.Store(sums, _a);
}

/// <summary>Two pixels.</summary>
internal unsafe struct Int8Two<T> : IInt8Accumulators<T> where T : unmanaged, ISumLanes<T>
{
    private T _a;
    private T _b;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd<TPitch>(int* elements, nint rowPitch, T weights) where TPitch : IPixelPitch
    {
        _a = T.MultiplyAdd(weights, T.Broadcast(*elements), _a);
        _b = T.MultiplyAdd(weights, T.Broadcast(*Int8Product.At<TPitch>(elements, 1)), _b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(int* sums)
    {
        T.Store(sums, _a);
        T.Store(sums + Layout.Block, _b);
    }
}

/// <summary>Four pixels.</summary>
internal unsafe struct Int8Four<T> : IInt8Accumulators<T> where T : unmanaged, ISumLanes<T>
{
    private T _a;
    private T _b;
    private T _c;
    private T _d;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd<TPitch>(int* elements, nint rowPitch, T weights) where TPitch : IPixelPitch
    {
        _a = T.MultiplyAdd(weights, T.Broadcast(*elements), _a);
        _b = T.MultiplyAdd(weights, T.Broadcast(*Int8Product.At<TPitch>(elements, 1)), _b);
        _c = T.MultiplyAdd(weights, T.Broadcast(*Int8Product.At<TPitch>(elements, 2)), _c);
        _d = T.MultiplyAdd(weights, T.Broadcast(*Int8Product.At<TPitch>(elements, 3)), _d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(int* sums)
    {
        T.Store(sums, _a);
        T.Store(sums + Layout.Block, _b);
        T.Store(sums + 2 * Layout.Block, _c);
        T.Store(sums + 3 * Layout.Block, _d);
    }
}

/// <summary>Four rows of pixels.</summary>
internal unsafe struct Int8Rows<T, TRow> : IInt8Accumulators<T>
    where T : unmanaged, ISumLanes<T>
    where TRow : unmanaged, IInt8Accumulators<T>
{
    private TRow _a;
    private TRow _b;
    private TRow _c;
    private TRow _d;

    public Int8Rows()
    {
        (_a, _b) = (default, default);
        (_c, _d) = (default, default);
    }

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Int8RegisterTiles.Rows * TRow.Width;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd<TPitch>(int* elements, nint rowPitch, T weights) where TPitch : IPixelPitch
    {
        _a.MultiplyAdd<TPitch>(elements, rowPitch, weights);
        _b.MultiplyAdd<TPitch>(elements + rowPitch, rowPitch, weights);
        _c.MultiplyAdd<TPitch>(elements + 2 * rowPitch, rowPitch, weights);
        _d.MultiplyAdd<TPitch>(elements + 3 * rowPitch, rowPitch, weights);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(int* sums)
    {
        _a.Store(sums);
        _b.Store(sums + TRow.Width * Layout.Block);
        _c.Store(sums + 2 * TRow.Width * Layout.Block);
        _d.Store(sums + 3 * TRow.Width * Layout.Block);
    }
}

/// <summary>The pixels of one tile and then those of another.</summary>
internal unsafe struct Int8Join<T, TLeft, TRight> : IInt8Accumulators<T>
    where T : unmanaged, ISumLanes<T>
    where TLeft : unmanaged, IInt8Accumulators<T>
    where TRight : unmanaged, IInt8Accumulators<T>
{
    private TLeft _left;
    private TRight _right;

    public Int8Join()
    {
        _left = default;
        _right = default;
    }

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TLeft.Width + TRight.Width;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd<TPitch>(int* elements, nint rowPitch, T weights) where TPitch : IPixelPitch
    {
        _left.MultiplyAdd<TPitch>(elements, rowPitch, weights);
        _right.MultiplyAdd<TPitch>(Int8Product.At<TPitch>(elements, TLeft.Width), rowPitch, weights);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(int* sums)
    {
        _left.Store(sums);
        _right.Store(sums + TLeft.Width * Layout.Block);
    }
}
