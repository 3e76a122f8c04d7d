using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>The bias of a convolution or linear layer, zero where it has none.</summary>
internal sealed unsafe class BiasTerm(NodeContext context, Parameter? bias, FeatureShape output)
    : ChannelParameter(context, bias, output.Channels)
{
    private readonly SimdTier _tier = context.Tier;
    private readonly float[] _ones = [.. Enumerable.Repeat(1f, Layout.PaddedChannels(output.Channels))];

    /// <summary>Adds the bias to the output of some images.</summary>
    public void AddTo(ImageRange images, float* y)
    {
        if (Exists)
            BatchNorm.Apply(_tier, y, _ones, new(Packed, _ones.Length), images.Count, output.Channels, output.Pixels, relu: false, y);
    }

    /// <summary>Adds some images' output gradient to a part's gradient.</summary>
    public void AddGradient(ImageRange images, float* outputGradient, int part)
    {
        if (Exists) Bias.Backward(_tier, outputGradient, images.Count, output.Channels, output.Pixels, GradientOf(part));
    }
}
