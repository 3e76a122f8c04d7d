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

    /// <summary>Adds some images' output gradient to a part's gradient.</summary>
    public void AddGradient(ImageRange images, float* outputGradient, int part)
    {
        if (Exists) Bias.Backward(_tier, outputGradient, images.Count, output.Channels, output.Pixels, GradientOf(part));
    }
}
