namespace Dst.Kernels;

/// <summary>How an image is cut into tiles, and where they lie in scratch memory. Lengths and pitches are in 32-bit elements.</summary>
internal sealed class Int8WinogradTiles
{
    private const int Pairs = Layout.Block / 2; // of 16-bit channels of a pixel

    /// <summary>Transformed inputs that stay in the second-level cache: 256 kB.</summary>
    private const int CachedInputs = 64 * 1024;

    /// <summary>Most tiles at a time: their sums stay in the caches too.</summary>
    private const int MostTiles = 32;

    /// <summary>The widest register tile.</summary>
    private const int WidestTile = 16;

    /// <summary>Cuts the outputs of a layer.</summary>
    /// <param name="tile">Outputs of a tile in each dimension.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="capacity">Tiles at a time; null for as many as suit the caches.</param>
    public Int8WinogradTiles(int tile, Int8Layer layer, int? capacity = null)
    {
        var shape = layer.Shape;
        IsByPosition = capacity is null && layer.Kept is not null;
        (Tile, Step, Points) = (tile, tile * shape.Stride, (tile - 1) * shape.Stride + Int8Winograd.Side);
        (Rows, Columns) = (Layout.CeilDiv(shape.OutHeight, tile), Layout.CeilDiv(shape.OutWidth, tile));
        (PaddedRows, PaddedColumns) = ((Rows - 1) * Step + Points, (Columns - 1) * Step + Points);
        var most = IsByPosition
            ? WidestTile // the sums of all blocks of filters share the cache with the inputs
            : Math.Clamp(CachedInputs / (Positions * shape.ChannelBlocks * Pairs), WidestTile, MostTiles);
        var runs = Layout.CeilDiv(Count, most);
        Capacity = capacity ?? Layout.CeilDiv(Count, runs);
        if (Capacity > WidestTile) Capacity = Layout.RoundUp(Capacity, WidestTile);
        PlanePitch = Layout.RoundUp(Capacity, 2) * Pairs; // tiles are reordered two at a time
        MapLength = checked(shape.ChannelBlocks * PlanePitch);
        // One more cache line from position to position: powers of two would put all positions of a tile into the same cache set.
        InputPitch = checked(Layout.WholeLines(MapLength) + Layout.Block);
        OutputPitch = (Capacity + 1) * Layout.Block;
        SumsLength = (long)Positions * OutputPitch * (IsByPosition ? shape.FilterBlocks : 1);
        PaddedLength = Layout.WholeLines(checked(shape.ChannelBlocks * PaddedRows * PaddedColumns * Layout.Block / sizeof(int)));
    }

    /// <summary>Outputs of a tile in each dimension.</summary>
    public int Tile { get; }

    /// <summary>Inputs from one tile to the next in each dimension.</summary>
    public int Step { get; }

    /// <summary>Inputs of a tile in each dimension.</summary>
    public int Points { get; }

    /// <summary>Products of a tile for each channel and filter.</summary>
    public int Positions => Points * Points;

    /// <summary>Rows of tiles.</summary>
    public int Rows { get; }

    /// <summary>Tiles of a row.</summary>
    public int Columns { get; }

    /// <summary>Tiles of an image.</summary>
    public int Count => Rows * Columns;

    /// <summary>Tiles at a time.</summary>
    public int Capacity { get; }

    /// <summary>
    /// Whether all blocks of filters are computed for one position after another, and so share its reordered inputs. Otherwise one block
    /// is computed after another, and its sums stay in the first-level cache.
    /// </summary>
    public bool IsByPosition { get; }

    /// <summary>Rows of the padded image: those that tiles read.</summary>
    public int PaddedRows { get; }

    /// <summary>Columns of the padded image.</summary>
    public int PaddedColumns { get; }

    // Scratch memory: the padded image, the transformed inputs, those of one position in all orders of channels, and the sums.

    /// <summary>Length of the padded image.</summary>
    public int PaddedLength { get; }

    /// <summary>From one position to the next in the transformed inputs [position][C/16][tile][8 pairs].</summary>
    public int InputPitch { get; }

    /// <summary>From one block of channels to the next in the transformed inputs.</summary>
    public int PlanePitch { get; }

    /// <summary>Length of the transformed inputs of a position.</summary>
    public int MapLength { get; }

    /// <summary>Length of the transformed inputs of a position in all orders of channels.</summary>
    public int ReorderedLength => IsByPosition ? checked(ChannelPairs.OrderCount * MapLength) : 0;

    /// <summary>From one position to the next in the sums [position][tile][16] of a block of filters.</summary>
    public int OutputPitch { get; }

    /// <summary>Length of the sums: those of all blocks of filters, or of one.</summary>
    public long SumsLength { get; }

    /// <summary>Where the inputs in all orders of channels begin.</summary>
    public long FirstReordered => PaddedLength + (long)Positions * InputPitch;

    /// <summary>Where the sums begin.</summary>
    public long FirstSum => FirstReordered + ReorderedLength;

    /// <summary>Length of the scratch memory.</summary>
    public long ScratchLength => FirstSum + SumsLength;
}
