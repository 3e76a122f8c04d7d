using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The Winograd form with sixteen tiles in the lanes of a vector, in inference alone: <see cref="TileWinogradConvolution"/>.
/// </summary>
public sealed class TileWinogradForm : ConvolutionForm
{
    internal TileWinogradForm() : base("winograd4x4 by tile")
    {
    }

    /// <summary>The form of the same tiles with sixteen filters in the lanes.</summary>
    private static WinogradForm Squares => Winograd.Single(form => (form.TileRows, form.Tile) == (4, 4));

    /// <inheritdoc/>
    public override int RoundingClass => Squares.RoundingClass;

    /// <inheritdoc/>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) =>
        TileWinogradConvolution.Supports(tier, shape, isPooled: false);

    /// <inheritdoc/>
    public override bool Skips(Conv2dShape shape, KeptTaps kept) => ShareOf(shape, kept) < 1;

    /// <inheritdoc/>
    public override double ShareOf(Conv2dShape shape, KeptTaps kept) => TileWinogradConvolution.ShareOf(shape, kept);

    /// <summary>As that of the other form of such tiles, and more for lanes without a tile. It is chosen by measurement alone.</summary>
    /// <exception cref="NotSupportedException">The work is that of training.</exception>
    public override PassCosts CostOf(ConvolutionWork work)
    {
        if (work.PacksWeights) throw new NotSupportedException($"{Name} has no backward passes");
        var tiles = Squares.RowsOf(work.Shape) * Squares.ColumnsOf(work.Shape);
        var cost = Squares.CostOf(work);
        return cost with { Forward = cost.Forward * Layout.RoundUp(tiles, Layout.Block) / tiles };
    }
}
