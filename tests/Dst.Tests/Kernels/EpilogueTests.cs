using Dst.Kernels;

namespace Dst.Tests.Kernels;

public unsafe class EpilogueTests
{
    [Theory]
    [InlineData(false, false, float.NegativeInfinity, float.PositiveInfinity)]
    [InlineData(true, false, float.NegativeInfinity, float.PositiveInfinity)]
    [InlineData(false, true, 0, float.PositiveInfinity)]
    [InlineData(true, true, -0.5f, 0.75f)]
    [InlineData(true, true, 0, 0.75f)]
    public void Adds_what_is_there_and_clips_the_sum(bool hasBias, bool hasResidual, float least, float most)
    {
        const int images = 2, channels = 19, height = 3, width = 5;
        using var y = Blocked.Random(images, channels, height, width, seed: 1);
        using var residual = Blocked.Random(images, channels, height, width, seed: 2);
        using var bias = Blocked.Random(1, channels, 1, 1, seed: 3);
        var (before, added, shift) = (y.ToNchw(), residual.ToNchw(), bias.ToNchw());
        Epilogue.Apply(y.Pointer, hasBias ? bias.Pointer : null, hasResidual ? residual.Pointer : null, new(least, most), images, Layout.Blocks(channels), height * width);
        y.AssertSound();
        var after = y.ToNchw();
        for (var i = 0; i < after.Length; i++)
        {
            var sum = before[i] + (hasBias ? shift[i / (height * width) % channels] : 0) + (hasResidual ? added[i] : 0);
            Assert.Equal(Math.Clamp(sum, least, most), after[i], 1e-6);
        }
    }
}
