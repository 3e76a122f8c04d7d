namespace Dst.Kernels;

/// <summary>What the choice and the schedule of Winograd forms depend on, in training and in inference: shapes alone.</summary>
public static class WinogradSchedule
{
    /// <summary>Transformed inputs of a run, in floats: 160 kB leave room for outputs, weights and images beside them in the second-level cache.</summary>
    private const int TileBudget = 40_000;

    /// <summary>Transformed weights from which on they should be read once a batch and not once a run, in floats: 4 MB.</summary>
    private const int LargeWeights = 1_000_000;

    /// <summary>The tiles there are, and the time of one transform of a tile of 16 channels in vector multiply-adds, from measurements.</summary>
    public static IReadOnlyList<(int Tile, double TransformCost)> Tiles { get; } = [(4, 300), (2, 200)];

    /// <summary>Tiles of an image.</summary>
    public static double TilesOf(Conv2dShape shape, int tile) => (double)Rows(shape, tile) * Columns(shape, tile);

    /// <summary>Rows of tiles of an image.</summary>
    public static int Rows(Conv2dShape shape, int tile) => (shape.OutHeight + tile - 1) / tile;

    /// <summary>Tiles of a row.</summary>
    public static int Columns(Conv2dShape shape, int tile) => (shape.OutWidth + tile - 1) / tile;

    /// <summary>Transformed weights of the dense layer, in floats.</summary>
    public static long Weights(Conv2dShape shape, int tile) => (long)(tile + 2) * (tile + 2) * shape.Channels * shape.Filters;

    /// <summary>Whether the whole batch should take each step together, so that the weights are read once.</summary>
    public static bool IsByPosition(Conv2dShape shape, int tile) => Weights(shape, tile) >= LargeWeights;

    /// <summary>Rows of tiles whose transformed inputs stay in the second-level cache; 0 if not even one does.</summary>
    public static int CachedRows(Conv2dShape shape, int tile) =>
        TileBudget / ((tile + 2) * (tile + 2) * Columns(shape, tile) * Layout.PaddedChannels(shape.Channels));
}
