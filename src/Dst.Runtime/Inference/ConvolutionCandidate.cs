using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference;

/// <summary>One way to compute a convolution, and its estimated cost.</summary>
/// <param name="Algorithm">Name, such as <c>uhp-winograd4x4</c>.</param>
/// <param name="Tile">Outputs of a Winograd tile in one dimension, or 0 for the direct form.</param>
/// <param name="Kept">The taps that it reads, or null for all.</param>
/// <param name="Cost">Estimated time of an image in vector multiply-adds.</param>
internal sealed record ConvolutionCandidate(string Algorithm, int Tile, KeptTaps? Kept, double Cost)
{
    /// <summary>How much longer a multiply-add takes where fewer than 16 filters share a tap, from measurements.</summary>
    private const double NarrowBlockCost = 1.3;

    /// <summary>The same for single weights.</summary>
    private const double SingleWeightCost = 2;

    /// <summary>Tiles from which on the sums of a product hide the latency of a multiply-add.</summary>
    private const double FewestTiles = 4;

    /// <summary>Time to read 16 weights, which all images of a batch share, in vector multiply-adds; from measurements.</summary>
    private const double WeightCost = 6;

    /// <summary>All forms of a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="mask">What is kept, or null for all.</param>
    /// <param name="largestTile">Largest Winograd tile that is exact enough, or 0 for none.</param>
    /// <param name="batch">Images at once.</param>
    public static IReadOnlyList<ConvolutionCandidate> Of(SimdTier tier, Conv2dShape shape, LayerMask? mask, int largestTile, int batch)
    {
        var forms = new List<ConvolutionCandidate>();
        var kept = shape.Groups == 1 ? mask?.ToKeptTaps() : null;
        var pixels = (double)shape.OutHeight * shape.OutWidth;
        var direct = shape.FilterBlocks * shape.RowLength * (pixels + WeightCost / batch);
        forms.Add(new("dense-direct", 0, null, direct));
        var keptShare = kept is null ? 1 : mask!.KeptWeights / ((double)shape.Filters * shape.RowLength);
        var name = mask is { Group: null } ? "csr" : "uhp";
        if (kept is not null) forms.Add(new($"{name}-direct", 0, kept, direct * keptShare * PenaltyOf(kept.Block)));
        foreach (var (tile, transform) in WinogradSchedule.FormsOf(tier, shape).Where(candidate => candidate.Tile <= largestTile))
        {
            var tiles = WinogradSchedule.TilesOf(shape, tile);
            var products = shape.FilterBlocks * shape.Channels * WinogradSchedule.Positions(shape, tile) * (Math.Max(tiles, FewestTiles / batch) + WeightCost / batch);
            var transforms = (shape.ChannelBlocks + shape.FilterBlocks) * transform * tiles;
            forms.Add(new($"dense-winograd{tile}x{tile}", tile, null, products + transforms));
            if (kept is not null && mask is { Unit: PruningUnit.Kernel, Block: Layout.Block })
                forms.Add(new($"uhp-winograd{tile}x{tile}", tile, kept, products * keptShare + transforms));
        }

        return forms;
    }

    /// <summary>Packs the weights of a layer in this form.</summary>
    public InferenceStep Create(SimdTier tier, LoweredNode node, Conv2dShape shape, int batch) =>
        Tile == 0 ? new DirectStep(tier, node, Algorithm, shape, Kept) : new WinogradStep(tier, node, Algorithm, shape, Kept, Tile, batch);

    private static double PenaltyOf(int block) => block switch { Layout.Block => 1, 1 => SingleWeightCost, _ => NarrowBlockCost };
}
