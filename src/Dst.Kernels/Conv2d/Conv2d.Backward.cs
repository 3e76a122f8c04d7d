using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

public sealed unsafe partial class Conv2d
{
    /// <summary>dx = conv transposed(dy), or dx += with <paramref name="accumulate"/>.</summary>
    /// <param name="images">Number of images.</param>
    /// <param name="dy">Gradient of the output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="weights">Packed by <see cref="PackDataGradientWeights"/>.</param>
    /// <param name="dx">Gradient of the input [N, C/16, H, W, 16].</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    /// <param name="accumulate">Whether to add to <paramref name="dx"/>.</param>
    public void DataGradient(int images, float* dy, float* weights, float* dx, float* scratch, bool accumulate)
    {
        switch (Simd.Simd.Tier)
        {
            case SimdTier.V512: DataGradient<Lanes512>(images, dy, weights, dx, scratch, accumulate); break;
            case SimdTier.V256: DataGradient<Lanes256>(images, dy, weights, dx, scratch, accumulate); break;
            case SimdTier.V128: DataGradient<Lanes128>(images, dy, weights, dx, scratch, accumulate); break;
            default: DataGradientReference(Shape, images, dy, weights, dx, accumulate); break;
        }
    }

    /// <summary>Packs canonical weights [O, C/Groups, Kh, Kw] into <see cref="DataGradientWeightLength"/> floats, [phase][C/16][taps][16].</summary>
    public void PackDataGradientWeights(ReadOnlySpan<float> weights, Span<float> packed)
    {
        CheckLength(weights.Length, WeightCount);
        CheckLength(packed.Length, DataGradientWeightLength);
        if (Simd.Simd.Tier == SimdTier.Scalar)
        {
            weights.CopyTo(packed);
            return;
        }

        var s = Shape;
        var area = s.KernelHeight * s.KernelWidth;
        packed.Clear();
        var start = 0;
        foreach (var phase in _dataGradientTaps)
        {
            for (var b = 0; b < phase.Length; b++)
            {
                for (var lane = 0; lane < Math.Min(Layout.Block, s.Channels - b * Layout.Block); lane++)
                {
                    var channel = b * Layout.Block + lane;
                    var group = channel / s.ChannelsPerGroup;
                    var column = channel % s.ChannelsPerGroup * area;
                    for (var t = 0; t < phase[b].Length; t++)
                    {
                        var filter = phase[b][t] / area;
                        if (filter / (s.Filters / s.Groups) == group)
                            packed[start + t * Layout.Block + lane] = weights[filter * s.RowLength + column + phase[b][t] % area];
                    }
                }

                start += phase[b].Length * Layout.Block;
            }
        }
    }

    /// <summary>Adds the weight gradient of the blocks of 16 filters from <paramref name="firstBlock"/> on to a packed gradient.</summary>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Input [N, C/16, H, W, 16].</param>
    /// <param name="dy">Gradient of the output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="firstBlock">First block of 16 filters.</param>
    /// <param name="endBlock">One past the last block.</param>
    /// <param name="gradient"><see cref="WeightGradientLength"/> floats, added to.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void WeightGradient(int images, float* x, float* dy, int firstBlock, int endBlock, float* gradient, float* scratch)
    {
        switch (Simd.Simd.Tier)
        {
            case SimdTier.V512: WeightGradient<Lanes512, EightTaps<Lanes512>>(images, x, dy, firstBlock, endBlock, gradient, scratch); break;
            case SimdTier.V256: WeightGradient<Lanes256, FourTaps<Lanes256>>(images, x, dy, firstBlock, endBlock, gradient, scratch); break;
            case SimdTier.V128: WeightGradient<Lanes128, FourTaps<Lanes128>>(images, x, dy, firstBlock, endBlock, gradient, scratch); break;
            default:
                WeightGradientReference(Shape, firstBlock * Layout.Block, Math.Min(Shape.Filters, endBlock * Layout.Block), images, x, dy, gradient);
                break;
        }
    }

    /// <summary>Floats [first, end) of the packed gradient that belong to a block of 16 filters.</summary>
    public (int First, int End) WeightGradientRange(int block)
    {
        if (Simd.Simd.Tier == SimdTier.Scalar) return (block * Layout.Block * Shape.RowLength, (block + 1) * Layout.Block * Shape.RowLength);
        return (_gradientFirst[block] * Layout.Block, _gradientFirst[block + 1] * Layout.Block);
    }

    /// <summary>Writes one block's packed gradient to its place in the canonical gradient [O, C/Groups, Kh, Kw]; positions that are not kept become zero.</summary>
    public void UnpackWeightGradient(int block, ReadOnlySpan<float> packed, Span<float> gradient)
    {
        CheckLength(packed.Length, WeightGradientLength);
        CheckLength(gradient.Length, WeightCount);
        var s = Shape;
        var firstFilter = block * Layout.Block;
        var filters = Math.Min(Layout.Block, s.Filters - firstFilter);
        var rows = gradient.Slice(firstFilter * s.RowLength, filters * s.RowLength);
        if (Simd.Simd.Tier == SimdTier.Scalar)
        {
            packed.Slice(firstFilter * s.RowLength, rows.Length).CopyTo(rows);
            return;
        }

        rows.Clear();
        var taps = _forwardTaps[block];
        var values = packed[(_gradientFirst[block] * Layout.Block)..];
        for (var lane = 0; lane < filters; lane++)
        {
            var firstTap = (firstFilter + lane) / (s.Filters / s.Groups) * s.RowLength;
            for (var t = 0; t < taps.Length; t++)
            {
                var position = taps[t] - firstTap;
                if ((uint)position < (uint)s.RowLength) rows[lane * s.RowLength + position] = values[t * Layout.Block + lane];
            }
        }
    }

    private void DataGradient<TLanes>(int images, float* dy, float* weights, float* dx, float* scratch, bool accumulate) where TLanes : unmanaged, ILanes<TLanes>
    {
        var zero = stackalloc float[Layout.Block];
        new Span<float>(zero, Layout.Block).Clear();
        for (var first = 0; first < images; first += _outputGradient.ChunkImages)
        {
            var count = Math.Min(_outputGradient.ChunkImages, images - first);
            var source = _outputGradient.Pack<TLanes>(count, dy + (long)first * Shape.OutputLength, scratch);
            foreach (var pass in _dataGradient)
                Run<TLanes>(pass, count, source, weights, accumulate ? InitialValues.Destination : new(zero, 0), dx + (long)first * Shape.InputLength);
        }
    }

    private void WeightGradient<TLanes, TTaps>(int images, float* x, float* dy, int firstBlock, int endBlock, float* gradient, float* scratch)
        where TLanes : unmanaged, ILanes<TLanes>
        where TTaps : unmanaged, ITapAccumulators<TLanes>
    {
        var walk = new PixelWalk(Shape.OutHeight, _input.RowPitch, _input.Length, Shape.OutWidth * Layout.Block, Shape.OutputLength);
        for (var first = 0; first < images; first += _input.ChunkImages)
        {
            var count = Math.Min(_input.ChunkImages, images - first);
            var source = _input.Pack<TLanes>(count, x + (long)first * Shape.InputLength, scratch);
            fixed (int* offsets = _gradientOffsets)
            {
                for (var b = firstBlock; b < endBlock; b++)
                {
                    var blockGradient = dy + (long)first * Shape.OutputLength + (long)b * Shape.OutHeight * Shape.OutWidth * Layout.Block;
                    for (var t = _gradientFirst[b]; t < _gradientFirst[b + 1]; t += TTaps.Count)
                    {
                        var (firstRow, endRow) = _gradientRows[t / GradientTapMultiple];
                        Correlate<TLanes, TTaps>(walk.Within(firstRow, endRow), count, source + firstRow * walk.SourceRow, offsets + t, blockGradient + firstRow * walk.GradientRow, gradient + (long)t * Layout.Block);
                    }
                }
            }
        }
    }

    /// <summary>Adds, for a few taps, the sum over all pixels of input scalar × 16 filters' output gradients; the sums stay in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Correlate<TLanes, TTaps>(PixelWalk walk, int images, float* source, int* offsets, float* dy, float* gradient)
        where TLanes : unmanaged, ILanes<TLanes>
        where TTaps : unmanaged, ITapAccumulators<TLanes>
    {
        TTaps taps = default;
        taps.Load(gradient, offsets);
        for (var n = 0; n < images; n++, source += walk.SourceImage, dy += walk.GradientImage)
        {
            var row = source;
            var g = dy;
            for (var r = 0; r < walk.Rows; r++, row += walk.SourceRow)
            {
                var pixel = row;
                for (var end = g + walk.GradientRow; g < end; g += Layout.Block, pixel += Layout.Block)
                    taps.MultiplyAdd(pixel, TLanes.Load(g));
            }
        }

        taps.Store(gradient);
    }

    /// <summary>Rows and pitches (in floats) of the walk over the output pixels of a run of images.</summary>
    private readonly record struct PixelWalk(int Rows, int SourceRow, int SourceImage, int GradientRow, int GradientImage)
    {
        public PixelWalk Within(int firstRow, int endRow) => this with { Rows = endRow - firstRow };
    }
}
