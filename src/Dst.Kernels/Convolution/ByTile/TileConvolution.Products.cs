using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;
using EightFilters = Dst.Kernels.Simd.Join<
    Dst.Kernels.Simd.Lanes512, Dst.Kernels.Simd.Four<Dst.Kernels.Simd.Lanes512>, Dst.Kernels.Simd.Four<Dst.Kernels.Simd.Lanes512>>;

namespace Dst.Kernels;

/// <content>Products, and what is before and behind them.</content>
public sealed unsafe partial class TileConvolution
{
    /// <summary>V of the channels that are read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformInput(int firstTile, int tiles, MapLayout input, InputPlanes planes, Scratch memory)
    {
        fixed (int* masks = _masks)
        {
            var v = memory.V;
            for (var i = 0; i < _read.Length; i++, v += _tilesOfBand)
            {
                var channel = input switch { MapLayout.Planes => _read[i], MapLayout.Plain => i, _ => _planes[i] };
                var squares = new TileSquares(
                    planes.First + channel * planes.ChannelPitch + firstTile, planes.Length, _columns, tiles, _tilesOfBand,
                    masks + firstTile, _planeLength);
                _transforms.Input(squares, memory.Strips, v, _positionPitch);
            }
        }
    }

    /// <summary>Products of some tiles with some blocks of filters, and their outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply<T>(
        int firstTile, int tiles, (int First, int End) blocks, float* v, in TileMaps maps, float* weights, Epilogue epilogue,
        Scratch memory)
        where T : unmanaged, ITileLanes<T>
    {
        for (var b = blocks.First; b < blocks.End; b++)
        {
            var first = b * (OutputLength / Shape.FilterBlocks);
            var ofBlock = epilogue.From(b, first);
            var y = maps.Y + first;
            var hasResidual = ofBlock.Residual != null;
            var inResults = new PlanePlace(memory.Results, ResultPitch, Block * ResultPitch);
            var writesPlanes = maps.Output == MapLayout.Planes;
            PlanePlace output = writesPlanes && !IsStrided ? PlacesOf(y + firstTile) : inResults, residual = default;
            var isAddedLater = hasResidual && (IsStrided || (maps.Residual, maps.Output) is (MapLayout.Blocked, MapLayout.Blocked));
            if (hasResidual && !isAddedLater) residual = PlacesOf(ofBlock.Residual + firstTile);
            if (hasResidual && !isAddedLater && maps.Residual == MapLayout.Blocked)
            {
                PlanesOfResidual<T>(firstTile, Layout.CeilDiv(tiles, Block), ofBlock.Residual, memory.Results);
                residual = inResults;
            }

            var ending = new TileEnding(ofBlock.Bias, isAddedLater ? Bounds.None : ofBlock.Bounds);
            MultiplyBlock<T>(b, Layout.RoundUp(tiles, T.Count), v, weights, ending, residual, output, memory.M);
            var added = isAddedLater ? ofBlock.Residual : null;
            if (!writesPlanes) StoreBlocked<T>(firstTile, tiles, memory.Results, added, ofBlock.Bounds, y);
            else if (IsStrided) StoreSquares(firstTile, memory.Results, added, ofBlock.Bounds, y);
        }

        PlanePlace PlacesOf(float* map) => new(map, Phases * _planeLength, _planeLength);
    }

    /// <summary>Products of some tiles with a block of filters, and their outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyBlock<T>(
        int block, int tiles, float* v, float* weights, TileEnding ending, PlanePlace residual, PlanePlace output, float* m)
        where T : unmanaged, ITileLanes<T>
    {
        var ofFilter = (_firstWeight[block + 1] - _firstWeight[block]) / Block;
        for (var tile = 0; tile < tiles; tile += _tilesTogether)
        {
            var count = Math.Min(_tilesTogether, tiles - tile);
            for (var first = 0; first < Block; first += _filtersTogether)
            {
                Multiply<T>(count, block, v + tile, weights + _firstWeight[block] + first * ofFilter, m);
                _transforms.Output(
                    new(m, _filtersTogether, count), ending.From(first), residual.From(first, tile), output.From(first, tile));
            }
        }
    }

    /// <summary>M = U · V of some tiles and the filters of a block that go together.</summary>
    private void Multiply<T>(int tiles, int block, float* v, float* u, float* m) where T : unmanaged, ITileLanes<T>
    {
        foreach (var rows in _rowsOfBlocks[block])
        {
            var positions = rows.Count * _transforms.Points;
            switch (_filtersTogether, tiles / T.Count)
            {
                case (Block, _): MultiplySixteen(positions, rows.Places, v, u, m); break;
                case (HalfBlock, 3): MultiplyEight<ThreeTileVectors<T>>(positions, rows.Places, v, u, m); break;
                case (HalfBlock, 2): MultiplyEight<TwoTileVectors<T>>(positions, rows.Places, v, u, m); break;
                case (HalfBlock, _): MultiplyEight<OneTileVector<T>>(positions, rows.Places, v, u, m); break;
                case (_, 3): MultiplyFour<ThreeTileVectors<T>>(positions, rows.Places, v, u, m); break;
                case (_, 2): MultiplyFour<TwoTileVectors<T>>(positions, rows.Places, v, u, m); break;
                default: MultiplyFour<OneTileVector<T>>(positions, rows.Places, v, u, m); break;
            }

            v += (nint)positions * _positionPitch;
            u += positions * rows.Places.Length * _filtersTogether;
            m += positions * TileProducts.PitchOf(_filtersTogether, tiles);
        }
    }

    /// <summary>Sixteen filters and a vector of 512 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplySixteen(int positions, int[] places, float* v, float* u, float* m)
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

    /// <summary>Eight filters and some vectors of tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyEight<TVectors>(int positions, int[] places, float* v, float* u, float* m)
        where TVectors : unmanaged, ITileVectors<TVectors>
    {
        nint next = TVectors.Tiles;
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

    /// <summary>Four filters and some vectors of tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyFour<TVectors>(int positions, int[] places, float* v, float* u, float* m)
        where TVectors : unmanaged, ITileVectors<TVectors>
    {
        nint next = TVectors.Tiles;
        fixed (int* first = places)
        {
            var end = first + places.Length;
            for (var p = 0; p < positions; p++, v += _positionPitch, m += 4 * next + Block)
            {
                TVectors s0 = default, s1 = default, s2 = default, s3 = default;
                for (var channel = first; channel < end; channel++, u += 4)
                {
                    var tiles = TVectors.Load(v + *channel);
                    s0.MultiplyAdd(u[0], tiles);
                    s1.MultiplyAdd(u[1], tiles);
                    s2.MultiplyAdd(u[2], tiles);
                    s3.MultiplyAdd(u[3], tiles);
                }

                s0.Store(m);
                s1.Store(m + next);
                s2.Store(m + 2 * next);
                s3.Store(m + 3 * next);
            }
        }
    }
}
