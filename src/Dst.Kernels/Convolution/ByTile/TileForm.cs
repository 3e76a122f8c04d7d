using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>A form with tiles in the lanes of a vector, in inference alone: <see cref="TileConvolution"/>.</summary>
public sealed class TileForm : ConvolutionForm
{
    private readonly ConvolutionForm _ofFilters;

    /// <param name="name">Its name.</param>
    /// <param name="outputs">Its <see cref="RoundingClass"/>: outputs of a Winograd tile, 0 of the direct form.</param>
    /// <param name="ofFilters">The form with filters in the lanes whose cost is about its own.</param>
    internal TileForm(string name, int outputs, ConvolutionForm ofFilters) : base(name) =>
        (RoundingClass, _ofFilters) = (outputs, ofFilters);

    /// <inheritdoc/>
    public override int RoundingClass { get; }

    /// <inheritdoc/>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) =>
        TileConvolution.Supports(tier, shape, isPooled: false) && TileTransforms.Of(tier, shape, isPooled: false)!.Form == Name;

    /// <inheritdoc/>
    public override bool Skips(Conv2dShape shape, KeptTaps kept) => ShareOf(shape, kept) < 1;

    /// <inheritdoc/>
    public override double ShareOf(Conv2dShape shape, KeptTaps kept) => TileConvolution.ShareOf(shape, kept);

    /// <summary>
    /// As that of the form with filters in the lanes, and more for lanes without a tile. It is chosen by measurement alone.
    /// </summary>
    /// <exception cref="NotSupportedException">The work is that of training.</exception>
    public override PassCosts CostOf(ConvolutionWork work)
    {
        if (work.PacksWeights) throw new NotSupportedException($"{Name} has no backward passes");
        var s = work.Shape;
        var tiles = Layout.CeilDiv(s.Height, TileTransforms.Tile) * Layout.CeilDiv(s.Width, TileTransforms.Tile);
        var cost = _ofFilters.CostOf(work);
        return cost with { Forward = cost.Forward * Layout.RoundUp(tiles, Layout.Block) / tiles };
    }
}
