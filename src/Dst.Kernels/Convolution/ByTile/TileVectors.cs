using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dst.Kernels;

/// <summary>Neighbouring vectors of sixteen tiles, in registers.</summary>
internal unsafe interface ITileVectors<TSelf> where TSelf : unmanaged, ITileVectors<TSelf>
{
    /// <summary>Number of vectors.</summary>
    static abstract int Count { get; }

    /// <summary>Reads them.</summary>
    static abstract TSelf Load(float* source);

    /// <summary>Adds scalar · vector to each.</summary>
    void MultiplyAdd(float scalar, in TSelf vectors);

    /// <summary>Writes them.</summary>
    void Store(float* destination);
}

/// <summary>One vector.</summary>
internal unsafe struct OneTileVector : ITileVectors<OneTileVector>
{
    private Vector512<float> _a;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneTileVector Load(float* source) => new() { _a = Vector512.Load(source) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float scalar, in OneTileVector vectors) =>
        _a = Vector512.FusedMultiplyAdd(Vector512.Create(scalar), vectors._a, _a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination) => _a.Store(destination);
}

/// <summary>Two vectors.</summary>
internal unsafe struct TwoTileVectors : ITileVectors<TwoTileVectors>
{
    private Vector512<float> _a;
    private Vector512<float> _b;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoTileVectors Load(float* source) =>
        new() { _a = Vector512.Load(source), _b = Vector512.Load(source + Layout.Block) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float scalar, in TwoTileVectors vectors)
    {
        var all = Vector512.Create(scalar);
        _a = Vector512.FusedMultiplyAdd(all, vectors._a, _a);
        _b = Vector512.FusedMultiplyAdd(all, vectors._b, _b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination)
    {
        _a.Store(destination);
        _b.Store(destination + Layout.Block);
    }
}

/// <summary>Three vectors.</summary>
internal unsafe struct ThreeTileVectors : ITileVectors<ThreeTileVectors>
{
    private Vector512<float> _a;
    private Vector512<float> _b;
    private Vector512<float> _c;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ThreeTileVectors Load(float* source) => new()
    {
        _a = Vector512.Load(source),
        _b = Vector512.Load(source + Layout.Block),
        _c = Vector512.Load(source + 2 * Layout.Block),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float scalar, in ThreeTileVectors vectors)
    {
        var all = Vector512.Create(scalar);
        _a = Vector512.FusedMultiplyAdd(all, vectors._a, _a);
        _b = Vector512.FusedMultiplyAdd(all, vectors._b, _b);
        _c = Vector512.FusedMultiplyAdd(all, vectors._c, _c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination)
    {
        _a.Store(destination);
        _b.Store(destination + Layout.Block);
        _c.Store(destination + 2 * Layout.Block);
    }
}
