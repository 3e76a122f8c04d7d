using System.Runtime.CompilerServices;

namespace Dst.Kernels.Simd;

/// <summary>
/// Some vectors of sixteen sums that live in registers through the loop over the taps: of 16 filters for each of some pixels, or of
/// 16 pixels for each of some filters. Tiles of any width are joined from tiles of one, two and four vectors.
/// </summary>
internal unsafe interface IAccumulators<T> where T : unmanaged, ILanes<T>
{
    /// <summary>Reads the initial values, <paramref name="pitch"/> floats apart (0: the same for all).</summary>
    void Load(float* source, nint pitch);

    /// <summary>Adds vector · scalar to each; the scalars are <paramref name="pitch"/> floats apart, a constant to the JIT.</summary>
    void MultiplyAdd(float* scalars, nint pitch, T vector);

    /// <summary>Adds values, <paramref name="pitch"/> floats apart.</summary>
    void Add(float* values, nint pitch);

    /// <summary>Multiplies each by a vector.</summary>
    void Multiply(T factors);

    /// <summary>Clips each to bounds.</summary>
    void Clip(T least, T most);

    /// <summary>Writes the values, <paramref name="pitch"/> floats apart.</summary>
    void Store(float* destination, nint pitch);

    /// <summary>Number of vectors.</summary>
    static abstract int Width { get; }
}

/// <summary>One vector.</summary>
internal unsafe struct One<T> : IAccumulators<T> where T : unmanaged, ILanes<T>
{
    private T _a;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* source, nint pitch) => _a = T.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, nint pitch, T vector) => _a = T.MultiplyAdd(scalars, vector, _a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* values, nint pitch) => _a = T.Add(_a, T.Load(values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(T factors) => _a = T.Multiply(_a, factors);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(T least, T most) => _a = T.Clip(_a, least, most);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch) => T.Store(destination, _a);
}

/// <summary>Two vectors.</summary>
internal unsafe struct Two<T> : IAccumulators<T> where T : unmanaged, ILanes<T>
{
    private T _a;
    private T _b;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* source, nint pitch)
    {
        _a = T.Load(source);
        _b = T.Load(source + pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, nint pitch, T vector)
    {
        _a = T.MultiplyAdd(scalars, vector, _a);
        _b = T.MultiplyAdd(scalars + pitch, vector, _b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* values, nint pitch)
    {
        _a = T.Add(_a, T.Load(values));
        _b = T.Add(_b, T.Load(values + pitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(T factors)
    {
        _a = T.Multiply(_a, factors);
        _b = T.Multiply(_b, factors);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(T least, T most)
    {
        _a = T.Clip(_a, least, most);
        _b = T.Clip(_b, least, most);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch)
    {
        T.Store(destination, _a);
        T.Store(destination + pitch, _b);
    }
}

/// <summary>Four vectors.</summary>
internal unsafe struct Four<T> : IAccumulators<T> where T : unmanaged, ILanes<T>
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
    public void Load(float* source, nint pitch)
    {
        _a = T.Load(source);
        _b = T.Load(source + pitch);
        _c = T.Load(source + 2 * pitch);
        _d = T.Load(source + 3 * pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, nint pitch, T vector)
    {
        _a = T.MultiplyAdd(scalars, vector, _a);
        _b = T.MultiplyAdd(scalars + pitch, vector, _b);
        _c = T.MultiplyAdd(scalars + 2 * pitch, vector, _c);
        _d = T.MultiplyAdd(scalars + 3 * pitch, vector, _d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* values, nint pitch)
    {
        _a = T.Add(_a, T.Load(values));
        _b = T.Add(_b, T.Load(values + pitch));
        _c = T.Add(_c, T.Load(values + 2 * pitch));
        _d = T.Add(_d, T.Load(values + 3 * pitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(T factors)
    {
        _a = T.Multiply(_a, factors);
        _b = T.Multiply(_b, factors);
        _c = T.Multiply(_c, factors);
        _d = T.Multiply(_d, factors);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(T least, T most)
    {
        _a = T.Clip(_a, least, most);
        _b = T.Clip(_b, least, most);
        _c = T.Clip(_c, least, most);
        _d = T.Clip(_d, least, most);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch)
    {
        T.Store(destination, _a);
        T.Store(destination + pitch, _b);
        T.Store(destination + 2 * pitch, _c);
        T.Store(destination + 3 * pitch, _d);
    }
}

/// <summary>The vectors of one tile and then those of another.</summary>
internal unsafe struct Join<T, TLeft, TRight> : IAccumulators<T>
    where T : unmanaged, ILanes<T>
    where TLeft : unmanaged, IAccumulators<T>
    where TRight : unmanaged, IAccumulators<T>
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
    public void MultiplyAdd(float* scalars, nint pitch, T vector)
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
    public void Multiply(T factors)
    {
        _left.Multiply(factors);
        _right.Multiply(factors);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(T least, T most)
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
