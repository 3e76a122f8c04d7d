using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>The matrix products of spectra, one at each frequency.</content>
public sealed unsafe partial class FftConvolution
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply<T>(int first, int end, TileRun tiles, float* v, float* u, float* m) where T : unmanaged, ILanes<T>
    {
        var widths = TileWidths(tiles.Count);
        fixed (int* offsets = _inputOffsets)
        {
            for (var f = first; f < end; f++)
            {
                for (var b = 0; b < Shape.FilterBlocks; b++)
                {
                    var kept = _kept.First(b);
                    ComplexProduct.Run<T>(
                        widths, offsets + kept, _kept.First(b + 1) - kept, u + WeightOffset(f, kept),
                        v + FrequencyOffset(f, _inputPitch) + OffsetOf(0, tiles.Place),
                        m + FrequencyOffset(f, _outputPitch) + OffsetOf(b, tiles.Place));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyTransposed<T>(int first, int end, TileRun tiles, float* dm, float* u, float* dv) where T : unmanaged, ILanes<T>
    {
        var widths = TileWidths(tiles.Count);
        var place = OffsetOf(0, tiles.Place);
        fixed (int* offsets = _outputOffsets)
        {
            for (var f = first; f < end; f++)
            {
                var weights = u + (nint)f * TransposedVectors * WeightParts;
                float* source = dm + FrequencyOffset(f, _outputPitch) + place, destination = dv + FrequencyOffset(f, _inputPitch) + place;
                if (_channelPairs is not null)
                {
                    MultiplyKeptChannels<T>(_channelPairs, widths, offsets, weights, source, destination);
                    continue;
                }

                for (var b = 0; b < Shape.ChannelBlocks; b++)
                    ComplexProduct.Run<T>(
                        widths, offsets, Shape.Filters, weights + (nint)b * Shape.Filters * WeightParts, source,
                        destination + OffsetOf(b, 0));
            }
        }
    }

    /// <summary>
    /// For each pair of channel blocks the lanes are the channels that a block of filters keeps of both. Its products are added to the
    /// lanes of their channels.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyKeptChannels<T>(
        ChannelBlockPairs pairs, int[] widths, int* offsets, float* weights, float* source, float* destination)
        where T : unmanaged, ILanes<T>
    {
        var room = stackalloc float[ComplexProduct.MostTiles * TilePitch + Layout.Block];
        var products = Layout.Align(room);
        fixed (int* lanes = pairs.Lanes)
        {
            for (var pair = 0; pair < pairs.Count; pair++, weights += Shape.Filters * WeightParts)
            {
                var place = 0;
                foreach (var width in widths)
                {
                    for (var b = 0; b < Shape.FilterBlocks; b++)
                    {
                        ComplexProduct.Run<T>(
                            width, offsets + b * Layout.Block, FiltersOf(b), weights + (nint)b * Layout.Block * WeightParts,
                            source + place * TilePitch, products);
                        var ofBlock = lanes + (nint)pair * pairs.LanesOfPair + b * 2 * Layout.Block;
                        AddPicked<T>(width, products, ofBlock, destination + OffsetOf(2 * pair, place), b > 0);
                        if (2 * pair + 1 < Shape.ChannelBlocks)
                            AddPicked<T>(width, products, ofBlock + Layout.Block, destination + OffsetOf(2 * pair + 1, place), b > 0);
                    }

                    place += width;
                }
            }
        }
    }

    /// <summary>Writes or adds lane lanes[i] of some tiles to lane i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddPicked<T>(int tiles, float* products, int* lanes, float* destination, bool accumulate)
        where T : unmanaged, ILanes<T>
    {
        for (var end = products + tiles * TilePitch; products < end; products += TilePitch, destination += TilePitch)
        {
            T re = T.Pick(T.Load(products), lanes), im = T.Pick(T.Load(products + Layout.Block), lanes);
            T.Store(destination, accumulate ? T.Add(T.Load(destination), re) : re);
            T.Store(destination + Layout.Block, accumulate ? T.Add(T.Load(destination + Layout.Block), im) : im);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyForWeightGradient<T>(
        (int First, int End) frequencies, (int First, int End) blocks, int tiles, float* v, float* dm, float* du, bool accumulate)
        where T : unmanaged, ILanes<T>
    {
        fixed (int* offsets = _inputOffsets)
        {
            for (var f = frequencies.First; f < frequencies.End; f++)
            {
                float* inputs = v + FrequencyOffset(f, _inputPitch), gradients = dm + FrequencyOffset(f, _outputPitch);
                for (var b = blocks.First; b < blocks.End; b++)
                {
                    var kept = _kept.First(b);
                    ComplexProduct.Correlate<T>(
                        tiles, offsets + kept, _kept.First(b + 1) - kept, inputs, gradients + OffsetOf(b, 0), du + WeightOffset(f, kept),
                        accumulate);
                }
            }
        }
    }

    private nint WeightOffset(int frequency, int unit) => ((nint)frequency * _kept.Units.Length + unit) * WeightParts;

    private readonly struct MultiplyKernel(FftConvolution conv, int first, int end, TileRun tiles, float* v, float* u, float* m)
        : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.Multiply<T>(first, end, tiles, v, u, m);
    }

    private readonly struct MultiplyTransposedKernel(FftConvolution conv, int first, int end, TileRun tiles, float* dm, float* u, float* dv)
        : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.MultiplyTransposed<T>(first, end, tiles, dm, u, dv);
    }

    private readonly struct WeightGradientKernel(
        FftConvolution conv, (int First, int End) frequencies, (int First, int End) blocks, int tiles, float* v, float* dm, float* du,
        bool accumulate) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> =>
            conv.MultiplyForWeightGradient<T>(frequencies, blocks, tiles, v, dm, du, accumulate);
    }
}
