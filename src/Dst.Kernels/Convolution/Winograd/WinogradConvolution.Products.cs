using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>
/// The matrix products of weights and tiles, one at each position of the transform domain. Their loops are optimised from the first call
/// on, because plans measure them in a young process.
/// </content>
public sealed unsafe partial class WinogradConvolution
{
    /// <summary>Floats of V at positions that are multiplied in one loop, and read again for the next blocks: 256 kB.</summary>
    private const int FloatsInCache = 1 << 16;

    /// <summary>
    /// The first product of a run of rows, found once for all positions: it has the rows of the first image in one dimension, all in two.
    /// Those that follow have whole images.
    /// </summary>
    private (int Rows, nint Input, nint Output) FirstProduct(TileRows rows)
    {
        var part = PartOf(rows, done: 0);
        return (part.Count, RowOffset(PlaceOf(InputWalk, part)), RowOffset(part.Place));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply<T, TWeight>(
        (int First, int End) positions, (int First, int End) blocks, TileRows rows, float* v, TWeight* u, float* scales, float* m,
        Prefetch prefetch)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        var part = FirstProduct(rows);
        prefetch.CutInto(positions.End - positions.First);
        for (int p = positions.First, end; p < positions.End; p = end)
        {
            var units = _unitsAt[p];
            end = EndOfRun(p, positions.End, rows.Count);
            var run = new PositionRun(
                end - p, _inputPitch, _outputPitch, (nint)units.Offsets.Length * Layout.Block, (nint)units.Kept.Blocks * Layout.Block);
            for (var i = 0; i < run.Count; i++) prefetch.FetchNext();
            fixed (int* offsets = units.Offsets)
            {
                for (var b = blocks.First; b < blocks.End;)
                {
                    var isPair = b / 2 < units.Pairs.Length;
                    var first = ListOf(p, b, offsets, u, scales, m);
                    var second = isPair ? ListOf(p, b + 1, offsets, u, scales, m) : default;
                    var source = v + (long)p * _inputPitch + part.Input;
                    var destination = part.Output;
                    for (int left = rows.Count, count = part.Rows; left > 0; left -= count, count = Math.Min(left, RowsPerImage))
                    {
                        if (isPair)
                            TileProduct.RunPair<T, TWeight>(
                                PairTilesOf(count), units.Pairs[b / 2], first, second, source, destination, run);
                        else MultiplyBlock<T, TWeight>(units.HasWholeKernels[b], count, first, source, destination, run);
                        source += RowOffset(count + Reach);
                        destination += RowOffset(count);
                    }

                    b += isPair ? 2 : 1;
                }
            }
        }
    }

    /// <summary>
    /// One past the last of the positions that are multiplied in one loop: they read the same taps, and their inputs fit into
    /// the second-level cache.
    /// </summary>
    private int EndOfRun(int first, int end, int rows)
    {
        var units = _unitsAt[first];
        if (_sharesRows) return first + 1;
        var floats = rows * _tileColumns * Layout.PaddedChannels(Shape.Channels);
        var longest = Math.Max(1, FloatsInCache / floats);
        var next = first + 1;
        while (next < Math.Min(end, first + longest) && ReferenceEquals(_unitsAt[next], units)) next++;
        return next;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyBlock<T, TWeight>(
        bool hasWholeKernels, int rows, in ProductList<TWeight> list, float* source, nint destination, in PositionRun positions)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        var sharesRows = _sharesRows && hasWholeKernels && typeof(TWeight) == typeof(float);
        var together = sharesRows ? rows / FourRows<T>.Count * FourRows<T>.Count : 0;
        TileProduct.RunRows<T, TWeight>(together, _tileColumns, list, source, destination);
        if (together < rows)
            TileProduct.Run<T, TWeight>(
                TilesOf(rows - together), list, source + RowOffset(together), destination + RowOffset(together), positions);
    }

    /// <summary>What a block of filters keeps at a position, and where its products go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ProductList<TWeight> ListOf<TWeight>(int position, int block, int* offsets, TWeight* u, float* scales, float* m)
        where TWeight : unmanaged
    {
        var kept = _unitsAt[position].Kept;
        var first = kept.First(block);
        return new(
            offsets + first, kept.First(block + 1) - first, u + (_firstWeight[position] + first) * Layout.Block,
            scales + ((long)position * kept.Blocks + block) * Layout.Block, m + (long)position * _outputPitch + block * _outputPlane);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyTransposed<T>(
        int firstPosition, int endPosition, TileRows rows, float* dm, float* u, float* dv, Prefetch prefetch)
        where T : unmanaged, ILanes<T>
    {
        var part = FirstProduct(rows);
        prefetch.CutInto(endPosition - firstPosition);
        for (var p = firstPosition; p < endPosition; p++)
        {
            prefetch.FetchNext();
            var weights = u + (long)p * _transposedTaps * Layout.Block;
            if (_channelPairs is not null)
            {
                MultiplyKeptChannels<T>(_channelPairs, rows.Count, weights, dm + (long)p * _outputPitch, dv + (long)p * _inputPitch);
                continue;
            }

            for (var b = 0; b < Shape.ChannelBlocks; b++, weights += (long)_outputOffsets.Length * Layout.Block)
            {
                var source = dm + (long)p * _outputPitch + part.Output;
                var destination = dv + (long)p * _inputPitch + part.Input + b * _inputPlane;
                for (int left = rows.Count, count = part.Rows; left > 0; left -= count, count = Math.Min(left, RowsPerImage))
                {
                    MultiplyAllChannels<T>(count, weights, source, destination);
                    source += RowOffset(count);
                    destination += RowOffset(count + Reach);
                }
            }
        }
    }

    /// <summary>
    /// A block of channels of rows of one image. Row i of V meets row k of the kernels in row i − k of M: neighbours that meet the same
    /// rows of the kernels are one product.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyAllChannels<T>(int rows, float* weights, float* source, float* destination) where T : unmanaged, ILanes<T>
    {
        fixed (int* offsets = _outputOffsets)
        {
            for (var row = 0; row < rows + Reach;)
            {
                int first = Math.Max(0, row - rows + 1), end = Math.Min(row, Reach) + 1;
                var count = row >= Reach && row < rows ? rows - row : 1;
                TileProduct.Run<T, float>(
                    TilesOf(count),
                    new(
                        offsets + first * Shape.Filters, (end - first) * Shape.Filters,
                        weights + (long)first * Shape.Filters * Layout.Block, null, destination),
                    source + RowOffset(row), RowOffset(row), PositionRun.Single);
                row += count;
            }
        }
    }

    /// <summary>For each pair of channel blocks the lanes are the channels that a block of filters keeps of both.</summary>
    private void MultiplyKeptChannels<T>(ChannelBlockPairs pairs, int rows, float* weights, float* source, float* destination)
        where T : unmanaged, ILanes<T>
    {
        var tiles = rows * _tileColumns;
        fixed (int* lanes = pairs.Lanes)
        {
            for (var pair = 0; pair < pairs.Count; pair++, weights += Shape.Filters * Layout.Block)
            {
                var first = destination + 2 * pair * _inputPlane;
                var second = 2 * pair + 1 < Shape.ChannelBlocks ? first + _inputPlane : null;
                var pairsFilters = pairs.PairsFilters(pair);
                for (nint tile = 0; tile < tiles; tile += EightSums<T>.Count)
                {
                    var offset = tile * Layout.Block;
                    var lanesOfPair = lanes + (nint)pair * pairs.LanesOfPair;
                    var count = Math.Min(EightSums<T>.Count, tiles - (int)tile);
                    if (pairsFilters) BlockOfEight(weights, source + offset, lanesOfPair, count, first + offset);
                    else PairOfEight<T>(
                        weights, source + offset, lanesOfPair, count, first + offset, second == null ? null : second + offset);
                }
            }
        }
    }

    /// <summary>
    /// Eight tiles of a pair of channel blocks. The sums of a block of filters stay in registers until they are added to the lanes of their
    /// channels.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PairOfEight<T>(float* weights, float* source, int* lanes, int tiles, float* first, float* second)
        where T : unmanaged, ILanes<T>
    {
        EightSums<T> ofFirst = default, ofSecond = default;
        for (var left = Shape.Filters; left > 0; left -= Layout.Block, source += _outputPlane, lanes += 2 * Layout.Block)
        {
            EightSums<T> sums = default;
            for (var filter = source; filter < source + Math.Min(Layout.Block, left); filter++, weights += Layout.Block)
                sums.MultiplyAdd(filter, T.Load(weights));
            ofFirst.AddPicked(sums, lanes);
            ofSecond.AddPicked(sums, lanes + Layout.Block);
        }

        ofFirst.Store(first, tiles);
        if (second != null) ofSecond.Store(second, tiles);
    }

    /// <summary>Eight tiles of a block of channels, of which each block of filters keeps eight at most: two filters at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BlockOfEight(float* weights, float* source, int* lanes, int tiles, float* destination)
    {
        EightSums<Lanes512> all = default;
        for (var left = Shape.Filters; left > 0; left -= Layout.Block, source += _outputPlane, lanes += 2 * Layout.Block)
        {
            EightPairedSums sums = default;
            var ofPair = weights;
            for (var filter = source; filter < source + Math.Min(Layout.Block, left); filter += 2, ofPair += Layout.Block)
                sums.MultiplyAdd(filter, Vector512.Load(ofPair));
            all.AddPicked(sums.Total, lanes);
            weights += Layout.Block * Layout.Block;
        }

        all.Store(destination, tiles);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddWeightGradient<T, TTaps>(
        (int First, int End) positions, (int First, int End) blocks, TileRows rows, float* v, float* dm, float* du, Prefetch prefetch)
        where T : unmanaged, ILanes<T>
        where TTaps : unmanaged, ITapAccumulators<T>
    {
        var part = FirstProduct(rows);
        prefetch.CutInto(positions.End - positions.First);
        for (var p = positions.First; p < positions.End; p++)
        {
            prefetch.FetchNext();
            var units = _unitsAt[p];
            var source = v + (long)p * _inputPitch + part.Input;
            var gradient = dm + (long)p * _outputPitch + part.Output;
            var sums = du + _firstGradient[p] * Layout.Block;
            for (int left = rows.Count, count = part.Rows; left > 0; left -= count, count = Math.Min(left, RowsPerImage))
            {
                for (var b = blocks.First; b < blocks.End;)
                {
                    var isPair = b % 2 == 0 && b + 1 < blocks.End && b / 2 < units.Pairs.Length;
                    var common = isPair ? units.GradientPairs[b / 2] : 0;
                    if (common > 0)
                        AddWeightGradient<T, TwiceTaps<T, FourTapPairs<T>>>(
                            units, b, 0, common, count * _tileColumns, source, gradient, sums);
                    for (var end = b + (isPair ? 2 : 1); b < end; b++)
                        AddWeightGradient<T, TTaps>(units, b, common, units.Gradients(b), count * _tileColumns, source, gradient, sums);
                }

                source += RowOffset(count + Reach);
                gradient += RowOffset(count);
            }
        }
    }

    /// <summary>Some units of a block of filters, or of it and the next one, from one index in its list to another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddWeightGradient<T, TTaps>(
        PositionUnits units, int block, int first, int end, int tiles, float* source, float* gradient, float* sums)
        where T : unmanaged, ILanes<T>
        where TTaps : unmanaged, ITapAccumulators<T>
    {
        var firstOfBlock = units.GradientFirst[block];
        var next = units.Gradients(block) * Layout.Block;
        gradient += block * _outputPlane;
        fixed (int* offsets = units.GradientOffsets)
        {
            for (var i = firstOfBlock + first; i < firstOfBlock + end; i += TTaps.Count)
                TileProduct.Correlate<T, TTaps>(
                    tiles, source, offsets + i, gradient, _outputPlane, sums + (long)i * Layout.Block, next);
        }
    }

    private readonly struct MultiplyKernel<TWeight>(
        WinogradConvolution conv, (int First, int End) positions, (int First, int End) blocks, TileRows rows, float* v, TWeight* u,
        float* scales, float* m, Prefetch prefetch) : IVectorKernel
        where TWeight : unmanaged
    {
        public void Run<T>() where T : unmanaged, ILanes<T> =>
            conv.Multiply<T, TWeight>(positions, blocks, rows, v, u, scales, m, prefetch);
    }

    private readonly struct MultiplyTransposedKernel(
        WinogradConvolution conv, int first, int end, TileRows rows, float* dm, float* u, float* dv, Prefetch prefetch) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.MultiplyTransposed<T>(first, end, rows, dm, u, dv, prefetch);
    }

    private readonly struct BackwardWeightKernel(
        WinogradConvolution conv, (int First, int End) positions, (int First, int End) blocks, TileRows rows, float* v, float* dm,
        float* du, Prefetch prefetch) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            if (T.Accumulators >= TwiceTaps<T, FourTaps<T>>.Count)
                conv.AddWeightGradient<T, TwiceTaps<T, FourTaps<T>>>(positions, blocks, rows, v, dm, du, prefetch);
            else conv.AddWeightGradient<T, FourTaps<T>>(positions, blocks, rows, v, dm, du, prefetch);
        }
    }
}
