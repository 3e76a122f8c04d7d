using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Training.Autodiff;

/// <summary>The ways to compute a convolution in training.</summary>
internal enum ConvolutionKind
{
    /// <summary><see cref="Conv2d"/>.</summary>
    Direct,

    /// <summary><see cref="WinogradConv2d"/>, cache-sized runs of images through all of its steps.</summary>
    Winograd,

    /// <summary><see cref="WinogradConv2d"/>, the whole batch through each step.</summary>
    WinogradByPosition,
}

/// <summary>Which form a layer takes. The choice depends on shapes, the batch, the mask and the tier alone, so that the same seed gives the same bits.</summary>
/// <param name="Kind">The form.</param>
/// <param name="Tile">Outputs of a Winograd tile in one dimension.</param>
/// <param name="Rows">Rows of Winograd tiles that the form takes at once.</param>
internal readonly record struct ConvolutionForm(ConvolutionKind Kind, int Tile, int Rows)
{
    /// <summary>Transformed weights that leave the second-level cache between two runs, in floats: a run then has at least <see cref="FewTiles"/> tiles.</summary>
    private const int MediumWeights = 250_000;
    private const int FewTiles = 32;

    /// <summary>
    /// Time to transform, write and read 16 weights for a pass, which all images of a batch share, in vector multiply-adds, where they
    /// stay in the caches and where they do not; from measurements.
    /// </summary>
    private const double CachedWeightCost = 20;
    private const double WeightCost = 80;

    /// <summary>The form with the lowest estimated time.</summary>
    public static ConvolutionForm Choose(SimdTier tier, Conv2dShape shape, KeptTaps? kept, int maxBatch)
    {
        var best = OfTile(tier, shape, 0, maxBatch);
        var channels = shape.Channels * (kept is { Block: Layout.Block } ? 0.5 : 1);
        var pixels = (double)shape.OutHeight * shape.OutWidth;
        var bestCost = 3 * shape.FilterBlocks * channels * shape.KernelHeight * shape.KernelWidth * pixels;
        foreach (var (tile, transform) in WinogradSchedule.FormsOf(tier, shape))
        {
            var (tiles, positions) = (WinogradSchedule.TilesOf(shape, tile), WinogradSchedule.Positions(shape, tile));
            var products = 3 * shape.FilterBlocks * channels * positions * tiles;
            var transforms = (3 * shape.ChannelBlocks + 2 * shape.FilterBlocks) * transform * tiles;
            var weights = 3 * shape.FilterBlocks * channels * positions * (WinogradSchedule.IsByPosition(shape, tile) ? WeightCost : CachedWeightCost) / maxBatch;
            if (products + transforms + weights >= bestCost) continue;
            bestCost = products + transforms + weights;
            best = OfTile(tier, shape, tile, maxBatch);
        }

        return best;
    }

    /// <summary>The Winograd form of a tile, or the direct form where there is none of it.</summary>
    public static ConvolutionForm OfTile(SimdTier tier, Conv2dShape shape, int tile, int maxBatch)
    {
        if (!WinogradConv2d.Supports(tier, shape, tile)) return new(ConvolutionKind.Direct, 0, 0);
        var rowsPerImage = WinogradSchedule.Rows(shape, tile);
        if (WinogradSchedule.IsByPosition(shape, tile)) return new(ConvolutionKind.WinogradByPosition, tile, maxBatch * rowsPerImage);
        var (rows, columns) = (WinogradSchedule.CachedRows(shape, tile), WinogradSchedule.Columns(shape, tile));
        if (WinogradSchedule.Weights(shape, tile) >= MediumWeights) rows = Math.Max(rows, (FewTiles + columns - 1) / columns);
        return new(ConvolutionKind.Winograd, tile, Math.Clamp(rows, 1, ImageRange.LargestPart(maxBatch) * rowsPerImage));
    }
}
