using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The Winograd form of small maps and large weights, in inference alone: <see cref="RowWinogradConvolution"/>.</summary>
public sealed class RowWinogradForm : ConvolutionForm
{
    /// <summary>Numbers that stand for a 3×3 kernel.</summary>
    private const int WeightsOfKernel = 12;

    internal RowWinogradForm() : base("winograd2x2 by row")
    {
    }

    /// <summary>The form of the same tiles whose weights are transformed in both dimensions.</summary>
    public static WinogradForm Squares => Winograd.Single(form => (form.TileRows, form.Tile) == (2, 2));

    /// <inheritdoc/>
    public override int RoundingClass => Squares.RoundingClass;

    /// <inheritdoc/>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) => RowWinogradConvolution.Supports(tier, shape);

    /// <inheritdoc/>
    public override bool Skips(Conv2dShape shape, KeptTaps kept) => ShareOf(shape, kept) < 1;

    /// <inheritdoc/>
    public override double ShareOf(Conv2dShape shape, KeptTaps kept) =>
        KeptTaps.ChannelsOfBlocks(shape, kept).Average(channels => (double)channels.Length) / shape.Channels;

    /// <summary>Numbers that stand for the weights of the dense layer.</summary>
    public static long WeightsOf(Conv2dShape shape) => (long)WeightsOfKernel * shape.Channels * shape.Filters;

    /// <summary>As that of the other form of such tiles: weights of 16 bits are chosen by measurement alone.</summary>
    /// <exception cref="NotSupportedException">The work is that of training.</exception>
    public override PassCosts CostOf(ConvolutionWork work) => work.PacksWeights
        ? throw new NotSupportedException($"{Name} has no backward passes")
        : Squares.CostOf(work);
}
