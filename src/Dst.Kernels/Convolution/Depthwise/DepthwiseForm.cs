using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The form of convolutions whose channels do not see each other.</summary>
internal sealed class DepthwiseForm() : ConvolutionForm("depthwise")
{
    /// <inheritdoc/>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) => shape.IsDepthwise;

    /// <inheritdoc/>
    public override bool Skips(Conv2dShape shape, KeptTaps kept) => false;

    /// <inheritdoc/>
    public override PassCosts CostOf(ConvolutionWork work)
    {
        var pass = work.Shape.FilterBlocks * work.Shape.RowLength * work.Pixels;
        return new(pass, pass, pass);
    }
}
