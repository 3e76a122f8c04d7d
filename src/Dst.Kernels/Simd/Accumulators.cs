using System.Runtime.CompilerServices;

namespace Dst.Kernels.Simd;

/// <summary>
/// Some vectors of sixteen sums that live in registers through the loop over the taps: of 16 filters for each of some pixels, or of
/// 16 pixels for each of some filters. Tiles of any width are joined from tiles of one, two and four vectors.
/// </summary>
internal unsafe interface IAccumulators<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>Reads the initial values, <paramref name="pitch"/> floats apart (0: the same for all).</summary>
    void Load(float* source, nint pitch);

    /// <summary>Adds vector · scalar to each; the scalars are <paramref name="pitch"/> floats apart, a constant to the JIT.</summary>
    void MultiplyAdd(float* scalars, nint pitch, TLanes vector);

    /// <summary>Adds values, <paramref name="pitch"/> floats apart.</summary>
    void Add(float* values, nint pitch);

    /// <summary>Multiplies each by a vector.</summary>
    void Multiply(TLanes factors);

    /// <summary>Clips each to bounds.</summary>
    void Clip(TLanes least, TLanes most);

    /// <summary>Writes the values, <paramref name="pitch"/> floats apart.</summary>
    void Store(float* destination, nint pitch);

    /// <summary>Number of vectors.</summary>
    static abstract int Width { get; }
}

/// <summary>One vector.</summary>
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
    public void MultiplyAdd(float* scalars, nint pitch, TLanes vector) => _a = TLanes.MultiplyAdd(scalars, vector, _a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* values, nint pitch) => _a = TLanes.Add(_a, TLanes.Load(values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(TLanes factors) => _a = TLanes.Multiply(_a, factors);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(TLanes least, TLanes most) => _a = TLanes.Clip(_a, least, most);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch) => TLanes.Store(destination, _a);
}

/// <summary>Two vectors.</summary>
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
    public void MultiplyAdd(float* scalars, nint pitch, TLanes vector)
    {
        _a = TLanes.MultiplyAdd(scalars, vector, _a);
        _b = TLanes.MultiplyAdd(scalars + pitch, vector, _b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* values, nint pitch)
    {
        _a = TLanes.Add(_a, TLanes.Load(values));
        _b = TLanes.Add(_b, TLanes.Load(values + pitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(TLanes factors)
    {
        _a = TLanes.Multiply(_a, factors);
        _b = TLanes.Multiply(_b, factors);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(TLanes least, TLanes most)
    {
        _a = TLanes.Clip(_a, least, most);
        _b = TLanes.Clip(_b, least, most);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch)
    {
        TLanes.Store(destination, _a);
        TLanes.Store(destination + pitch, _b);
    }
}

/// <summary>Four vectors.</summary>
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
    public void MultiplyAdd(float* scalars, nint pitch, TLanes vector)
    {
        _a = TLanes.MultiplyAdd(scalars, vector, _a);
        _b = TLanes.MultiplyAdd(scalars + pitch, vector, _b);
        _c = TLanes.MultiplyAdd(scalars + 2 * pitch, vector, _c);
        _d = TLanes.MultiplyAdd(scalars + 3 * pitch, vector, _d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* values, nint pitch)
    {
        _a = TLanes.Add(_a, TLanes.Load(values));
        _b = TLanes.Add(_b, TLanes.Load(values + pitch));
        _c = TLanes.Add(_c, TLanes.Load(values + 2 * pitch));
        _d = TLanes.Add(_d, TLanes.Load(values + 3 * pitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(TLanes factors)
    {
        _a = TLanes.Multiply(_a, factors);
        _b = TLanes.Multiply(_b, factors);
        _c = TLanes.Multiply(_c, factors);
        _d = TLanes.Multiply(_d, factors);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(TLanes least, TLanes most)
    {
        _a = TLanes.Clip(_a, least, most);
        _b = TLanes.Clip(_b, least, most);
        _c = TLanes.Clip(_c, least, most);
        _d = TLanes.Clip(_d, least, most);
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

/// <summary>The vectors of one tile and then those of another.</summary>
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
    public void MultiplyAdd(float* scalars, nint pitch, TLanes vector)
    {
        _left.MultiplyAdd(scalars, pitch, vector);
        _right.MultiplyAdd(scalars + TLeft.Width * pitch, pitch, vector);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* values, nint pitch)
    {
        _left.Add(values, pitch);
        _right.Add(values + TLeft.Width * pitch, pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(TLanes factors)
    {
        _left.Multiply(factors);
        _right.Multiply(factors);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(TLanes least, TLanes most)
    {
        _left.Clip(least, most);
        _right.Clip(least, most);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch)
    {
        _left.Store(destination, pitch);
        _right.Store(destination + TLeft.Width * pitch, pitch);
    }
}
