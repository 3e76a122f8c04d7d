using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Neighbouring vectors of tiles, in registers.</summary>
internal unsafe interface ITileVectors<TSelf> where TSelf : unmanaged, ITileVectors<TSelf>
{
    /// <summary>Number of tiles.</summary>
    static abstract int Tiles { get; }

    /// <summary>Reads them.</summary>
    static abstract TSelf Load(float* source);

    /// <summary>Adds scalar · vector to each.</summary>
    void MultiplyAdd(float scalar, in TSelf vectors);

    /// <summary>Writes them.</summary>
    void Store(float* destination);
}

/// <summary>One vector.</summary>
internal unsafe struct OneTileVector<T> : ITileVectors<OneTileVector<T>> where T : unmanaged, ITileLanes<T>
{
    private T _a;

    public static int Tiles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneTileVector<T> Load(float* source) => new() { _a = T.Load(source) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float scalar, in OneTileVector<T> vectors) => _a = T.MultiplyAdd(T.Broadcast(scalar), vectors._a, _a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination) => T.Store(destination, _a);
}

/// <summary>Two vectors.</summary>
internal unsafe struct TwoTileVectors<T> : ITileVectors<TwoTileVectors<T>> where T : unmanaged, ITileLanes<T>
{
    private T _a;
    private T _b;

    public static int Tiles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * T.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoTileVectors<T> Load(float* source) => new() { _a = T.Load(source), _b = T.Load(source + T.Count) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float scalar, in TwoTileVectors<T> vectors)
    {
        var all = T.Broadcast(scalar);
        _a = T.MultiplyAdd(all, vectors._a, _a);
        _b = T.MultiplyAdd(all, vectors._b, _b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination)
    {
        T.Store(destination, _a);
        T.Store(destination + T.Count, _b);
    }
}

/// <summary>Three vectors.</summary>
internal unsafe struct ThreeTileVectors<T> : ITileVectors<ThreeTileVectors<T>> where T : unmanaged, ITileLanes<T>
{
    private T _a;
    private T _b;
    private T _c;

    public static int Tiles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 3 * T.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ThreeTileVectors<T> Load(float* source) => new()
    {
        _a = T.Load(source),
        _b = T.Load(source + T.Count),
        _c = T.Load(source + 2 * T.Count),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float scalar, in ThreeTileVectors<T> vectors)
    {
        var all = T.Broadcast(scalar);
        _a = T.MultiplyAdd(all, vectors._a, _a);
        _b = T.MultiplyAdd(all, vectors._b, _b);
        _c = T.MultiplyAdd(all, vectors._c, _c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination)
    {
        T.Store(destination, _a);
        T.Store(destination + T.Count, _b);
        T.Store(destination + 2 * T.Count, _c);
    }
}
