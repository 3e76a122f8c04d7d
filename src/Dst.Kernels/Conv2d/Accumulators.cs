using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A register tile: 16 output channels × some output pixels. Its vectors live in registers through the loop over the taps.
/// Tiles of any width are joined from tiles of one, two and four pixels.
/// </summary>
internal unsafe interface IAccumulators<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>Reads the initial values, <paramref name="pitch"/> floats apart (0: the same for every pixel).</summary>
    void Load(float* source, nint pitch);

    /// <summary>Adds weight · scalar for each pixel; the scalars are 16 floats apart.</summary>
    void MultiplyAdd(float* scalars, TLanes weight);

    /// <summary>Writes the values, <paramref name="pitch"/> floats apart.</summary>
    void Store(float* destination, nint pitch);

    /// <summary>Number of pixels.</summary>
    static abstract int Width { get; }
}

/// <summary>One pixel.</summary>
internal unsafe struct One<TLanes> : IAccumulators<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    private TLanes _a;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* source, nint pitch) => _a = TLanes.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, TLanes weight) => _a = TLanes.MultiplyAdd(scalars, weight, _a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch) => TLanes.Store(destination, _a);
}

/// <summary>Two pixels.</summary>
internal unsafe struct Two<TLanes> : IAccumulators<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    private TLanes _a;
    private TLanes _b;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* source, nint pitch)
    {
        _a = TLanes.Load(source);
        _b = TLanes.Load(source + pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, TLanes weight)
    {
        _a = TLanes.MultiplyAdd(scalars, weight, _a);
        _b = TLanes.MultiplyAdd(scalars + ILanes<TLanes>.Count, weight, _b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch)
    {
        TLanes.Store(destination, _a);
        TLanes.Store(destination + pitch, _b);
    }
}

/// <summary>Four pixels.</summary>
internal unsafe struct Four<TLanes> : IAccumulators<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    private TLanes _a;
    private TLanes _b;
    private TLanes _c;
    private TLanes _d;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* source, nint pitch)
    {
        _a = TLanes.Load(source);
        _b = TLanes.Load(source + pitch);
        _c = TLanes.Load(source + 2 * pitch);
        _d = TLanes.Load(source + 3 * pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, TLanes weight)
    {
        _a = TLanes.MultiplyAdd(scalars, weight, _a);
        _b = TLanes.MultiplyAdd(scalars + ILanes<TLanes>.Count, weight, _b);
        _c = TLanes.MultiplyAdd(scalars + 2 * ILanes<TLanes>.Count, weight, _c);
        _d = TLanes.MultiplyAdd(scalars + 3 * ILanes<TLanes>.Count, weight, _d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch)
    {
        TLanes.Store(destination, _a);
        TLanes.Store(destination + pitch, _b);
        TLanes.Store(destination + 2 * pitch, _c);
        TLanes.Store(destination + 3 * pitch, _d);
    }
}

/// <summary>The pixels of one tile and then those of another.</summary>
internal unsafe struct Join<TLanes, TLeft, TRight> : IAccumulators<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
    where TLeft : unmanaged, IAccumulators<TLanes>
    where TRight : unmanaged, IAccumulators<TLanes>
{
    private TLeft _left;
    private TRight _right;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TLeft.Width + TRight.Width;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* source, nint pitch)
    {
        _left = default;
        _right = default;
        _left.Load(source, pitch);
        _right.Load(source + TLeft.Width * pitch, pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, TLanes weight)
    {
        _left.MultiplyAdd(scalars, weight);
        _right.MultiplyAdd(scalars + TLeft.Width * ILanes<TLanes>.Count, weight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch)
    {
        _left.Store(destination, pitch);
        _right.Store(destination + TLeft.Width * pitch, pitch);
    }
}
