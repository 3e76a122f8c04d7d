using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

public unsafe class NormTests
{
    /// <summary>
    /// Of torch.nn.functional.local_response_norm(x, size, 0.5, 0.75, 2) in PyTorch 1.13, x the channels 1, −2, 3, −4, 5. For the even size
    /// they were reversed before and after, as PyTorch has its odd channel before, ONNX and we behind.
    /// </summary>
    [Theory]
    [InlineData(3, 0.4579065f, -0.6659068f, 0.7098176f, -0.6940323f, 0.9758353f)]
    [InlineData(4, 0.3710877f, -0.5386158f, 0.5896783f, -0.8217118f, 1.146519f)]
    public void Local_response_normalisation_is_that_of_PyTorch(int size, params float[] expected)
    {
        using var x = Blocked.FromNchw(1, 5, 1, 1, [1, -2, 3, -4, 5]);
        using var y = Blocked.Garbage(1, 5, 1, 1);
        new LocalResponseNorm(size, 0.5f, 0.75f, 2).Forward(x.Pointer, 1, 5, 1, y.Pointer);
        y.AssertSound();
        Assert.All(expected.Zip(y.ToNchw()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    /// <summary>
    /// Of torch.nn.functional.group_norm(x, groups, weight, bias, 1e-2) in PyTorch 1.13, x of four channels of two pixels.
    /// </summary>
    [Theory]
    [InlineData(1, -0.05162820f, 0.3196065f, -0.4060379f, 0.8932835f, -1.974491f, -0.8607870f, 0.5475578f, 3.888670f)]
    [InlineData(2, 0.25f, 0.6419309f, -0.5878963f, 0.7838618f, -2.644144f, -1.483572f, 0.05703521f, 3.538751f)]
    [InlineData(4, -0.7305806f, 1.230581f, -0.4997960f, 0.4997960f, -2.982456f, 0.9824557f, -0.4991674f, 2.499167f)]
    public void Group_normalisation_is_that_of_PyTorch(int groups, params float[] expected)
    {
        foreach (var tier in Tiers.Available)
        {
            using var x = Blocked.FromNchw(1, 4, 1, 2, [1, 2, 4, -3, 0.5f, 2, 1, 7]);
            using var y = Blocked.Garbage(1, 4, 1, 2);
            var kernel = new GroupNorm(tier, 4, 2, groups, 1e-2f);
            using var scratch = new AlignedBuffer(kernel.ScratchLength);
            kernel.Forward(x.Pointer, 1, [1, -0.5f, 2, 1.5f], [0.25f, 0, -1, 1], relu: false, y.Pointer, scratch.Pointer);
            y.AssertSound();
            Assert.All(expected.Zip(y.ToNchw()), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    /// <summary>Of torch.nn.functional.layer_norm(x, [3], weight, bias, 1e-2) in PyTorch 1.13, x = [1, 2, 4], [−3, 0.5, 2].</summary>
    [Theory]
    [TierData]
    public void Layer_normalisation_is_that_of_PyTorch(SimdTier tier)
    {
        using var x = Blocked.FromNchw(2, 3, 1, 1, [1, 2, 4, -3, 0.5f, 2]);
        using var y = Blocked.Garbage(2, 3, 1, 1);
        float[] weights = Layout.Padded([1, -0.5f, 2]), biases = Layout.Padded([0.25f, 0, -1]);
        fixed (float* w = weights, b = biases) LayerNorm.Forward(tier, x.Pointer, w, b, 1e-2f, 2, 3, 1, y.Pointer);
        y.AssertSound();
        float[] expected = [-0.8156251f, 0.1332031f, 1.664063f, -1.100909f, -0.1589305f, 1.066096f];
        Assert.All(expected.Zip(y.ToNchw()), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }
}
