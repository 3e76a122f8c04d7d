using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

/// <summary>Public methods refuse sizes that do not fit before they touch memory.</summary>
public unsafe class ArgumentTests
{
    [Fact]
    public void Elementwise_lengths_are_whole_blocks() =>
        Assert.Throws<ArgumentException>(() => Elementwise.Add(SimdTiers.Best, null, null, 8, null));

    [Fact]
    public void Layout_sizes_are_positive()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Layout.FromPlain(null, 1, 0, 1, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => Layout.ToPlain(null, 1, 1, 0, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => Flatten.Forward(null, -1, 1, 1, null));
    }

    [Fact]
    public void Activations_have_images_channels_and_pixels()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Activation.Tanh.Forward(SimdTiers.Best, null, 1, 0, 1, null));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Activation.Tanh.BackwardData(SimdTiers.Best, null, null, null, 1, 1, 0, null, accumulate: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChannelScale.Forward(SimdTiers.Best, null, null, -1, 1, 1, null));
        Assert.Throws<ArgumentException>(() => Activation.PReluBackwardWeight(SimdTiers.Best, null, null, 1, 3, 1, new double[3]));
    }

    [Fact]
    public void Rearrangements_stay_inside_of_their_input()
    {
        Assert.Throws<ArgumentException>(() => Rearrangement.Slice(new(4, 1, 1), 2, 3));
        Assert.Throws<ArgumentException>(() => Rearrangement.ShuffleChannels(new(4, 1, 1), 3));
        Assert.Throws<ArgumentException>(() => Rearrangement.Pad(new(4, 1, 1), 0, -1, 0, 0, 0, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampling.Extend(new(4, 3, 3), 0, -1, 0, 0, reflects: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampling.Extend(new(4, 3, 3), 3, 0, 0, 0, reflects: true));
    }

    [Fact]
    public void Groups_of_channels_are_equal()
    {
        Assert.Throws<ArgumentException>(() => new GroupNorm(SimdTiers.Best, 6, 1, 4, 1e-5f));
        Assert.Throws<ArgumentException>(() => new GroupNorm(SimdTiers.Best, 6, 1, 0, 1e-5f));
    }

    [Fact]
    public void Concat_stays_inside_of_the_output()
    {
        Assert.Throws<ArgumentException>(() => Concat.Forward(SimdTiers.Best, null, 1, 3, 1, 2, 4, null));
        Assert.Throws<ArgumentException>(() => Concat.Backward(SimdTiers.Best, null, 1, 4, -1, 3, 1, null, accumulate: false));
    }

    [Fact]
    public void Weights_have_the_length_of_their_layer()
    {
        Assert.Throws<ArgumentException>(() => Linear.PackWeights(3, 2, new float[5], new float[48]));
        Assert.Throws<ArgumentException>(() => Linear.PackBackwardDataWeights(3, 2, new float[6], new float[48]));
        Assert.Throws<ArgumentException>(() => Linear.UnpackWeights(3, 2, new float[32], new float[6]));
        Assert.Throws<ArgumentException>(() => DepthwiseConvolution.PackWeights(new(3, 4, 4, 3, 3), new float[27], new float[27]));
        Assert.Throws<ArgumentException>(() => Bias.Backward(SimdTiers.Best, null, 1, 3, 1, new double[3]));
    }
}
