using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// y = Aᵀ M A of F(4×4, 3×3), two rows of outputs of a tile at a time, first and third or second and fourth: each pair reads sums that the
/// other does not, and sixteen registers hold no more than a pair.
/// </summary>
internal static unsafe class RowPairs<T> where T : unmanaged, ITileLanes<T>
{
    /// <summary>Products in each dimension.</summary>
    public const int Points = 6;

    /// <summary>Computes a pair of rows of all tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write<TPair, TRows>(TileProducts products, TRows rows)
        where TPair : struct, IRowPair<T>
        where TRows : struct, IOutputRows<T>
    {
        nint pitch = products.Pitch;
        var m = products.First;
        for (var filter = 0; filter < products.Filters; filter++)
        {
            for (var tile = 0; tile < products.Tiles; tile += T.Count, m += T.Count)
            {
                TPair.Column(m, Points * pitch, out var a0, out var a1);
                TPair.Column(m + pitch, Points * pitch, out var b0, out var b1);
                TPair.Column(m + 2 * pitch, Points * pitch, out var c0, out var c1);
                TPair.Column(m + 3 * pitch, Points * pitch, out var d0, out var d1);
                TPair.Column(m + 4 * pitch, Points * pitch, out var e0, out var e1);
                TPair.Column(m + 5 * pitch, Points * pitch, out var f0, out var f1);
                Points6<T>.Outputs(a0, b0, c0, d0, e0, f0, out var y0, out var y1, out var y2, out var y3);
                rows.Write(filter, tile, TPair.First, y0, y1, y2, y3);
                Points6<T>.Outputs(a1, b1, c1, d1, e1, f1, out y0, out y1, out y2, out y3);
                rows.Write(filter, tile, TPair.First + 2, y0, y1, y2, y3);
            }
        }
    }
}

/// <summary>Two rows of Aᵀ of F(4, 3).</summary>
internal unsafe interface IRowPair<T>
{
    /// <summary>The first of them, two before the other.</summary>
    static abstract int First { get; }

    /// <summary>The rows times a column of products, <paramref name="next"/> floats apart.</summary>
    static abstract void Column(float* m, nint next, out T y0, out T y1);
}

/// <summary>The first row and the third.</summary>
internal readonly unsafe struct EvenRows<T> : IRowPair<T> where T : unmanaged, ITileLanes<T>
{
    public static int First
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Column(float* m, nint next, out T y0, out T y1)
    {
        T one = T.Add(T.Load(m + next), T.Load(m + 2 * next)), two = T.Add(T.Load(m + 3 * next), T.Load(m + 4 * next));
        y0 = T.Add(T.Load(m), T.Add(one, two));
        y1 = T.MultiplyAdd(T.Broadcast(4), two, one);
    }
}

/// <summary>The second row and the fourth.</summary>
internal readonly unsafe struct OddRows<T> : IRowPair<T> where T : unmanaged, ITileLanes<T>
{
    public static int First
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Column(float* m, nint next, out T y0, out T y1)
    {
        T one = T.Subtract(T.Load(m + next), T.Load(m + 2 * next)), two = T.Subtract(T.Load(m + 3 * next), T.Load(m + 4 * next));
        y0 = T.MultiplyAdd(T.Broadcast(2), two, one);
        y1 = T.Add(T.MultiplyAdd(T.Broadcast(8), two, one), T.Load(m + 5 * next));
    }
}

/// <summary>Takes rows of outputs.</summary>
internal interface IOutputRows<T>
{
    /// <summary>Takes a row of a vector of tiles, its pixels from left to right.</summary>
    void Write(int filter, int tile, int row, T y0, T y1, T y2, T y3);
}

/// <summary>Writes rows as planes, and what follows them.</summary>
internal readonly unsafe struct OutputRows<T, TSum>(TileEnding ending, PlanePlace residual, PlanePlace y) : IOutputRows<T>
    where T : unmanaged, ITileLanes<T>
    where TSum : ITileSum<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(int filter, int tile, int row, T y0, T y1, T y2, T y3)
    {
        nint pitch = y.PlanePitch, next = residual.PlanePitch;
        var added = residual.First + filter * residual.FilterPitch + tile + row * TileTransforms.Tile * next;
        var to = y.First + filter * y.FilterPitch + tile + row * TileTransforms.Tile * pitch;
        T bias = T.Broadcast(ending.Bias[filter]), least = T.Broadcast(ending.Bounds.Least), most = T.Broadcast(ending.Bounds.Most);
        T.Store(to, T.Clip(TSum.Add(T.Add(y0, bias), added), least, most));
        T.Store(to + pitch, T.Clip(TSum.Add(T.Add(y1, bias), added + next), least, most));
        T.Store(to + 2 * pitch, T.Clip(TSum.Add(T.Add(y2, bias), added + 2 * next), least, most));
        T.Store(to + 3 * pitch, T.Clip(TSum.Add(T.Add(y3, bias), added + 3 * next), least, most));
    }
}
