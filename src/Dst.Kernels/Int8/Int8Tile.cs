using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The sums of sixteen filters at some neighbouring pixels, which live in registers through the loop over the weights.</summary>
internal unsafe interface IInt8Tile<TLanes> where TLanes : unmanaged, IIntLanes<TLanes>
{
    /// <summary>Number of pixels.</summary>
    static abstract int Width { get; }

    /// <summary>Adds a pair of weights of each filter times the pixels' pairs.</summary>
    /// <param name="pairs">The first pixel's pair; those of neighbours are <see cref="Int8Planes.Pairs"/> apart.</param>
    /// <param name="weights">The weights.</param>
    void MultiplyAdd(int* pairs, TLanes weights);

    /// <summary>Writes the results from an index of a map on.</summary>
    void Store(in LaneResult result, byte* residual, void* y, long index);
}

/// <summary>One pixel.</summary>
internal unsafe struct Int8Tile1<TLanes> : IInt8Tile<TLanes> where TLanes : unmanaged, IIntLanes<TLanes>
{
    private TLanes _a;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(int* pairs, TLanes weights) => _a = TLanes.MultiplyAdd(weights, TLanes.Broadcast(*pairs), _a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(in LaneResult result, byte* residual, void* y, long index) => result.Store(_a, residual, y, index);
}

/// <summary>Two pixels.</summary>
internal unsafe struct Int8Tile2<TLanes> : IInt8Tile<TLanes> where TLanes : unmanaged, IIntLanes<TLanes>
{
    private TLanes _a;
    private TLanes _b;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(int* pairs, TLanes weights)
    {
        _a = TLanes.MultiplyAdd(weights, TLanes.Broadcast(pairs[0]), _a);
        _b = TLanes.MultiplyAdd(weights, TLanes.Broadcast(pairs[Int8Planes.Pairs]), _b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(in LaneResult result, byte* residual, void* y, long index)
    {
        result.Store(_a, residual, y, index);
        result.Store(_b, residual, y, index + Layout.Block);
    }
}

/// <summary>Four pixels.</summary>
internal unsafe struct Int8Tile4<TLanes> : IInt8Tile<TLanes> where TLanes : unmanaged, IIntLanes<TLanes>
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
    public void MultiplyAdd(int* pairs, TLanes weights)
    {
        _a = TLanes.MultiplyAdd(weights, TLanes.Broadcast(pairs[0]), _a);
        _b = TLanes.MultiplyAdd(weights, TLanes.Broadcast(pairs[Int8Planes.Pairs]), _b);
        _c = TLanes.MultiplyAdd(weights, TLanes.Broadcast(pairs[2 * Int8Planes.Pairs]), _c);
        _d = TLanes.MultiplyAdd(weights, TLanes.Broadcast(pairs[3 * Int8Planes.Pairs]), _d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(in LaneResult result, byte* residual, void* y, long index)
    {
        result.Store(_a, residual, y, index);
        result.Store(_b, residual, y, index + Layout.Block);
        result.Store(_c, residual, y, index + 2 * Layout.Block);
        result.Store(_d, residual, y, index + 3 * Layout.Block);
    }
}

/// <summary>The pixels of one tile and then those of another.</summary>
internal unsafe struct Int8TileJoin<TLanes, TLeft, TRight> : IInt8Tile<TLanes>
    where TLanes : unmanaged, IIntLanes<TLanes>
    where TLeft : unmanaged, IInt8Tile<TLanes>
    where TRight : unmanaged, IInt8Tile<TLanes>
{
    private TLeft _left;
    private TRight _right;

    public Int8TileJoin()
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
    public void MultiplyAdd(int* pairs, TLanes weights)
    {
        _left.MultiplyAdd(pairs, weights);
        _right.MultiplyAdd(pairs + TLeft.Width * Int8Planes.Pairs, weights);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(in LaneResult result, byte* residual, void* y, long index)
    {
        _left.Store(result, residual, y, index);
        _right.Store(result, residual, y, index + TLeft.Width * Layout.Block);
    }
}
