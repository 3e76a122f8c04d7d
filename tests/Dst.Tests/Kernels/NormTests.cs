using Dst.Kernels;
using Dst.Kernels.Simd;

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
