using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>
/// Winograd outputs of which the maximum over 2×2 pixels is kept, against the outputs themselves; all filters at once and some at a time.
/// </summary>
[Trait("Category", "Tier")]
public unsafe class PooledWinogradTests
{
    [Theory]
    [TierData(4, 3, 1, 12, 22)]
    [TierData(4, 5, 1, 10, 38)] // ten tiles a row: more than a strip
    [TierData(2, 3, 1, 6, 4)]
    [TierData(2, 5, 1, 8, 70)]
    [TierData(4, 3, 2, 12, 20)]
    public void Maxima_are_those_of_the_outputs_bit_for_bit(SimdTier tier, int tile, int kernel, int stride, int height, int width)
    {
        var shape = new Conv2dShape(20, height, width, 35, kernel, kernel, stride, kernel / 2);
        if (tier == SimdTier.Scalar)
        {
            Assert.All(ConvolutionForm.Winograd, form => Assert.False(form.Supports(tier, shape, kept: null)));
            return;
        }

        using var layer = new Layer(tier, tile, shape);
        using var x = Blocked.Random(Layer.Images, shape.Channels, height, width, seed: 1);
        layer.Check(x);
        // A pixel that is not a number makes a part of some windows not numbers.
        x.Span[(height / 2 * width + width / 2) * Layout.Block + 3] = float.NaN;
        layer.Check(x);
    }

    [Fact]
    public void Tiles_and_maps_that_windows_do_not_cover_are_refused()
    {
        if (SimdTiers.Best == SimdTier.Scalar) return;
        using var odd = new Layer(SimdTiers.Best, 4, new(4, 9, 8, 16, 3, 3, 1, 1));
        using var three = new Layer(SimdTiers.Best, 3, new(4, 11, 11, 16, 6, 6));
        using var even = new Layer(SimdTiers.Best, 4, new(4, 8, 8, 16, 3, 3, 1, 1));
        var epilogue = new Epilogue(even.Bias.Pointer, null, Bounds.None);
        Assert.Throws<ArgumentException>(() => odd.Kernel.TransformOutputPooled(new(0, 0, 1), null, epilogue, null));
        Assert.Throws<ArgumentException>(() => three.Kernel.TransformOutputPooled(new(0, 0, 1), null, epilogue, null));
        Assert.Throws<ArgumentException>(() => even.Kernel.TransformOutputPooled(new(0, 0, 1), null, Epilogue.None, null));
        Assert.Throws<ArgumentException>(
            () => even.Kernel.TransformOutputPooled(new(0, 0, 1), null, new(even.Bias.Pointer, even.Bias.Pointer, Bounds.None), null));
    }

    private sealed class Layer : IDisposable
    {
        public const int Images = 2;

        private readonly SimdTier _tier;
        private readonly AlignedBuffer _u;

        public Layer(SimdTier tier, int tile, Conv2dShape shape)
        {
            _tier = tier;
            var form = ConvolutionForm.Winograd.Single(form => (form.TileRows, form.Tile) == (tile, tile));
            Kernel = new(tier, form, shape, null, Images * form.RowsOf(shape));
            using var weights = Blocked.Random(1, shape.Filters * shape.RowLength, 1, 1, seed: 2);
            _u = new(Kernel.WeightLength);
            for (var block = 0; block < shape.FilterBlocks; block++)
                Kernel.PackWeights(block, weights.Span[..(shape.Filters * shape.RowLength)], _u.Pointer);
            Bias = new(Layout.PaddedChannels(shape.Filters));
            for (var filter = 0; filter < shape.Filters; filter++) Bias.Pointer[filter] = filter % 5 - 2;
        }

        public WinogradConvolution Kernel { get; }

        public AlignedBuffer Bias { get; }

        public void Check(Blocked x)
        {
            var s = Kernel.Shape;
            var rows = new TileRows(0, 0, Images * Kernel.RowsPerImage);
            using AlignedBuffer v = new(Kernel.InputTilesLength), m = new(Kernel.OutputTilesLength);
            using AlignedBuffer y = new(Images * (long)s.OutputLength), expected = new(y.Length / 4), actual = new(y.Length / 4);
            actual.Span.Fill(float.NegativeInfinity);
            var epilogue = new Epilogue(Bias.Pointer, null, Bounds.Relu);
            Kernel.TransformInput(rows, x.Pointer, v.Pointer);
            Kernel.Multiply(0, Kernel.Positions, rows, v.Pointer, _u.Pointer, m.Pointer);
            Kernel.TransformOutput(rows, m.Pointer, epilogue, y.Pointer);
            MaxPool.Forward(_tier, new(s.Filters, s.OutHeight, s.OutWidth, 2, 2, 2), y.Pointer, Images, expected.Pointer);
            Kernel.TransformOutputPooled(rows, m.Pointer, epilogue, actual.Pointer);
            Assert.Equal(expected.Span, actual.Span);

            // The last filters first: what they write of others would stay.
            using AlignedBuffer ofParts = new(y.Length), pooledOfParts = new(actual.Length);
            for (var first = (s.FilterBlocks - 1) / 2 * 2; first >= 0; first -= 2)
            {
                var blocks = (first, Math.Min(first + 2, s.FilterBlocks));
                m.Span.Fill(float.NaN);
                Kernel.Multiply(0, Kernel.Positions, rows, v.Pointer, _u.Pointer, m.Pointer, blocks: blocks);
                Kernel.TransformOutput(rows, m.Pointer, epilogue, ofParts.Pointer, blocks);
                Kernel.TransformOutputPooled(rows, m.Pointer, epilogue, pooledOfParts.Pointer, blocks);
            }

            Assert.Equal(y.Span, ofParts.Span);
            Assert.Equal(actual.Span, pooledOfParts.Span);
        }

        public void Dispose()
        {
            _u.Dispose();
            Bias.Dispose();
        }
    }
}
