using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>What the choice and the schedule of Winograd forms depend on, in training and in inference: shapes and the tier alone.</summary>
public static class WinogradSchedule
{
    /// <summary>Transformed inputs of a run, in floats: 160 kB leave room for outputs, weights and images beside them in the second-level cache.</summary>
    private const int TileBudget = 40_000;

    /// <summary>Transformed weights from which on they should be read once a batch and not once a run, in floats: 4 MB.</summary>
    private const int LargeWeights = 1_000_000;

    /// <summary>Time of one transform of a tile of 16 channels with 4, 6, 8 and 9 products in vector multiply-adds, from measurements.</summary>
    private const double Four = 200;
    private const double Six = 300;
    private const double Eight = 500;
    private const double Nine = 600;

    /// <summary>The forms there are, and the time of one transform.</summary>
    private static readonly (int Kernel, int Stride, WinogradTile Form)[] Forms =
        [(3, 1, new(4, Six)), (3, 1, new(2, Four)), (5, 1, new(4, Eight)), (5, 1, new(2, Six)), (6, 1, new(3, Eight)), (3, 2, new(4, Nine))];

    /// <summary>The tiles of all forms, the fastest first.</summary>
    public static IReadOnlyList<int> Tiles { get; } = [.. Forms.Select(form => form.Form.Tile).Distinct().OrderDescending()];

    /// <summary>The forms of a layer, the fastest first: it has a square kernel and one group, and the tier has vectors.</summary>
    public static IEnumerable<WinogradTile> FormsOf(SimdTier tier, Conv2dShape shape) =>
        shape.Groups == 1 && shape.KernelHeight == shape.KernelWidth && shape.Padding < shape.KernelHeight && tier != SimdTier.Scalar
            ? Forms.Where(form => form.Kernel == shape.KernelHeight && form.Stride == shape.Stride).Select(form => form.Form)
            : [];

    /// <summary>Inputs, and products, of a tile in one dimension: m + r − 1 with stride 1.</summary>
    public static int Points(Conv2dShape shape, int tile) => (tile - 1) * shape.Stride + shape.KernelHeight;

    /// <summary>Products of a tile for each channel and filter.</summary>
    public static int Positions(Conv2dShape shape, int tile) => Points(shape, tile) * Points(shape, tile);

    /// <summary>Tiles of an image.</summary>
    public static double TilesOf(Conv2dShape shape, int tile) => (double)Rows(shape, tile) * Columns(shape, tile);

    /// <summary>Rows of tiles of an image.</summary>
    public static int Rows(Conv2dShape shape, int tile) => (shape.OutHeight + tile - 1) / tile;

    /// <summary>Tiles of a row.</summary>
    public static int Columns(Conv2dShape shape, int tile) => (shape.OutWidth + tile - 1) / tile;

    /// <summary>Transformed weights of the dense layer, in floats.</summary>
    public static long Weights(Conv2dShape shape, int tile) => (long)Positions(shape, tile) * shape.Channels * shape.Filters;

    /// <summary>Whether the whole batch should take each step together, so that the weights are read once.</summary>
    public static bool IsByPosition(Conv2dShape shape, int tile) => Weights(shape, tile) >= LargeWeights;

    /// <summary>Rows of tiles whose transformed inputs stay in the second-level cache; 0 if not even one does.</summary>
    public static int CachedRows(Conv2dShape shape, int tile) =>
        TileBudget / (Positions(shape, tile) * Columns(shape, tile) * Layout.PaddedChannels(shape.Channels));
}

/// <summary>A Winograd form of a layer.</summary>
/// <param name="Tile">Outputs m of a tile in one dimension.</param>
/// <param name="TransformCost">Time of one transform of a tile of 16 channels in vector multiply-adds.</param>
public readonly record struct WinogradTile(int Tile, double TransformCost);
