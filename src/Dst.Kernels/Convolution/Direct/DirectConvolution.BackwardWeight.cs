using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

public sealed unsafe partial class DirectConvolution
{
    /// <summary>Adds the weight gradient of the blocks of 16 filters from <paramref name="firstBlock"/> on to a packed gradient.</summary>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Input [N, C/16, H, W, 16].</param>
    /// <param name="dy">Gradient of the output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="firstBlock">First block of 16 filters.</param>
    /// <param name="endBlock">One past the last block.</param>
    /// <param name="gradient"><see cref="WeightGradientLength"/> floats, added to.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    /// <param name="isPlain">Whether the input is [N, C, H, W].</param>
    /// <exception cref="InvalidOperationException">The input is plain and <see cref="ReadsPlain"/> is false.</exception>
    public void BackwardWeight(
        int images, float* x, float* dy, int firstBlock, int endBlock, float* gradient, float* scratch, bool isPlain = false)
    {
        CheckPlain(isPlain);
        KernelRunner.Run(_tier, new BackwardWeightKernel(this, images, x, isPlain, dy, firstBlock, endBlock, gradient, scratch));
    }

    /// <summary>Floats [first, end) of the packed gradient that belong to a block of 16 filters.</summary>
    public (int First, int End) WeightGradientRange(int block)
    {
        if (_tier == SimdTier.Scalar) return (block * Layout.Block * Shape.RowLength, (block + 1) * Layout.Block * Shape.RowLength);
        var first = _backwardWeight.Value.First;
        return (first[block] * Layout.Block, first[block + 1] * Layout.Block);
    }

    /// <summary>
    /// Writes one block's packed gradient to its place in the canonical gradient [O, C/Groups, Kh, Kw].
    /// Positions that are not kept become zero.
    /// </summary>
    /// <param name="block">Number of the block of 16 filters.</param>
    /// <param name="packed"><see cref="WeightGradientLength"/> floats.</param>
    /// <param name="gradient">[O, C/Groups, Kh, Kw].</param>
    /// <exception cref="ArgumentException">A length does not match.</exception>
    public void UnpackWeightGradient(int block, ReadOnlySpan<float> packed, Span<float> gradient)
    {
        Check.Length(packed, WeightGradientLength);
        Check.Length<float>(gradient, Shape.WeightCount);
        var s = Shape;
        var firstFilter = block * Layout.Block;
        var filters = Layout.UsedLanes(s.Filters, block);
        var rows = gradient.Slice(firstFilter * s.RowLength, filters * s.RowLength);
        if (_tier == SimdTier.Scalar)
        {
            packed.Slice(firstFilter * s.RowLength, rows.Length).CopyTo(rows);
            return;
        }

        rows.Clear();
        var taps = _backwardWeight.Value.Taps[block];
        var values = packed[(_backwardWeight.Value.First[block] * Layout.Block)..];
        var rowLength = s.RowLength;
        Span<int> firstTaps = stackalloc int[Layout.Block];
        FirstTapsOf(block, firstTaps);
        for (var t = 0; t < taps.Length; t++)
        {
            for (var lane = 0; lane < filters; lane++)
            {
                var position = taps[t] - firstTaps[lane];
                if ((uint)position < (uint)rowLength) rows[lane * rowLength + position] = values[t * Layout.Block + lane];
            }
        }
    }

    private void BackwardWeight<T, TTaps>(
        int images, float* x, bool isPlain, float* dy, int firstBlock, int endBlock, float* gradient, float* scratch)
        where T : unmanaged, ILanes<T>
        where TTaps : unmanaged, ITapAccumulators<T>
    {
        var list = _backwardWeight.Value;
        var walk = new PixelWalk(
            Shape.OutHeight, _input.PixelPitch, _input.RowPitch, _input.Length, Shape.OutWidth * Layout.Block, Shape.OutputLength);
        for (var first = 0; first < images; first += _input.ChunkImages)
        {
            var count = Math.Min(_input.ChunkImages, images - first);
            var source = Pack<T>(first, count, x, isPlain, scratch);
            var chunk = dy + (long)first * Shape.OutputLength;
            for (var b = firstBlock; b < endBlock;)
            {
                var isPair = RowTiles.HasPairs(_tier) && b % 2 == 0 && b + 1 < endBlock;
                var common = isPair ? list.Common(b) : 0;
                BackwardWeight<T, TwiceTaps<T, FourTapPairs<T>>>(list, b, 0, common, walk, count, source, chunk, gradient);
                for (var end = b + (isPair ? 2 : 1); b < end; b++)
                    BackwardWeight<T, TTaps>(list, b, common, list.Count(b), walk, count, source, chunk, gradient);
            }
        }
    }

    /// <summary>Some taps of a block of filters, or of it and the next one, from one index in its list to another.</summary>
    private void BackwardWeight<T, TTaps>(
        BackwardWeightTaps list, int block, int first, int end, PixelWalk walk, int images, float* source, float* dy, float* gradient)
        where T : unmanaged, ILanes<T>
        where TTaps : unmanaged, ITapAccumulators<T>
    {
        nint plane = Shape.OutHeight * Shape.OutWidth * Layout.Block;
        dy += block * plane;
        fixed (int* offsets = list.Offsets)
        {
            for (var t = list.First[block] + first; t < list.First[block] + end; t += TTaps.Count)
            {
                var (firstRow, endRow) = list.Rows[t / TapRuns.Length];
                Correlate<T, TTaps>(
                    walk.Within(firstRow, endRow), images, source + firstRow * walk.SourceRow, offsets + t,
                    dy + firstRow * walk.GradientRow, plane, gradient + (long)t * Layout.Block, list.Count(block) * Layout.Block);
            }
        }
    }

    /// <summary>
    /// Adds, for a few taps, the sum over all pixels of input scalar × the output gradients of 16 filters, or of two blocks of them; the
    /// sums stay in registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Correlate<T, TTaps>(
        PixelWalk walk, int images, float* source, int* offsets, float* dy, nint nextBlock, float* gradient, nint nextGradient)
        where T : unmanaged, ILanes<T>
        where TTaps : unmanaged, ITapAccumulators<T>
    {
        TTaps taps = default;
        taps.Load(gradient, nextGradient, offsets);
        for (var n = 0; n < images; n++, source += walk.SourceImage, dy += walk.GradientImage)
        {
            var row = source;
            var g = dy;
            for (var r = 0; r < walk.Rows; r++, row += walk.SourceRow)
            {
                var pixel = row;
                for (var end = g + walk.GradientRow; g < end; g += Layout.Block, pixel += walk.SourcePixel)
                    taps.MultiplyAdd(pixel, g, nextBlock);
            }
        }

        taps.Store(gradient, nextGradient);
    }

    /// <summary>Rows and pitches (in floats) of the walk over the output pixels of a run of images.</summary>
    private readonly record struct PixelWalk(
        int Rows, nint SourcePixel, int SourceRow, int SourceImage, int GradientRow, int GradientImage)
    {
        public PixelWalk Within(int firstRow, int endRow) => this with { Rows = endRow - firstRow };
    }

    private readonly struct BackwardWeightKernel(
        DirectConvolution conv, int images, float* x, bool isPlain, float* dy, int firstBlock, int endBlock, float* gradient,
        float* scratch)
        : IKernel
    {
        public void Reference() => BackwardWeightReference(
            conv.Shape, firstBlock * Layout.Block, Math.Min(conv.Shape.Filters, endBlock * Layout.Block), images, x, dy, gradient);

        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            if (T.Accumulators >= TwiceTaps<T, FourTaps<T>>.Count)
                conv.BackwardWeight<T, TwiceTaps<T, FourTaps<T>>>(images, x, isPlain, dy, firstBlock, endBlock, gradient, scratch);
            else conv.BackwardWeight<T, FourTaps<T>>(images, x, isPlain, dy, firstBlock, endBlock, gradient, scratch);
        }
    }
}
