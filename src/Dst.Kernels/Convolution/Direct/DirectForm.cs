using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The direct form, with all taps or with those that 16 filters keep together.</summary>
internal sealed class DirectForm() : ConvolutionForm("direct")
{
    /// <summary>
    /// Time to read 16 weights, in vector multiply-adds, from measurements. In training, packing them costs little beside a batch.
    /// </summary>
    public const double WeightCost = 6;

    /// <inheritdoc/>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) =>
        !shape.IsDepthwise && kept is null or { Block: Layout.Block };

    /// <inheritdoc/>
    public override PassCosts CostOf(ConvolutionWork work)
    {
        var pass = TimeOf(work) * work.KeptShare;
        return new(pass, pass, pass);
    }

    /// <summary>Time of a pass that reads all taps.</summary>
    public static double TimeOf(ConvolutionWork work) =>
        work.Shape.FilterBlocks * work.Shape.RowLength * (work.Pixels + (work.PacksWeights ? 0 : WeightCost / work.Batch));
}
