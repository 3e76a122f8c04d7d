using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dst.Kernels.Simd;
using EightFilters = Dst.Kernels.Simd.Join<
    Dst.Kernels.Simd.Lanes512, Dst.Kernels.Simd.Four<Dst.Kernels.Simd.Lanes512>, Dst.Kernels.Simd.Four<Dst.Kernels.Simd.Lanes512>>;

namespace Dst.Kernels;

/// <content>Transforms and products.</content>
public sealed unsafe partial class TileWinogradConvolution
{
    /// <summary>V = Bᵀ d B of a channel: the columns of each square as strips [row][column][tile], and these in rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformInput(int firstTile, int vectors, float* planes, float* strips, float* v)
    {
        nint pitch = _tilesOfBand, rowPitch = Tile * pitch, positionPitch = _positionPitch;
        fixed (int* masks = _masks)
        {
            for (var first = 0; first < vectors * Block; first += Block)
            {
                var squares = planes + firstTile + first;
                var mask = masks + firstTile + first;
                Vector512<float> hasUpper = Vector512.Load(mask).AsSingle(), hasLower = Vector512.Load(mask + _planeLength).AsSingle();
                for (var column = 0; column < Tile; column++)
                    Points6<Lanes512>.Input(
                        new WindowVectors(squares + column * _planeLength, Tile * _planeLength, _columns, hasUpper, hasLower),
                        strips + column * pitch + first, rowPitch);
            }

            for (var first = 0; first < vectors * Block; first += Block)
            {
                var mask = masks + 2 * _planeLength + firstTile + first;
                Vector512<float> hasLeft = Vector512.Load(mask).AsSingle(), hasRight = Vector512.Load(mask + _planeLength).AsSingle();
                for (var row = 0; row < Points; row++)
                    Points6<Lanes512>.Input(
                        new WindowVectors(strips + row * rowPitch + first, pitch, 1, hasLeft, hasRight),
                        v + first + row * Points * positionPitch, positionPitch);
            }
        }
    }

    /// <summary>Products of some vectors of tiles with all filters, and their outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(int firstTile, int tiles, float* v, in TileMaps maps, float* weights, Epilogue epilogue, Scratch memory)
    {
        var vectors = Layout.CeilDiv(tiles, Block);
        var inResults = new PlanePlace(memory.Results, _results * Block * Block, Block, Block * Block);
        for (var b = 0; b < Shape.FilterBlocks; b++)
        {
            var ofBlock = epilogue.From(b, b * (OutputLength / Shape.FilterBlocks));
            var y = maps.Y + b * (OutputLength / Shape.FilterBlocks);
            var output = maps.Output == MapLayout.Planes ? PlacesOf(y + firstTile) : inResults;
            var residual = PlacesOf(ofBlock.Residual + firstTile);
            var isAddedLater = ofBlock.Residual != null && (maps.Residual, maps.Output) is (MapLayout.Blocked, MapLayout.Blocked);
            if (ofBlock.Residual != null && (maps.Residual, maps.Output) is (MapLayout.Blocked, MapLayout.Planes))
            {
                PlanesOfResidual(firstTile, vectors, ofBlock.Residual, memory.Results);
                residual = inResults;
            }

            for (var first = 0; first < Block; first += _together)
            {
                Multiply(vectors, b, v, weights + _firstWeight[b] + first * (_firstWeight[b + 1] - _firstWeight[b]) / Block, memory.M);
                var m = new Products(memory.M, vectors, (_together * vectors + 1) * Block);
                for (var filter = first; filter < first + _together; filter++, m.First += vectors * Block)
                {
                    var ending = new Ending(ofBlock.Bias == null ? 0 : ofBlock.Bias[filter], isAddedLater ? Bounds.None : ofBlock.Bounds);
                    if (IsPooled) TransformOutputPooled(m, ending, output.Of(filter));
                    else if (ofBlock.Residual == null || isAddedLater)
                        TransformOutput<NoSum>(m, ending, default, output.Of(filter));
                    else TransformOutput<ResidualSum>(m, ending, residual.Of(filter), output.Of(filter));
                }
            }

            for (var vector = 0; maps.Output == MapLayout.Blocked && vector < vectors; vector++)
                StoreBlocked(
                    firstTile + vector * Block, Math.Min(Block, tiles - vector * Block), memory.Results + vector * _results * Block * Block,
                    isAddedLater ? ofBlock.Residual : null, ofBlock.Bounds, y);
        }

        PlanePlace PlacesOf(float* map) => new(map, Block, Phases * _planeLength, _planeLength);
    }

    /// <summary>M = U · V of some vectors of tiles and the filters of a block that go together.</summary>
    private void Multiply(int vectors, int block, float* v, float* u, float* m)
    {
        foreach (var rows in _rowsOfBlocks[block])
        {
            var positions = rows.Count * Points;
            if (_together == Block) MultiplyBlock(positions, rows.Places, v, u, m);
            else if (vectors == 3) MultiplyHalf<ThreeTileVectors>(positions, rows.Places, v, u, m);
            else if (vectors == 2) MultiplyHalf<TwoTileVectors>(positions, rows.Places, v, u, m);
            else MultiplyHalf<OneTileVector>(positions, rows.Places, v, u, m);
            v += (nint)positions * _positionPitch;
            u += positions * rows.Places.Length * _together;
            m += positions * (_together * vectors + 1) * Block;
        }
    }

    /// <summary>One vector of tiles and sixteen filters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyBlock(int positions, int[] places, float* v, float* u, float* m)
    {
        fixed (int* first = places)
        {
            var end = first + places.Length;
            for (var p = 0; p < positions; p++, v += _positionPitch, m += (Block + 1) * Block)
            {
                Join<Lanes512, EightFilters, EightFilters> sums = default;
                for (var channel = first; channel < end; channel++, u += Block) sums.MultiplyAdd(u, 1, Lanes512.Load(v + *channel));
                sums.Store(m, Block);
            }
        }
    }

    /// <summary>Some vectors of tiles and eight filters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyHalf<TVectors>(int positions, int[] places, float* v, float* u, float* m)
        where TVectors : unmanaged, ITileVectors<TVectors>
    {
        nint next = TVectors.Count * Block;
        fixed (int* first = places)
        {
            var end = first + places.Length;
            for (var p = 0; p < positions; p++, v += _positionPitch, m += HalfBlock * next + Block)
            {
                TVectors s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
                for (var channel = first; channel < end; channel++, u += HalfBlock)
                {
                    var tiles = TVectors.Load(v + *channel);
                    s0.MultiplyAdd(u[0], tiles);
                    s1.MultiplyAdd(u[1], tiles);
                    s2.MultiplyAdd(u[2], tiles);
                    s3.MultiplyAdd(u[3], tiles);
                    s4.MultiplyAdd(u[4], tiles);
                    s5.MultiplyAdd(u[5], tiles);
                    s6.MultiplyAdd(u[6], tiles);
                    s7.MultiplyAdd(u[7], tiles);
                }

                s0.Store(m);
                s1.Store(m + next);
                s2.Store(m + 2 * next);
                s3.Store(m + 3 * next);
                s4.Store(m + 4 * next);
                s5.Store(m + 5 * next);
                s6.Store(m + 6 * next);
                s7.Store(m + 7 * next);
            }
        }
    }

    /// <summary>y = Aᵀ M A of a filter, and what follows it, as planes. All of a tile stays in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformOutput<TSum>(Products products, Ending ending, PlanePlace residual, PlanePlace y) where TSum : ISum
    {
        Lanes512 bias = ending.Bias, least = ending.Least, most = ending.Most;
        nint pitch = products.Pitch, next = residual.PlanePitch, to = y.PlanePitch;
        for (var i = 0; i < products.Vectors; i++)
        {
            var m = products.First + i * Block;
            float* added = residual.First + i * residual.VectorPitch, first = y.First + i * y.VectorPitch;
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

    /// <summary>
    /// As above, but of the maxima over 2×2 pixels. The bias is added to a maximum, which gives the same: rounding keeps the order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformOutputPooled(Products products, Ending ending, PlanePlace y)
    {
        nint pitch = products.Pitch, to = y.PlanePitch;
        for (var i = 0; i < products.Vectors; i++)
        {
            var m = products.First + i * Block;
            var first = y.First + i * y.VectorPitch;
            Column(m, pitch, out var a0, out var a1, out var a2, out var a3);
            Column(m + pitch, pitch, out var b0, out var b1, out var b2, out var b3);
            Column(m + 2 * pitch, pitch, out var c0, out var c1, out var c2, out var c3);
            Column(m + 3 * pitch, pitch, out var d0, out var d1, out var d2, out var d3);
            Column(m + 4 * pitch, pitch, out var e0, out var e1, out var e2, out var e3);
            Column(m + 5 * pitch, pitch, out var f0, out var f1, out var f2, out var f3);
            Maxima(a0, b0, c0, d0, e0, f0, out var upper0, out var upper1);
            Maxima(a1, b1, c1, d1, e1, f1, out var lower0, out var lower1);
            Lanes512.Store(first, ending.Of(Lanes512.Max(upper0, lower0)));
            Lanes512.Store(first + to, ending.Of(Lanes512.Max(upper1, lower1)));
            Maxima(a2, b2, c2, d2, e2, f2, out upper0, out upper1);
            Maxima(a3, b3, c3, d3, e3, f3, out lower0, out lower1);
            Lanes512.Store(first + 2 * to, ending.Of(Lanes512.Max(upper0, lower0)));
            Lanes512.Store(first + 3 * to, ending.Of(Lanes512.Max(upper1, lower1)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column(float* m, nint pitch, out Lanes512 y0, out Lanes512 y1, out Lanes512 y2, out Lanes512 y3)
    {
        var next = Points * pitch;
        Points6<Lanes512>.Outputs(
            Lanes512.Load(m), Lanes512.Load(m + next), Lanes512.Load(m + 2 * next), Lanes512.Load(m + 3 * next),
            Lanes512.Load(m + 4 * next), Lanes512.Load(m + 5 * next), out y0, out y1, out y2, out y3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row<TSum>(
        Lanes512 m0, Lanes512 m1, Lanes512 m2, Lanes512 m3, Lanes512 m4, Lanes512 m5, Lanes512 bias, Lanes512 least, Lanes512 most,
        float* added, nint addedPitch, float* y, nint pitch)
        where TSum : ISum
    {
        Points6<Lanes512>.Outputs(m0, m1, m2, m3, m4, m5, out var y0, out var y1, out var y2, out var y3);
        Lanes512.Store(y, Lanes512.Clip(TSum.Add(Lanes512.Add(y0, bias), added), least, most));
        Lanes512.Store(y + pitch, Lanes512.Clip(TSum.Add(Lanes512.Add(y1, bias), added + addedPitch), least, most));
        Lanes512.Store(y + 2 * pitch, Lanes512.Clip(TSum.Add(Lanes512.Add(y2, bias), added + 2 * addedPitch), least, most));
        Lanes512.Store(y + 3 * pitch, Lanes512.Clip(TSum.Add(Lanes512.Add(y3, bias), added + 3 * addedPitch), least, most));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Maxima(
        Lanes512 m0, Lanes512 m1, Lanes512 m2, Lanes512 m3, Lanes512 m4, Lanes512 m5, out Lanes512 left, out Lanes512 right)
    {
        Points6<Lanes512>.Outputs(m0, m1, m2, m3, m4, m5, out var y0, out var y1, out var y2, out var y3);
        left = Lanes512.Max(y0, y1);
        right = Lanes512.Max(y2, y3);
    }

    /// <summary>M of a filter.</summary>
    private struct Products(float* first, int vectors, nint pitch)
    {
        /// <summary>The first vector at the first position.</summary>
        public float* First = first;

        /// <summary>Vectors of tiles.</summary>
        public readonly int Vectors = vectors;

        /// <summary>Floats from one position to the next.</summary>
        public readonly nint Pitch = pitch;
    }

    /// <summary>Where planes of filters lie.</summary>
    private readonly struct PlanePlace(float* first, nint vectorPitch, nint filterPitch, nint planePitch)
    {
        public readonly float* First = first;
        public readonly nint VectorPitch = vectorPitch;
        public readonly nint PlanePitch = planePitch;

        public PlanePlace Of(int filter) => new(First + filter * filterPitch, VectorPitch, filterPitch, PlanePitch);
    }

    /// <summary>What follows the outputs of a filter.</summary>
    private readonly struct Ending(float bias, Bounds bounds)
    {
        public readonly Lanes512 Bias = Lanes512.Broadcast(bias);
        public readonly Lanes512 Least = Lanes512.Broadcast(bounds.Least);
        public readonly Lanes512 Most = Lanes512.Broadcast(bounds.Most);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Lanes512 Of(Lanes512 value) => Lanes512.Clip(Lanes512.Add(value, Bias), Least, Most);
    }

    /// <summary>What is added to outputs, a type so that the JIT leaves out what is not.</summary>
    private interface ISum
    {
        static abstract Lanes512 Add(Lanes512 value, float* added);
    }

    private readonly struct NoSum : ISum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes512 Add(Lanes512 value, float* added) => value;
    }

    private readonly struct ResidualSum : ISum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes512 Add(Lanes512 value, float* added) => Lanes512.Add(value, Lanes512.Load(added));
    }
}
