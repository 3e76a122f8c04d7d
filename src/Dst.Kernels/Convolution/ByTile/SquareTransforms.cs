using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>F(4×4, 3×3), with 36 products instead of 144. A window begins a pixel before its square and ends one behind it.</summary>
internal unsafe class SquareTransforms : TileTransforms
{
    private const int Count = 6;
    private const int Side = 3; // of a kernel

    public override string Form => "winograd4x4 by tile";

    public override int Points => Count;

    public override int Outputs => Tile;

    public override IReadOnlyList<int[]> KernelRows { get; } = [[0], [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2], [2]];

    public override int StripLength => Count * Tile;

    public override void Weights(float* kernels, float* factors) =>
        SquareTransform.Apply<Lanes512, EvaluateTransform<Lanes512, Points6<Lanes512>, KernelSide<F4x3>>>(
            new(kernels, Side * Layout.Block, Layout.Block), new(factors, Count * Layout.Block, Layout.Block));

    /// <summary>The columns of the squares as strips, [point][column][tile], and these in rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Input(in TileSquares squares, float* strips, float* v, nint pitch)
    {
        nint strip = squares.Pitch, row = Tile * strip;
        for (var first = 0; first < squares.Tiles; first += Layout.Block)
        {
            var mask = squares.Masks + first;
            Vector512<float> hasUpper = Vector512.Load(mask).AsSingle(), hasLower = Vector512.Load(mask + squares.MaskLength).AsSingle();
            for (var column = 0; column < Tile; column++)
            {
                var x = squares.First + first + column * squares.PlaneLength;
                Points6<Lanes512>.Input(
                    new WindowVectors(x, Tile * squares.PlaneLength, squares.Columns, hasUpper, hasLower),
                    strips + column * strip + first, row);
            }
        }

        for (var first = 0; first < squares.Tiles; first += Layout.Block)
        {
            var mask = squares.Masks + 2 * squares.MaskLength + first;
            Vector512<float> hasLeft = Vector512.Load(mask).AsSingle(), hasRight = Vector512.Load(mask + squares.MaskLength).AsSingle();
            for (var i = 0; i < Count; i++)
                Points6<Lanes512>.Input(
                    new WindowVectors(strips + i * row + first, strip, 1, hasLeft, hasRight), v + first + i * Count * pitch, pitch);
        }
    }

    public override void Output(TileProducts products, TileEnding ending, PlanePlace residual, PlanePlace y)
    {
        if (residual.First == null) Output<NoTileSum>(products, ending, default, y);
        else Output<ResidualTileSum>(products, ending, residual, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static void Column(
        float* m, nint pitch, out Vector512<float> y0, out Vector512<float> y1, out Vector512<float> y2, out Vector512<float> y3)
    {
        var next = Count * pitch;
        Combine(
            Vector512.Load(m), Vector512.Load(m + next), Vector512.Load(m + 2 * next), Vector512.Load(m + 3 * next),
            Vector512.Load(m + 4 * next), Vector512.Load(m + 5 * next), out y0, out y1, out y2, out y3);
    }

    /// <summary>
    /// Aᵀ of F(4, 3), as <see cref="Points6{T}.Outputs"/> has it. With the lanes of that, the JIT would not inline all of a tile.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static void Combine(
        Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3, Vector512<float> v4, Vector512<float> v5,
        out Vector512<float> y0, out Vector512<float> y1, out Vector512<float> y2, out Vector512<float> y3)
    {
        Vector512<float> evenOne = v1 + v2, oddOne = v1 - v2, evenTwo = v3 + v4, oddTwo = v3 - v4;
        y0 = v0 + (evenOne + evenTwo);
        y1 = Vector512.FusedMultiplyAdd(Vector512.Create(2f), oddTwo, oddOne);
        y2 = Vector512.FusedMultiplyAdd(Vector512.Create(4f), evenTwo, evenOne);
        y3 = Vector512.FusedMultiplyAdd(Vector512.Create(8f), oddTwo, oddOne) + v5;
    }

    /// <summary>y = Aᵀ M A of some filters, and what follows them, as planes. All of a tile stays in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output<TSum>(TileProducts products, TileEnding ending, PlanePlace residual, PlanePlace y) where TSum : ITileSum
    {
        Vector512<float> least = Vector512.Create(ending.Bounds.Least), most = Vector512.Create(ending.Bounds.Most);
        nint pitch = products.Pitch, next = residual.PlanePitch, to = y.PlanePitch;
        var m = products.First;
        for (var filter = 0; filter < products.Filters; filter++)
        {
            var bias = Vector512.Create(ending.Bias[filter]);
            float* added = residual.First + filter * residual.FilterPitch, first = y.First + filter * y.FilterPitch;
            for (var i = 0; i < products.Vectors; i++, m += Layout.Block, added += residual.VectorPitch, first += y.VectorPitch)
            {
                Column(m, pitch, out var a0, out var a1, out var a2, out var a3);
                Column(m + pitch, pitch, out var b0, out var b1, out var b2, out var b3);
                Column(m + 2 * pitch, pitch, out var c0, out var c1, out var c2, out var c3);
                Column(m + 3 * pitch, pitch, out var d0, out var d1, out var d2, out var d3);
                Column(m + 4 * pitch, pitch, out var e0, out var e1, out var e2, out var e3);
                Column(m + 5 * pitch, pitch, out var f0, out var f1, out var f2, out var f3);
                Row<TSum>(a0, b0, c0, d0, e0, f0, bias, least, most, added, next, first, to);
                Row<TSum>(a1, b1, c1, d1, e1, f1, bias, least, most, added + 4 * next, next, first + 4 * to, to);
                Row<TSum>(a2, b2, c2, d2, e2, f2, bias, least, most, added + 8 * next, next, first + 8 * to, to);
                Row<TSum>(a3, b3, c3, d3, e3, f3, bias, least, most, added + 12 * next, next, first + 12 * to, to);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row<TSum>(
        Vector512<float> m0, Vector512<float> m1, Vector512<float> m2, Vector512<float> m3, Vector512<float> m4, Vector512<float> m5,
        Vector512<float> bias, Vector512<float> least, Vector512<float> most, float* added, nint addedPitch, float* y, nint pitch)
        where TSum : ITileSum
    {
        Combine(m0, m1, m2, m3, m4, m5, out var y0, out var y1, out var y2, out var y3);
        TileEnding.Clip(TSum.Add(y0 + bias, added), least, most).Store(y);
        TileEnding.Clip(TSum.Add(y1 + bias, added + addedPitch), least, most).Store(y + pitch);
        TileEnding.Clip(TSum.Add(y2 + bias, added + 2 * addedPitch), least, most).Store(y + 2 * pitch);
        TileEnding.Clip(TSum.Add(y3 + bias, added + 3 * addedPitch), least, most).Store(y + 3 * pitch);
    }
}
