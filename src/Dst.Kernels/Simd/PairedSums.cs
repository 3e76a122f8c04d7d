using System.Runtime.CompilerServices;

namespace Dst.Kernels.Simd;

/// <summary>
/// Sums of two blocks of 16 filters for each of some pixels, which live in registers. A scalar that both blocks read is loaded once:
/// processors with two multiply-adds a cycle load only two values a cycle. Any number of pixels is joined from one and two.
/// </summary>
internal unsafe interface IPairedSums<T> where T : unmanaged, ILanes<T>
{
    /// <summary>Sets all sums to zero.</summary>
    void Clear();

    /// <summary>Adds scalar · first to the sums of the first block, and scalar · second to those of the second.</summary>
    void MultiplyAdd(float* scalars, nint pitch, T first, T second);

    /// <summary>Adds to the sums of the first block alone.</summary>
    void MultiplyAddFirst(float* scalars, nint pitch, T vector);

    /// <summary>Adds to the sums of the second block alone.</summary>
    void MultiplyAddSecond(float* scalars, nint pitch, T vector);

    /// <summary>Reads the initial values of each block, <paramref name="pitch"/> floats apart (0: the same for all pixels).</summary>
    void Load(float* first, float* second, nint pitch);

    /// <summary>Adds values to the sums of each block, <paramref name="pitch"/> floats apart.</summary>
    void Add(float* first, float* second, nint pitch);

    /// <summary>Clips all sums to bounds.</summary>
    void Clip(T least, T most);

    /// <summary>Multiplies the sums of each block by a vector.</summary>
    void Multiply(T first, T second);

    /// <summary>Writes the sums of each block, <paramref name="pitch"/> floats apart.</summary>
    void Store(float* first, float* second, nint pitch);

    /// <summary>Number of pixels.</summary>
    static abstract int Width { get; }
}

/// <summary>One pixel.</summary>
internal unsafe struct OnePair<T> : IPairedSums<T> where T : unmanaged, ILanes<T>
{
    private T _first;
    private T _second;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clear() => this = default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, nint pitch, T first, T second)
    {
        var scalar = T.Broadcast(*scalars);
        _first = T.MultiplyAdd(scalar, first, _first);
        _second = T.MultiplyAdd(scalar, second, _second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddFirst(float* scalars, nint pitch, T vector) => _first = T.MultiplyAdd(scalars, vector, _first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddSecond(float* scalars, nint pitch, T vector) => _second = T.MultiplyAdd(scalars, vector, _second);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* first, float* second, nint pitch) => (_first, _second) = (T.Load(first), T.Load(second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* first, float* second, nint pitch) =>
        (_first, _second) = (T.Add(_first, T.Load(first)), T.Add(_second, T.Load(second)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(T least, T most) =>
        (_first, _second) = (T.Clip(_first, least, most), T.Clip(_second, least, most));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(T first, T second) =>
        (_first, _second) = (T.Multiply(_first, first), T.Multiply(_second, second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* first, float* second, nint pitch)
    {
        T.Store(first, _first);
        T.Store(second, _second);
    }
}

/// <summary>Two pixels.</summary>
internal unsafe struct TwoPairs<T> : IPairedSums<T> where T : unmanaged, ILanes<T>
{
    private T _first0;
    private T _first1;
    private T _second0;
    private T _second1;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clear() => this = default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, nint pitch, T first, T second)
    {
        var scalar = T.Broadcast(*scalars);
        _first0 = T.MultiplyAdd(scalar, first, _first0);
        _second0 = T.MultiplyAdd(scalar, second, _second0);
        scalar = T.Broadcast(scalars[pitch]);
        _first1 = T.MultiplyAdd(scalar, first, _first1);
        _second1 = T.MultiplyAdd(scalar, second, _second1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddFirst(float* scalars, nint pitch, T vector)
    {
        _first0 = T.MultiplyAdd(scalars, vector, _first0);
        _first1 = T.MultiplyAdd(scalars + pitch, vector, _first1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddSecond(float* scalars, nint pitch, T vector)
    {
        _second0 = T.MultiplyAdd(scalars, vector, _second0);
        _second1 = T.MultiplyAdd(scalars + pitch, vector, _second1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* first, float* second, nint pitch)
    {
        (_first0, _first1) = (T.Load(first), T.Load(first + pitch));
        (_second0, _second1) = (T.Load(second), T.Load(second + pitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* first, float* second, nint pitch)
    {
        (_first0, _first1) = (T.Add(_first0, T.Load(first)), T.Add(_first1, T.Load(first + pitch)));
        (_second0, _second1) = (T.Add(_second0, T.Load(second)), T.Add(_second1, T.Load(second + pitch)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(T least, T most)
    {
        (_first0, _first1) = (T.Clip(_first0, least, most), T.Clip(_first1, least, most));
        (_second0, _second1) = (T.Clip(_second0, least, most), T.Clip(_second1, least, most));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(T first, T second)
    {
        (_first0, _first1) = (T.Multiply(_first0, first), T.Multiply(_first1, first));
        (_second0, _second1) = (T.Multiply(_second0, second), T.Multiply(_second1, second));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* first, float* second, nint pitch)
    {
        T.Store(first, _first0);
        T.Store(first + pitch, _first1);
        T.Store(second, _second0);
        T.Store(second + pitch, _second1);
    }
}

/// <summary>The pixels of one and then those of another.</summary>
internal unsafe struct JoinPairs<T, TLeft, TRight> : IPairedSums<T>
    where T : unmanaged, ILanes<T>
    where TLeft : unmanaged, IPairedSums<T>
    where TRight : unmanaged, IPairedSums<T>
{
    private TLeft _left;
    private TRight _right;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TLeft.Width + TRight.Width;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clear()
    {
        _left = default;
        _right = default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, nint pitch, T first, T second)
    {
        _left.MultiplyAdd(scalars, pitch, first, second);
        _right.MultiplyAdd(scalars + TLeft.Width * pitch, pitch, first, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddFirst(float* scalars, nint pitch, T vector)
    {
        _left.MultiplyAddFirst(scalars, pitch, vector);
        _right.MultiplyAddFirst(scalars + TLeft.Width * pitch, pitch, vector);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddSecond(float* scalars, nint pitch, T vector)
    {
        _left.MultiplyAddSecond(scalars, pitch, vector);
        _right.MultiplyAddSecond(scalars + TLeft.Width * pitch, pitch, vector);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* first, float* second, nint pitch)
    {
        _left.Load(first, second, pitch);
        _right.Load(first + TLeft.Width * pitch, second + TLeft.Width * pitch, pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* first, float* second, nint pitch)
    {
        _left.Add(first, second, pitch);
        _right.Add(first + TLeft.Width * pitch, second + TLeft.Width * pitch, pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(T least, T most)
    {
        _left.Clip(least, most);
        _right.Clip(least, most);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(T first, T second)
    {
        _left.Multiply(first, second);
        _right.Multiply(first, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* first, float* second, nint pitch)
    {
        _left.Store(first, second, pitch);
        _right.Store(first + TLeft.Width * pitch, second + TLeft.Width * pitch, pitch);
    }
}
