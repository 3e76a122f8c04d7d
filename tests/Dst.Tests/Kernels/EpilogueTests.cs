using Dst.Kernels;

namespace Dst.Tests.Kernels;

public unsafe class EpilogueTests
{
    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]
    [InlineData(false, true, true)]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    public void Adds_what_is_there_and_cuts_off_below_zero(bool hasBias, bool hasResidual, bool relu)
    {
        const int images = 2, channels = 19, height = 3, width = 5;
        using var y = Blocked.Random(images, channels, height, width, seed: 1);
        using var residual = Blocked.Random(images, channels, height, width, seed: 2);
        using var bias = Blocked.Random(1, channels, 1, 1, seed: 3);
        var (before, added, shift) = (y.ToNchw(), residual.ToNchw(), bias.ToNchw());
        Epilogue.Apply(y.Pointer, hasBias ? bias.Pointer : null, hasResidual ? residual.Pointer : null, relu, images, Layout.Blocks(channels), height * width);
        y.AssertSound();
        var after = y.ToNchw();
        for (var i = 0; i < after.Length; i++)
        {
            var sum = before[i] + (hasBias ? shift[i / (height * width) % channels] : 0) + (hasResidual ? added[i] : 0);
            Assert.Equal(relu ? Math.Max(sum, 0) : sum, after[i], 1e-6);
        }
    }
}
