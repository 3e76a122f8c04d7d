using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The Winograd form with tiles of <see cref="TileRows"/>×<see cref="Tile"/> outputs: squares for square kernels, or single rows for
/// kernels of any height. The number of tiles that run together depends on shapes alone, in training and in inference.
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

    // Times in vector multiply-adds, from measurements. First: to transform, write and read 16 weights for a pass.
    private const double CachedWeightCost = 20; // where they stay in the caches
    private const double LargeWeightCost = 80; // where they do not

    // One transform of a square tile of 16 channels, by its products a side.
    private const double SquareOfFour = 200;
    private const double SquareOfSix = 300;
    private const double SquareOfEight = 500;
    private const double SquareOfNine = 600;

    // The same for a tile of one row.
    private const double RowOfSix = 30;
    private const double RowOfEight = 45;
    private const double RowOfTen = 60;

    /// <summary>Each tile with a kernel and a stride that it is for.</summary>
    private static readonly (int TileRows, int Tile, int Kernel, int Stride, double TransformCost)[] Kinds =
    [
        (4, 4, 3, 1, SquareOfSix),
        (2, 2, 3, 1, SquareOfFour),
        (4, 4, 5, 1, SquareOfEight),
        (2, 2, 5, 1, SquareOfSix),
        (3, 3, 6, 1, SquareOfEight),
        (4, 4, 3, 2, SquareOfNine),
        (1, 4, 3, 1, RowOfSix),
        (1, 4, 5, 1, RowOfEight),
        (1, 8, 3, 1, RowOfTen),
    ];

    internal WinogradForm(int tileRows, int tile) : base(NameOf(tileRows, tile)) => (TileRows, Tile) = (tileRows, tile);

    /// <summary>Rows of outputs in a tile: <see cref="Tile"/>, or 1 where only rows are transformed.</summary>
    public int TileRows { get; }

    /// <summary>Outputs m of a row of a tile.</summary>
    public int Tile { get; }

    /// <inheritdoc/>
    public override int RoundingClass => TileRows * Tile;

    /// <summary>Whether columns of the kernel are not transformed: each of its rows has products of its own.</summary>
    public bool IsOneDimensional => TileRows < Tile;

    /// <summary>Whether windows of 2×2 pixels cover a tile, each pixel once.</summary>
    public bool CanPool => TileRows % 2 == 0 && Tile % 2 == 0;

    /// <summary>The name of the form with a tile.</summary>
    public static string NameOf(int tileRows, int tile) => $"winograd{tileRows}x{tile}";

    /// <inheritdoc/>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) =>
        tier != SimdTier.Scalar && shape.Groups == 1 && shape.Padding < shape.KernelWidth
        && (IsOneDimensional || shape.KernelHeight == shape.KernelWidth)
        && Array.Exists(Kinds, kind => IsOf(kind.TileRows, kind.Tile, kind.Kernel, kind.Stride, shape));

    /// <summary>Whether the taps that 16 filters drop together are all that some products read.</summary>
    public override bool Skips(Conv2dShape shape, KeptTaps kept) => kept.Block == Layout.Block && ShareOf(shape, kept) < 1;

    /// <summary>
    /// Share of the products that read a kept tap. Whole kernels, and rows in one dimension, take their products with them. In two
    /// dimensions the products at zero read the first row and column alone, and those at infinity the last: half of the rows of 3×3
    /// kernels leave 3/4.
    /// </summary>
    public override double ShareOf(Conv2dShape shape, KeptTaps kept)
    {
        var units = new KeptUnits(shape, UnitLengthOf(shape), kept);
        var counts = new Dictionary<ulong, int>();
        var products = 0L;
        for (var position = 0; position < PositionsOf(shape); position++)
        {
            var taps = TapsOf(position, shape);
            if (!counts.TryGetValue(taps, out var count)) counts[taps] = count = units.Taps.Count(ofUnit => (ofUnit & taps) != 0);
            products += count;
        }

        return (double)products / PositionsOf(shape) / UnitsOf(shape) / shape.Channels / shape.FilterBlocks;
    }

    /// <inheritdoc/>
    public override PassCosts CostOf(ConvolutionWork work)
    {
        var (shape, tiles) = (work.Shape, TilesOf(work.Shape));
        var transform = Array.Find(Kinds, kind => IsOf(kind.TileRows, kind.Tile, kind.Kernel, kind.Stride, shape)).TransformCost * tiles;
        var (inputs, outputs) = (shape.ChannelBlocks * transform, shape.FilterBlocks * transform);
        var all = shape.FilterBlocks * shape.Channels * UnitsOf(shape) * PositionsOf(shape)
            * (Math.Max(tiles, FewestTiles / work.Batch) + WeightCostOf(work) / work.Batch);
        var products = all * work.KeptShare;
        // The backward passes share the transformed gradient of the output. Rows of kernels are not skipped in backward-data.
        return new(products + inputs + outputs, (IsOneDimensional ? all : products) + inputs, products + inputs + outputs);
    }

    /// <summary>Inputs of a row of a tile, and its products in one dimension: m + r − 1 with stride 1.</summary>
    public int PointsOf(Conv2dShape shape) => (Tile - 1) * shape.Stride + shape.KernelWidth;

    /// <summary>Products of a tile for each unit and filter.</summary>
    public int PositionsOf(Conv2dShape shape) => IsOneDimensional ? PointsOf(shape) : PointsOf(shape) * PointsOf(shape);

    /// <summary>Units of a kernel that are transformed one by one and multiply their own inputs: 1, or the rows of the kernel.</summary>
    public int UnitsOf(Conv2dShape shape) => IsOneDimensional ? shape.KernelHeight : 1;

    /// <summary>Rows of tiles of an image.</summary>
    public int RowsOf(Conv2dShape shape) => Layout.CeilDiv(shape.OutHeight, TileRows);

    /// <summary>Tiles of a row.</summary>
    public int ColumnsOf(Conv2dShape shape) => Layout.CeilDiv(shape.OutWidth, Tile);

    /// <summary>Transformed weights of the dense layer, in floats.</summary>
    public long WeightsOf(Conv2dShape shape) => (long)PositionsOf(shape) * UnitsOf(shape) * shape.Channels * shape.Filters;

    /// <summary>
    /// Whether training should take the whole batch through each step together, position by position, so that the weights are read once.
    /// </summary>
    public bool RunsByPosition(Conv2dShape shape) => WeightsOf(shape) >= LargeWeights;

    /// <summary>
    /// Rows of tiles whose transformed inputs stay in the second-level cache; 0 if not even one does. In one dimension these are the rows
    /// of whole images, if one fits.
    /// </summary>
    public int CachedRowsOf(Conv2dShape shape)
    {
        var rows = TileBudget / (PositionsOf(shape) * ColumnsOf(shape) * Layout.PaddedChannels(shape.Channels));
        if (!IsOneDimensional) return rows;
        var ofImage = RowsOf(shape) + shape.KernelHeight - 1;
        return rows >= ofImage ? rows / ofImage * RowsOf(shape) : Math.Max(0, rows - shape.KernelHeight + 1);
    }

    /// <summary>Transformed inputs and outputs of a row of tiles, in floats.</summary>
    public long TilesOfRow(Conv2dShape shape) =>
        (long)PositionsOf(shape) * ColumnsOf(shape) * (shape.ChannelBlocks + shape.FilterBlocks) * Layout.Block;

    internal int UnitLengthOf(Conv2dShape shape) => shape.KernelHeight * shape.KernelWidth / UnitsOf(shape);

    /// <summary>The taps of a unit that a position reads, a bit for each: elsewhere G is zero.</summary>
    internal ulong TapsOf(int position, Conv2dShape shape)
    {
        var columns = TapsOfPoint(position % PointsOf(shape), shape);
        if (IsOneDimensional) return columns;
        var rows = TapsOfPoint(position / PointsOf(shape), shape);
        var taps = 0ul;
        for (var row = 0; row < shape.KernelHeight; row++)
        {
            if ((rows >> row & 1) != 0) taps |= columns << (row * shape.KernelWidth);
        }

        return taps;
    }

    /// <summary>Zero reads the first weight of a row, infinity the last. With stride 2, the middle one has points of its own.</summary>
    private ulong TapsOfPoint(int point, Conv2dShape shape) => (shape.Stride, point) switch
    {
        (_, 0) => 0b1,
        (2, 4) => 0b100,
        (2, _) => point < 4 ? 0b101ul : 0b10ul,
        _ => point == PointsOf(shape) - 1 ? 1ul << (shape.KernelWidth - 1) : (1ul << shape.KernelWidth) - 1,
    };

    private double TilesOf(Conv2dShape shape) => (double)RowsOf(shape) * ColumnsOf(shape);

    private bool IsOf(int tileRows, int tile, int kernel, int stride, Conv2dShape shape) =>
        (tileRows, tile, kernel, stride) == (TileRows, Tile, shape.KernelWidth, shape.Stride);

    private double WeightCostOf(ConvolutionWork work) =>
        !work.PacksWeights ? DirectForm.WeightCost : RunsByPosition(work.Shape) ? LargeWeightCost : CachedWeightCost;
}
