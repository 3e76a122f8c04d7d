using Dst.Kernels;
using Dst.Kernels.Simd;

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
}
