using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dst.Kernels.Simd;
using EightFilters = Dst.Kernels.Simd.Join<
    Dst.Kernels.Simd.Lanes512, Dst.Kernels.Simd.Four<Dst.Kernels.Simd.Lanes512>, Dst.Kernels.Simd.Four<Dst.Kernels.Simd.Lanes512>>;

namespace Dst.Kernels;

/// <content>Transforms and products.</content>
public sealed unsafe partial class TileWinogradConvolution
{
    /// <summary>
    /// V = Bᵀ d B of the channels that are read: of each one the columns of the squares as strips [row][column][tile], and these in rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformInput(int firstTile, int vectors, MapLayout input, InputPlanes planes, Scratch memory)
    {
        nint pitch = _tilesOfBand, rowPitch = Tile * pitch, positionPitch = _positionPitch;
        float* strips = memory.Strips, v = memory.V;
        fixed (int* masks = _masks)
        {
            for (var i = 0; i < _read.Length; i++, v += _tilesOfBand)
            {
                var channel = input switch { MapLayout.Planes => _read[i], MapLayout.Plain => i, _ => _planes[i] };
                for (var first = 0; first < vectors * Block; first += Block)
                {
                    var squares = planes.First + channel * planes.ChannelPitch + firstTile + first;
                    var mask = masks + firstTile + first;
                    Vector512<float> hasUpper = Vector512.Load(mask).AsSingle(), hasLower = Vector512.Load(mask + _planeLength).AsSingle();
                    for (var column = 0; column < Tile; column++)
                        Points6<Lanes512>.Input(
                            new WindowVectors(squares + column * planes.Length, Tile * planes.Length, _columns, hasUpper, hasLower),
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
                var m = new Products(memory.M, _together, vectors);
                var ending = new Ending(ofBlock.Bias + first, isAddedLater ? Bounds.None : ofBlock.Bounds);
                if (IsPooled) TransformOutputPooled(m, ending, output.From(first));
                else if (ofBlock.Residual == null || isAddedLater) TransformOutput<NoSum>(m, ending, default, output.From(first));
                else TransformOutput<ResidualSum>(m, ending, residual.From(first), output.From(first));
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

    /// <summary>y = Aᵀ M A of some filters, and what follows them, as planes. All of a tile stays in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformOutput<TSum>(Products products, Ending ending, PlanePlace residual, PlanePlace y) where TSum : ISum
    {
        Vector512<float> least = Vector512.Create(ending.Bounds.Least), most = Vector512.Create(ending.Bounds.Most);
        nint pitch = products.Pitch, next = residual.PlanePitch, to = y.PlanePitch;
        var m = products.First;
        for (var filter = 0; filter < products.Filters; filter++)
        {
            var bias = Vector512.Create(ending.Bias[filter]);
            float* added = residual.First + filter * residual.FilterPitch, first = y.First + filter * y.FilterPitch;
            for (var i = 0; i < products.Vectors; i++, m += Block, added += residual.VectorPitch, first += y.VectorPitch)
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

    /// <summary>
    /// As above, but of the maxima over 2×2 pixels. The bias is added to a maximum, which gives the same: rounding keeps the order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformOutputPooled(Products products, Ending ending, PlanePlace y)
    {
        Vector512<float> least = Vector512.Create(ending.Bounds.Least), most = Vector512.Create(ending.Bounds.Most);
        nint pitch = products.Pitch, to = y.PlanePitch;
        var m = products.First;
        for (var filter = 0; filter < products.Filters; filter++)
        {
            var bias = Vector512.Create(ending.Bias[filter]);
            var first = y.First + filter * y.FilterPitch;
            for (var i = 0; i < products.Vectors; i++, m += Block, first += y.VectorPitch)
            {
                Column(m, pitch, out var a0, out var a1, out var a2, out var a3);
                Column(m + pitch, pitch, out var b0, out var b1, out var b2, out var b3);
                Column(m + 2 * pitch, pitch, out var c0, out var c1, out var c2, out var c3);
                Column(m + 3 * pitch, pitch, out var d0, out var d1, out var d2, out var d3);
                Column(m + 4 * pitch, pitch, out var e0, out var e1, out var e2, out var e3);
                Column(m + 5 * pitch, pitch, out var f0, out var f1, out var f2, out var f3);
                Maxima(a0, b0, c0, d0, e0, f0, out var upper0, out var upper1);
                Maxima(a1, b1, c1, d1, e1, f1, out var lower0, out var lower1);
                Clip(Vector512.Max(upper0, lower0) + bias, least, most).Store(first);
                Clip(Vector512.Max(upper1, lower1) + bias, least, most).Store(first + to);
                Maxima(a2, b2, c2, d2, e2, f2, out upper0, out upper1);
                Maxima(a3, b3, c3, d3, e3, f3, out lower0, out lower1);
                Clip(Vector512.Max(upper0, lower0) + bias, least, most).Store(first + 2 * to);
                Clip(Vector512.Max(upper1, lower1) + bias, least, most).Store(first + 3 * to);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column(
        float* m, nint pitch, out Vector512<float> y0, out Vector512<float> y1, out Vector512<float> y2, out Vector512<float> y3)
    {
        var next = Points * pitch;
        Outputs(
            Vector512.Load(m), Vector512.Load(m + next), Vector512.Load(m + 2 * next), Vector512.Load(m + 3 * next),
            Vector512.Load(m + 4 * next), Vector512.Load(m + 5 * next), out y0, out y1, out y2, out y3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row<TSum>(
        Vector512<float> m0, Vector512<float> m1, Vector512<float> m2, Vector512<float> m3, Vector512<float> m4, Vector512<float> m5,
        Vector512<float> bias, Vector512<float> least, Vector512<float> most, float* added, nint addedPitch, float* y, nint pitch)
        where TSum : ISum
    {
        Outputs(m0, m1, m2, m3, m4, m5, out var y0, out var y1, out var y2, out var y3);
        Clip(TSum.Add(y0 + bias, added), least, most).Store(y);
        Clip(TSum.Add(y1 + bias, added + addedPitch), least, most).Store(y + pitch);
        Clip(TSum.Add(y2 + bias, added + 2 * addedPitch), least, most).Store(y + 2 * pitch);
        Clip(TSum.Add(y3 + bias, added + 3 * addedPitch), least, most).Store(y + 3 * pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Maxima(
        Vector512<float> m0, Vector512<float> m1, Vector512<float> m2, Vector512<float> m3, Vector512<float> m4, Vector512<float> m5,
        out Vector512<float> left, out Vector512<float> right)
    {
        Outputs(m0, m1, m2, m3, m4, m5, out var y0, out var y1, out var y2, out var y3);
        left = Vector512.Max(y0, y1);
        right = Vector512.Max(y2, y3);
    }

    /// <summary>
    /// Aᵀ of F(4, 3), as <see cref="Points6{T}.Outputs"/> has it. With the lanes of that, the JIT would not inline all of a tile.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Outputs(
        Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3, Vector512<float> v4, Vector512<float> v5,
        out Vector512<float> y0, out Vector512<float> y1, out Vector512<float> y2, out Vector512<float> y3)
    {
        Vector512<float> evenOne = v1 + v2, oddOne = v1 - v2, evenTwo = v3 + v4, oddTwo = v3 - v4;
        y0 = v0 + (evenOne + evenTwo);
        y1 = Vector512.FusedMultiplyAdd(Vector512.Create(2f), oddTwo, oddOne);
        y2 = Vector512.FusedMultiplyAdd(Vector512.Create(4f), evenTwo, evenOne);
        y3 = Vector512.FusedMultiplyAdd(Vector512.Create(8f), oddTwo, oddOne) + v5;
    }

    /// <summary>As <see cref="Lanes512"/> clips.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Clip(Vector512<float> value, Vector512<float> least, Vector512<float> most) =>
        Vector512.MinNative(most, Vector512.MaxNative(least, value));

    /// <summary>M of some filters, [position][filter][tile], and a cache line between positions.</summary>
    private readonly struct Products(float* first, int filters, int vectors)
    {
        public readonly float* First = first;
        public readonly int Filters = filters;

        /// <summary>Vectors of tiles.</summary>
        public readonly int Vectors = vectors;

        /// <summary>Floats from one position to the next.</summary>
        public readonly nint Pitch = (filters * vectors + 1) * Block;
    }

    /// <summary>Where the planes of filters lie.</summary>
    private readonly struct PlanePlace(float* first, nint vectorPitch, nint filterPitch, nint planePitch)
    {
        public readonly float* First = first;
        public readonly nint VectorPitch = vectorPitch;
        public readonly nint FilterPitch = filterPitch;
        public readonly nint PlanePitch = planePitch;

        /// <summary>From a filter on.</summary>
        public PlanePlace From(int filter) => new(First + filter * FilterPitch, VectorPitch, FilterPitch, PlanePitch);
    }

    /// <summary>What follows the outputs of some filters.</summary>
    private readonly struct Ending(float* bias, Bounds bounds)
    {
        public readonly float* Bias = bias;
        public readonly Bounds Bounds = bounds;
    }

    /// <summary>What is added to outputs, a type so that the JIT leaves out what is not.</summary>
    private interface ISum
    {
        static abstract Vector512<float> Add(Vector512<float> value, float* added);
    }

    private readonly struct NoSum : ISum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Add(Vector512<float> value, float* added) => value;
    }

    private readonly struct ResidualSum : ISum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Add(Vector512<float> value, float* added) => value + Vector512.Load(added);
    }
}
