using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The Winograd form of small maps and large weights, in inference alone: <see cref="RowWinograd"/>.</summary>
public sealed class RowForm : ConvolutionForm
{
    /// <summary>Numbers that stand for a 3×3 kernel.</summary>
    private const int WeightsOfKernel = 12;

    /// <summary>Time of the products of a channel with 16 filters for four tiles, in vector multiply-adds, from measurements.</summary>
    private const int ProductCost = 4 * 19;

    /// <summary>Time of a transform of a tile of 16 channels, in vector multiply-adds, from measurements.</summary>
    private const int TransformCost = 200;

    internal RowForm() : base("winograd2x2 by row")
    {
    }

    /// <inheritdoc/>
    public override int RoundingClass => 4;

    /// <inheritdoc/>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) => RowWinograd.Supports(tier, shape);

    /// <inheritdoc/>
    public override bool Skips(Conv2dShape shape, KeptTaps kept) => ShareOf(shape, kept) < 1;

    /// <inheritdoc/>
    public override double ShareOf(Conv2dShape shape, KeptTaps kept) =>
        RowWinograd.ChannelsOf(shape, kept).Average(channels => (double)channels.Length) / shape.Channels;

    /// <summary>Numbers that stand for the weights of the dense layer.</summary>
    public static long WeightsOf(Conv2dShape shape) => (long)WeightsOfKernel * shape.Channels * shape.Filters;

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The work is that of training.</exception>
    public override PassCosts CostOf(ConvolutionWork work)
    {
        if (work.PacksWeights) throw new NotSupportedException($"{Name} has no backward passes");
        var shape = work.Shape;
        var tiles = Layout.CeilDiv(shape.OutHeight, 2) * Layout.CeilDiv(shape.OutWidth, 2);
        var products = ProductCost * work.KeptShare * shape.Channels * shape.FilterBlocks * Layout.CeilDiv(tiles, RowWinograd.Tiles);
        var transforms = (double)TransformCost * tiles * (shape.ChannelBlocks + shape.FilterBlocks);
        return new(products + transforms, double.PositiveInfinity, double.PositiveInfinity);
    }
}
