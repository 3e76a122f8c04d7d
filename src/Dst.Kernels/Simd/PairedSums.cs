using System.Runtime.CompilerServices;

namespace Dst.Kernels.Simd;

/// <summary>
/// Sums of two blocks of 16 filters for each of some pixels, which live in registers. A scalar that both blocks read is loaded once:
/// processors with two multiply-adds a cycle load only two values a cycle. Any number of pixels is joined from one and two.
/// </summary>
internal unsafe interface IPairedSums<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>Sets all sums to zero.</summary>
    void Clear();

    /// <summary>Adds scalar · first to the sums of the first block, and scalar · second to those of the second.</summary>
    void MultiplyAdd(float* scalars, nint pitch, TLanes first, TLanes second);

    /// <summary>Adds to the sums of the first block alone.</summary>
    void MultiplyAddFirst(float* scalars, nint pitch, TLanes vector);

    /// <summary>Adds to the sums of the second block alone.</summary>
    void MultiplyAddSecond(float* scalars, nint pitch, TLanes vector);

    /// <summary>Reads the initial values of each block, <paramref name="pitch"/> floats apart (0: the same for all pixels).</summary>
    void Load(float* first, float* second, nint pitch);

    /// <summary>Adds values to the sums of each block, <paramref name="pitch"/> floats apart.</summary>
    void Add(float* first, float* second, nint pitch);

    /// <summary>Clips all sums to bounds.</summary>
    void Clip(TLanes least, TLanes most);

    /// <summary>Multiplies the sums of each block by a vector.</summary>
    void Multiply(TLanes first, TLanes second);

    /// <summary>Writes the sums of each block, <paramref name="pitch"/> floats apart.</summary>
    void Store(float* first, float* second, nint pitch);

    /// <summary>Number of pixels.</summary>
    static abstract int Width { get; }
}

/// <summary>One pixel.</summary>
internal unsafe struct OnePair<TLanes> : IPairedSums<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    private TLanes _first;
    private TLanes _second;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clear() => this = default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, nint pitch, TLanes first, TLanes second)
    {
        var scalar = TLanes.Broadcast(*scalars);
        _first = TLanes.MultiplyAdd(scalar, first, _first);
        _second = TLanes.MultiplyAdd(scalar, second, _second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddFirst(float* scalars, nint pitch, TLanes vector) => _first = TLanes.MultiplyAdd(scalars, vector, _first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddSecond(float* scalars, nint pitch, TLanes vector) => _second = TLanes.MultiplyAdd(scalars, vector, _second);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* first, float* second, nint pitch) => (_first, _second) = (TLanes.Load(first), TLanes.Load(second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* first, float* second, nint pitch) =>
        (_first, _second) = (TLanes.Add(_first, TLanes.Load(first)), TLanes.Add(_second, TLanes.Load(second)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(TLanes least, TLanes most) =>
        (_first, _second) = (TLanes.Clip(_first, least, most), TLanes.Clip(_second, least, most));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(TLanes first, TLanes second) =>
        (_first, _second) = (TLanes.Multiply(_first, first), TLanes.Multiply(_second, second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* first, float* second, nint pitch)
    {
        TLanes.Store(first, _first);
        TLanes.Store(second, _second);
    }
}

/// <summary>Two pixels.</summary>
internal unsafe struct TwoPairs<TLanes> : IPairedSums<TLanes> where TLanes : unmanaged, ILanes<TLanes>
{
    private TLanes _first0;
    private TLanes _first1;
    private TLanes _second0;
    private TLanes _second1;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clear() => this = default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, nint pitch, TLanes first, TLanes second)
    {
        var scalar = TLanes.Broadcast(*scalars);
        _first0 = TLanes.MultiplyAdd(scalar, first, _first0);
        _second0 = TLanes.MultiplyAdd(scalar, second, _second0);
        scalar = TLanes.Broadcast(scalars[pitch]);
        _first1 = TLanes.MultiplyAdd(scalar, first, _first1);
        _second1 = TLanes.MultiplyAdd(scalar, second, _second1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddFirst(float* scalars, nint pitch, TLanes vector)
    {
        _first0 = TLanes.MultiplyAdd(scalars, vector, _first0);
        _first1 = TLanes.MultiplyAdd(scalars + pitch, vector, _first1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddSecond(float* scalars, nint pitch, TLanes vector)
    {
        _second0 = TLanes.MultiplyAdd(scalars, vector, _second0);
        _second1 = TLanes.MultiplyAdd(scalars + pitch, vector, _second1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* first, float* second, nint pitch)
    {
        (_first0, _first1) = (TLanes.Load(first), TLanes.Load(first + pitch));
        (_second0, _second1) = (TLanes.Load(second), TLanes.Load(second + pitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* first, float* second, nint pitch)
    {
        (_first0, _first1) = (TLanes.Add(_first0, TLanes.Load(first)), TLanes.Add(_first1, TLanes.Load(first + pitch)));
        (_second0, _second1) = (TLanes.Add(_second0, TLanes.Load(second)), TLanes.Add(_second1, TLanes.Load(second + pitch)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clip(TLanes least, TLanes most)
    {
        (_first0, _first1) = (TLanes.Clip(_first0, least, most), TLanes.Clip(_first1, least, most));
        (_second0, _second1) = (TLanes.Clip(_second0, least, most), TLanes.Clip(_second1, least, most));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(TLanes first, TLanes second)
    {
        (_first0, _first1) = (TLanes.Multiply(_first0, first), TLanes.Multiply(_first1, first));
        (_second0, _second1) = (TLanes.Multiply(_second0, second), TLanes.Multiply(_second1, second));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* first, float* second, nint pitch)
    {
        TLanes.Store(first, _first0);
        TLanes.Store(first + pitch, _first1);
        TLanes.Store(second, _second0);
        TLanes.Store(second + pitch, _second1);
    }
}

/// <summary>The pixels of one and then those of another.</summary>
internal unsafe struct JoinPairs<TLanes, TLeft, TRight> : IPairedSums<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
    where TLeft : unmanaged, IPairedSums<TLanes>
    where TRight : unmanaged, IPairedSums<TLanes>
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
    public void MultiplyAdd(float* scalars, nint pitch, TLanes first, TLanes second)
    {
        _left.MultiplyAdd(scalars, pitch, first, second);
        _right.MultiplyAdd(scalars + TLeft.Width * pitch, pitch, first, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddFirst(float* scalars, nint pitch, TLanes vector)
    {
        _left.MultiplyAddFirst(scalars, pitch, vector);
        _right.MultiplyAddFirst(scalars + TLeft.Width * pitch, pitch, vector);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAddSecond(float* scalars, nint pitch, TLanes vector)
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
    public void Clip(TLanes least, TLanes most)
    {
        _left.Clip(least, most);
        _right.Clip(least, most);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(TLanes first, TLanes second)
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
