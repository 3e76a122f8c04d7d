using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

public unsafe class EpilogueTests
{
    [Theory]
    [TierData(false, false, float.NegativeInfinity, float.PositiveInfinity)]
    [TierData(true, false, float.NegativeInfinity, float.PositiveInfinity)]
    [TierData(false, true, 0, float.PositiveInfinity)]
    [TierData(true, true, -0.5f, 0.75f)]
    [TierData(true, true, 0, 0.75f)]
    public void Adds_what_is_there_and_clips_the_sum(SimdTier tier, bool hasBias, bool hasResidual, float least, float most)
    {
        const int images = 2, channels = 19, height = 3, width = 5;
        using var y = Blocked.Random(images, channels, height, width, seed: 1);
        using var residual = Blocked.Random(images, channels, height, width, seed: 2);
        using var bias = Blocked.Random(1, channels, 1, 1, seed: 3);
        var (before, added, shift) = (y.ToNchw(), residual.ToNchw(), bias.ToNchw());
        var epilogue = new Epilogue(hasBias ? bias.Pointer : null, hasResidual ? residual.Pointer : null, new(least, most));
        epilogue.Apply(tier, y.Pointer, images, Layout.Blocks(channels), height * width);
        y.AssertSound();
        var after = y.ToNchw();
        for (var i = 0; i < after.Length; i++)
        {
            var sum = before[i] + (hasBias ? shift[i / (height * width) % channels] : 0) + (hasResidual ? added[i] : 0);
            Assert.Equal(Math.Clamp(sum, least, most), after[i], 1e-6);
        }
    }

    [Theory]
    [TierData]
    public void A_value_that_is_not_a_number_stays_so(SimdTier tier)
    {
        using var y = Blocked.Random(1, 16, 1, 1, seed: 1);
        y.Pointer[3] = float.NaN;
        new Epilogue(null, null, Bounds.Relu).Apply(tier, y.Pointer, images: 1, blocks: 1, pixels: 1);
        Assert.Equal([3], Enumerable.Range(0, 16).Where(lane => float.IsNaN(y.Pointer[lane])));
        Assert.All(Enumerable.Range(0, 16).Where(lane => lane != 3), lane => Assert.True(y.Pointer[lane] >= 0));
    }

    [Theory]
    [TierData]
    public void A_direct_layer_adds_and_clips_as_a_pass_of_its_own_does(SimdTier tier)
    {
        var shape = new Conv2dShape(17, 5, 7, 20, 1, 1);
        var kernel = new DirectConvolution(tier, shape);
        using Blocked x = Blocked.Random(2, 17, 5, 7, seed: 1), residual = Blocked.Random(2, 20, 5, 7, seed: 2);
        using Blocked weights = Blocked.Random(1, 20 * 17, 1, 1, seed: 3), bias = Blocked.Random(1, 20, 1, 1, seed: 4);
        using Blocked together = Blocked.Garbage(2, 20, 5, 7), apart = Blocked.Garbage(2, 20, 5, 7);
        using AlignedBuffer packed = new(kernel.WeightLength), scratch = new(kernel.ScratchLength);
        kernel.PackWeights(weights.Span[..(20 * 17)], packed.Span);
        var bounds = new Bounds(-0.5f, 0.75f);
        var epilogue = new Epilogue(bias.Pointer, residual.Pointer, bounds);
        kernel.Forward(2, x.Pointer, packed.Pointer, epilogue, together.Pointer, scratch.Pointer);
        kernel.Forward(2, x.Pointer, packed.Pointer, bias.Pointer, apart.Pointer, scratch.Pointer);
        new Epilogue(null, residual.Pointer, bounds).Apply(tier, apart.Pointer, images: 2, shape.FilterBlocks, pixels: 35);
        Assert.Equal(apart.ToNchw(), together.ToNchw());
    }
}
