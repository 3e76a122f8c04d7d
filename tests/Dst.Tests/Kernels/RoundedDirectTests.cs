using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>Weights of direct convolutions as integers of 16 bits.</summary>
[Trait("Category", "Tier")]
public unsafe class RoundedDirectTests
{
    public static TheoryData<SimdTier, Conv2dShape, bool> Layers
    {
        get
        {
            var data = new TheoryData<SimdTier, Conv2dShape, bool>();
            Conv2dShape[] shapes =
            [
                new(36, 7, 9, 40, 3, 3, 1, 1), new(33, 9, 8, 48, 3, 3, 2, 1), new(48, 2, 2, 70, 1, 1, 1, 0), new(20, 5, 30, 16, 1, 1, 1, 0),
                new(3, 11, 13, 33, 3, 3, 1, 1), new(32, 4, 4, 64, 5, 5, 1, 2),
            ];
            foreach (var tier in Tiers.Available)
            {
                foreach (var shape in shapes)
                {
                    data.Add(tier, shape, false);
                    if (shape.Channels > 3) data.Add(tier, shape, true);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void Outputs_are_those_of_the_rounded_weights(SimdTier tier, Conv2dShape shape, bool isHalved)
    {
        var kernel = new DirectConvolution(tier, shape, isHalved ? DirectConvolutionCase.Half(shape, Layout.Block, 4, 1) : null);
        Assert.Equal(tier != SimdTier.Scalar, kernel.RoundsWeights);
        if (!kernel.RoundsWeights) return;
        using AlignedBuffer packed = new(kernel.WeightLength), scales = new(Layout.PaddedChannels(shape.Filters));
        using var canonical = Blocked.Random(1, shape.Filters * shape.RowLength, 1, 1, seed: 2);
        kernel.PackWeights(canonical.Span[..(shape.Filters * shape.RowLength)], packed.Span);
        var integers = new short[kernel.WeightLength + 1];
        integers[^1] = 12345;
        kernel.RoundWeights(packed.Span, integers, scales.Span);
        Assert.Equal(12345, integers[^1]);
        CheckRounding(kernel, packed, integers, scales);
        for (var (block, i) = (0, 0); block < shape.FilterBlocks; block++)
        {
            for (var end = i + kernel.Slice(block, block + 1).WeightLength; i < end; i++)
                packed.Span[i] = integers[i] * scales.Span[block * Layout.Block + i % Layout.Block];
        }

        foreach (var images in new[] { 1, 6 })
        {
            using var x = Blocked.Random(images, shape.Channels, shape.Height, shape.Width, seed: 1);
            using var residual = Blocked.Random(images, shape.Filters, shape.OutHeight, shape.OutWidth, seed: 3);
            using var bias = Blocked.Random(1, shape.Filters, 1, 1, seed: 4);
            using var scratch = new AlignedBuffer(kernel.ScratchLength);
            var epilogue = new Epilogue(bias.Pointer, residual.Pointer, Bounds.Relu);
            using var expected = Blocked.Garbage(images, shape.Filters, shape.OutHeight, shape.OutWidth);
            using var actual = Blocked.Garbage(images, shape.Filters, shape.OutHeight, shape.OutWidth);
            kernel.Forward(images, x.Pointer, packed.Pointer, epilogue, expected.Pointer, scratch.Pointer);
            fixed (short* rounded = integers)
                kernel.Forward(images, x.Pointer, new DirectWeights(rounded, scales.Pointer), epilogue, actual.Pointer, scratch.Pointer);
            var most = expected.Span.ToArray().Max();
            Assert.True(most > 0.1);
            for (var i = 0; i < expected.Span.Length; i++)
                Assert.InRange(actual.Span[i] - expected.Span[i], -2e-6 * most, 2e-6 * most);
        }
    }

    [Fact]
    public void Without_vectors_and_in_narrow_blocks_nothing_is_rounded()
    {
        var shape = new Conv2dShape(32, 4, 4, 32, 3, 3, 1, 1);
        var scalar = new DirectConvolution(SimdTier.Scalar, shape);
        Assert.False(scalar.RoundsWeights);
        Assert.Throws<InvalidOperationException>(() => scalar.RoundWeights(new float[shape.Filters * shape.RowLength], [], []));
        Assert.Throws<InvalidOperationException>(
            () => scalar.Forward(1, null, new DirectWeights((short*)8, null), Epilogue.None, null, null));
        foreach (var tier in Tiers.WithVectors)
            Assert.False(new DirectConvolution(tier, shape, DirectConvolutionCase.Half(shape, 4, 4, 1)).RoundsWeights);
    }

    /// <summary>Half a step at most, and the largest weight of a filter takes all 15 bits.</summary>
    private static void CheckRounding(DirectConvolution kernel, AlignedBuffer packed, short[] integers, AlignedBuffer scales)
    {
        for (var (block, i) = (0, 0); block < kernel.Shape.FilterBlocks; block++)
        {
            var largest = new int[Layout.Block];
            for (var end = i + kernel.Slice(block, block + 1).WeightLength; i < end; i++)
            {
                var scale = scales.Span[block * Layout.Block + i % Layout.Block];
                Assert.InRange(packed.Span[i] - (double)integers[i] * scale, -0.505 * scale, 0.505 * scale);
                largest[i % Layout.Block] = Math.Max(largest[i % Layout.Block], Math.Abs((int)integers[i]));
            }

            for (var lane = 0; lane < Layout.Block; lane++)
                Assert.Equal(block * Layout.Block + lane < kernel.Shape.Filters ? short.MaxValue : 0, largest[lane]);
        }
    }
}
