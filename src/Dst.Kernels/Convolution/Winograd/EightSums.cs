using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Sixteen lanes of sums for each of eight tiles, in registers.</summary>
internal unsafe struct EightSums<T> where T : unmanaged, ILanes<T>
{
    /// <summary>Number of tiles.</summary>
    public const int Count = 8;

    private T _a;
    private T _b;
    private T _c;
    private T _d;
    private T _e;
    private T _f;
    private T _g;
    private T _h;

    /// <summary>Sets the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public EightSums(T a, T b, T c, T d, T e, T f, T g, T h) => (_a, _b, _c, _d, _e, _f, _g, _h) = (a, b, c, d, e, f, g, h);

    /// <summary>Adds vector · scalar to each tile; the scalars are sixteen floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, T vector)
    {
        _a = T.MultiplyAdd(scalars, vector, _a);
        _b = T.MultiplyAdd(scalars + Layout.Block, vector, _b);
        _c = T.MultiplyAdd(scalars + 2 * Layout.Block, vector, _c);
        _d = T.MultiplyAdd(scalars + 3 * Layout.Block, vector, _d);
        _e = T.MultiplyAdd(scalars + 4 * Layout.Block, vector, _e);
        _f = T.MultiplyAdd(scalars + 5 * Layout.Block, vector, _f);
        _g = T.MultiplyAdd(scalars + 6 * Layout.Block, vector, _g);
        _h = T.MultiplyAdd(scalars + 7 * Layout.Block, vector, _h);
    }

    /// <summary>Adds other's lanes[i] to lane i; nothing where that is 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddPicked(in EightSums<T> other, int* lanes)
    {
        _a = T.Add(_a, T.Pick(other._a, lanes));
        _b = T.Add(_b, T.Pick(other._b, lanes));
        _c = T.Add(_c, T.Pick(other._c, lanes));
        _d = T.Add(_d, T.Pick(other._d, lanes));
        _e = T.Add(_e, T.Pick(other._e, lanes));
        _f = T.Add(_f, T.Pick(other._f, lanes));
        _g = T.Add(_g, T.Pick(other._g, lanes));
        _h = T.Add(_h, T.Pick(other._h, lanes));
    }

    /// <summary>Writes the first <paramref name="tiles"/> tiles, sixteen floats each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, int tiles)
    {
        T.Store(destination, _a);
        if (tiles > 1) T.Store(destination + Layout.Block, _b);
        if (tiles > 2) T.Store(destination + 2 * Layout.Block, _c);
        if (tiles > 3) T.Store(destination + 3 * Layout.Block, _d);
        if (tiles > 4) T.Store(destination + 4 * Layout.Block, _e);
        if (tiles > 5) T.Store(destination + 5 * Layout.Block, _f);
        if (tiles > 6) T.Store(destination + 6 * Layout.Block, _g);
        if (tiles > 7) T.Store(destination + 7 * Layout.Block, _h);
    }
}
