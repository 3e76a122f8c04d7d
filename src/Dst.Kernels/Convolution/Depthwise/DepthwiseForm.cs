using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The form of convolutions whose channels do not see each other.</summary>
internal sealed class DepthwiseForm() : ConvolutionForm("depthwise")
{
    /// <summary>How much longer a backward pass with a stride takes than the forward pass, whose sums share what they load.</summary>
    private const double StridedBackwardFactor = 3.5;

    /// <inheritdoc/>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) => shape.IsDepthwise;

    /// <inheritdoc/>
    public override bool Skips(Conv2dShape shape, KeptTaps kept) => false;

    /// <inheritdoc/>
    public override PassCosts CostOf(ConvolutionWork work)
    {
        var pass = work.Shape.FilterBlocks * work.Shape.RowLength * work.Pixels;
        var backward = work.Shape.Stride == 1 ? pass : StridedBackwardFactor * pass;
        return new(pass, backward, backward);
    }
}
