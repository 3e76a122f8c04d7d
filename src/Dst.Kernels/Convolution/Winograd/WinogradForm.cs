using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The Winograd form with square tiles of <see cref="Tile"/> outputs, for square kernels. The number of tiles that run together depends on
/// shapes alone, in training and in inference.
/// </summary>
public sealed class WinogradForm : ConvolutionForm
{
    /// <summary>
    /// Transformed inputs of a run, in floats: 160 kB leave room for outputs, weights and images beside them in the second-level cache.
    /// </summary>
    private const int TileBudget = 40_000;

    /// <summary>Transformed weights from this size on are read once a batch and not once a run, in floats: 4 MB.</summary>
    private const int LargeWeights = 1_000_000;

    /// <summary>The fewest tiles whose sums hide the latency of a multiply-add.</summary>
    private const double FewestTiles = 4;

    /// <summary>
    /// Time to transform, write and read 16 weights for a pass, in vector multiply-adds, where they stay in the caches and where they do
    /// not; from measurements.
    /// </summary>
    private const double CachedWeightCost = 20;
    private const double LargeWeightCost = 80;

    /// <summary>
    /// Time of one transform of a tile of 16 channels with 4, 6, 8 and 9 products in vector multiply-adds, from measurements.
    /// </summary>
    private const double Four = 200;
    private const double Six = 300;
    private const double Eight = 500;
    private const double Nine = 600;

    private static readonly (int Tile, int Kernel, int Stride, double TransformCost)[] Kinds =
        [(4, 3, 1, Six), (2, 3, 1, Four), (4, 5, 1, Eight), (2, 5, 1, Six), (3, 6, 1, Eight), (4, 3, 2, Nine)];

    internal WinogradForm(int tile) : base(NameOf(tile)) => Tile = tile;

    /// <summary>Outputs m of a tile in one dimension. Rounding errors grow with it.</summary>
    public int Tile { get; }

    /// <summary>The name of the form with a tile.</summary>
    public static string NameOf(int tile) => $"winograd{tile}x{tile}";

    /// <inheritdoc/>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) =>
        tier != SimdTier.Scalar && shape.Groups == 1 && shape.KernelHeight == shape.KernelWidth && shape.Padding < shape.KernelHeight
        && Array.Exists(Kinds, kind => IsOf(kind.Tile, kind.Kernel, kind.Stride, shape));

    /// <summary>Whether 16 filters drop whole kernels together: a kernel with some taps left costs as much as a whole one.</summary>
    public override bool Skips(Conv2dShape shape, KeptTaps kept) => kept.Block == Layout.Block && kept.AreWholeKernels(shape);

    /// <inheritdoc/>
    public override PassCosts CostOf(ConvolutionWork work)
    {
        var (shape, tiles) = (work.Shape, TilesOf(work.Shape));
        var transform = Array.Find(Kinds, kind => IsOf(kind.Tile, kind.Kernel, kind.Stride, shape)).TransformCost * tiles;
        var (inputs, outputs) = (shape.ChannelBlocks * transform, shape.FilterBlocks * transform);
        var products = shape.FilterBlocks * shape.Channels * work.KeptShare * PositionsOf(shape)
            * (Math.Max(tiles, FewestTiles / work.Batch) + WeightCostOf(work) / work.Batch);
        // The backward passes share the transformed gradient of the output.
        return new(products + inputs + outputs, products + inputs, products + inputs + outputs);
    }

    /// <summary>Inputs, and products, of a tile in one dimension: m + r − 1 with stride 1.</summary>
    public int PointsOf(Conv2dShape shape) => (Tile - 1) * shape.Stride + shape.KernelHeight;

    /// <summary>Products of a tile for each channel and filter.</summary>
    public int PositionsOf(Conv2dShape shape) => PointsOf(shape) * PointsOf(shape);

    /// <summary>Rows of tiles of an image.</summary>
    public int RowsOf(Conv2dShape shape) => (shape.OutHeight + Tile - 1) / Tile;

    /// <summary>Tiles of a row.</summary>
    public int ColumnsOf(Conv2dShape shape) => (shape.OutWidth + Tile - 1) / Tile;

    /// <summary>Transformed weights of the dense layer, in floats.</summary>
    public long WeightsOf(Conv2dShape shape) => (long)PositionsOf(shape) * shape.Channels * shape.Filters;

    /// <summary>
    /// Whether training should take the whole batch through each step together, position by position, so that the weights are read once.
    /// </summary>
    public bool RunsByPosition(Conv2dShape shape) => WeightsOf(shape) >= LargeWeights;

    /// <summary>Rows of tiles whose transformed inputs stay in the second-level cache; 0 if not even one does.</summary>
    public int CachedRowsOf(Conv2dShape shape) =>
        TileBudget / (PositionsOf(shape) * ColumnsOf(shape) * Layout.PaddedChannels(shape.Channels));

    private double TilesOf(Conv2dShape shape) => (double)RowsOf(shape) * ColumnsOf(shape);

    private bool IsOf(int tile, int kernel, int stride, Conv2dShape shape) =>
        (tile, kernel, stride) == (Tile, shape.KernelHeight, shape.Stride);

    private double WeightCostOf(ConvolutionWork work) =>
        !work.PacksWeights ? DirectForm.WeightCost : RunsByPosition(work.Shape) ? LargeWeightCost : CachedWeightCost;
}
