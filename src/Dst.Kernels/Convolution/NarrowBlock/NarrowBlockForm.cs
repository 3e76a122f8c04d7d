using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The direct form of layers whose kept taps are shared by fewer than 16 filters: its forward pass is <see cref="NarrowBlockConvolution"/>.
/// </summary>
internal sealed class NarrowBlockForm() : ConvolutionForm("narrow-block")
{
    /// <summary>How much longer a multiply-add takes than in the direct form, from measurements.</summary>
    private const double NarrowBlockCost = 1.3;

    /// <summary>The same where no two filters share a tap.</summary>
    private const double SingleWeightCost = 2;

    /// <inheritdoc/>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) =>
        !shape.IsDepthwise && kept is { Block: < Layout.Block };

    /// <inheritdoc/>
    public override PassCosts CostOf(ConvolutionWork work)
    {
        var penalty = work.Block switch { Layout.Block => 1, 1 => SingleWeightCost, _ => NarrowBlockCost };
        var dense = DirectForm.TimeOf(work);
        return new(dense * work.KeptShare * penalty, dense, dense);
    }
}
