using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The one-dimensional Winograd form of layers of few channels, in inference alone: <see cref="PlanarWinogradConvolution"/>. It multiplies
/// pruned weights as zeros.
/// </summary>
public sealed class PlanarWinogradForm : ConvolutionForm
{
    /// <summary>Products that take as long as to begin and end the sums of a position.</summary>
    private const int SumCost = 1;

    // Time of the transforms of 16 outputs, in vector multiply-adds, from measurements.
    private const double OutputCost = 7;
    private const double PooledOutputCost = 5; // with pooling

    internal PlanarWinogradForm() : base("planar winograd1x4")
    {
    }

    /// <inheritdoc/>
    public override int RoundingClass => PlanarWinogradConvolution.Tile;

    /// <inheritdoc/>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) =>
        PlanarWinogradConvolution.Supports(tier, shape, isPooled: false);

    /// <inheritdoc/>
    public override bool Skips(Conv2dShape shape, KeptTaps kept) => false;

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The work is that of training.</exception>
    public override PassCosts CostOf(ConvolutionWork work) => work.PacksWeights
        ? throw new NotSupportedException($"{Name} has no backward passes")
        : new(ForwardCost(work.Shape, isPooled: false), double.PositiveInfinity, double.PositiveInfinity);

    /// <summary>Estimated time of a forward pass over one image, in vector multiply-adds.</summary>
    public static double ForwardCost(Conv2dShape shape, bool isPooled)
    {
        var products = PlanarWinogradConvolution.PointsOf(shape) * shape.Channels * (shape.KernelHeight + SumCost)
            / (double)PlanarWinogradConvolution.Tile;
        return (double)shape.OutHeight * shape.OutWidth * shape.FilterBlocks * (products + (isPooled ? PooledOutputCost : OutputCost));
    }
}
