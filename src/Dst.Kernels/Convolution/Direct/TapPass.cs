using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// One run of the direct convolution loop over a packed source. A list of taps serves 16 output channels. A tap is the offset of its
/// scalar from the source of an output pixel. So dense, halved, grouped, strided and transposed convolutions all are the same loop.
/// All pitches are in floats.
/// </summary>
/// <param name="Tier">Vector width.</param>
/// <param name="Taps">The taps of each block of 16 output channels, or of each list of <paramref name="Scatter"/>.</param>
/// <param name="Blocks">Blocks of output channels, or of source channels with <paramref name="Scatter"/>.</param>
/// <param name="Scatter">Which channels the lanes of a list are added to; null where they are a block's own.</param>
/// <param name="Source">Where output pixels find their sources.</param>
/// <param name="Destination">Where output pixels go.</param>
/// <param name="KernelRows">For each output row the rows of the kernel that do not fall on padding.</param>
/// <param name="KernelColumns">For each output column the columns of the kernel that do not fall on padding.</param>
internal sealed record TapPass(
    SimdTier Tier,
    TapTable Taps,
    int Blocks,
    LaneScatter? Scatter,
    TapPass.SourcePitch Source,
    TapPass.DestinationPitch Destination,
    KernelRange[] KernelRows,
    KernelRange[] KernelColumns)
{
    private readonly int _imagesTogether = RowTiles.ImagesTogether(Tier);

    /// <summary>The register tiles of a row of one image.</summary>
    public RowTile[] Tiles { get; } = Cut(Tier, KernelColumns, Taps, Scatter, acrossImages: false, RowTiles.Widest);

    /// <summary>The same for two blocks of output channels at once.</summary>
    public RowTile[] PairTiles { get; } = Cut(Tier, KernelColumns, Taps, Scatter, acrossImages: false, RowTiles.WidestOfPair);

    /// <summary>
    /// The register tiles of a row where <see cref="RowTiles.ImagesTogether"/> images are at hand, of one block or of two.
    /// </summary>
    public RowTile[] BatchTiles { get; } = Cut(Tier, KernelColumns, Taps, Scatter, acrossImages: true, RowTiles.WidestOfPair);

    /// <summary>Pairs of blocks that are computed together; a block without a neighbour is in none.</summary>
    public int Pairs { get; } = RowTiles.HasPairs(Tier) && Scatter is null ? Blocks / 2 : 0;

    /// <summary>Whether any of <see cref="BatchTiles"/> is one pixel of several images.</summary>
    public bool SpansImages => Array.Exists(BatchTiles, tile => tile.AcrossImages);

    /// <summary>Output rows.</summary>
    public int Rows => KernelRows.Length;

    /// <summary>How many of <paramref name="images"/> go together through a row: several only where tiles span them.</summary>
    public int ImagesTogether(int images)
    {
        if (!SpansImages) return 1;
        return images >= _imagesTogether ? _imagesTogether : images >= RowTiles.FewImagesTogether ? RowTiles.FewImagesTogether : 1;
    }

    /// <summary>Lists whose lanes are scattered go through one tile at a time.</summary>
    private static RowTile[] Cut(
        SimdTier tier, KernelRange[] kernelColumns, TapTable taps, LaneScatter? scatter, bool acrossImages, int widest)
    {
        if (scatter is not null) widest = RowTiles.WidestOfPair;
        var tiles = RowTiles.Cut(tier, kernelColumns, taps.MeanPerColumn(), taps.KernelHeight, acrossImages, widest);
        return scatter is null ? RowTiles.Joined(tiles) : tiles;
    }

    /// <summary>Steps between the sources of output pixels, rows and images; that of pixels is a block, or 1 between planes.</summary>
    public readonly record struct SourcePitch(int Pixel, int Row, int Image);

    /// <summary>First output pixel of an image and the steps between pixels, rows, blocks and images.</summary>
    public readonly record struct DestinationPitch(int Start, int Pixel, int Row, int Block, int Image);
}

/// <summary>
/// Where the lanes of a list of taps go if its 16 output channels are not one block. A list has the channels that share taps of a block of
/// source channels.
/// </summary>
/// <param name="FirstList">For each source block its first list, and the number of lists.</param>
/// <param name="FirstTarget">For each list its first target, and the number of targets.</param>
/// <param name="TargetBlock">For each target the block of output channels.</param>
/// <param name="Lanes">For each target which lane of the list each of its 16 channels adds, 16 for none; a pinned array.</param>
internal sealed record LaneScatter(int[] FirstList, int[] FirstTarget, int[] TargetBlock, int[] Lanes);

/// <summary>Rows or columns [First, End) of a kernel.</summary>
internal readonly record struct KernelRange(int First, int End);

/// <summary>
/// Lists of taps ordered by their position in the kernel, so that an output pixel near the edge runs through a part of its list.
/// Lists that are equal are stored once.
/// </summary>
/// <param name="KernelHeight">Rows of the kernel.</param>
/// <param name="KernelWidth">Columns of the kernel.</param>
/// <param name="First">For each list the index of its first tap in <paramref name="Offsets"/>.</param>
/// <param name="FirstWeight">For each list where its weights [taps, 16] begin in the packed weights, in floats.</param>
/// <param name="PositionStart">
/// For each list and position (ky, kx) the number of taps before it, and their total: [lists, Kh·Kw + 1]; a pinned array.
/// </param>
/// <param name="Offsets">Distance of each tap's source from the source of the output pixel, in floats; a pinned array.</param>
internal sealed record TapTable(int KernelHeight, int KernelWidth, int[] First, int[] FirstWeight, int[] PositionStart, int[] Offsets)
{
    /// <summary>Entries of <see cref="PositionStart"/> of one list.</summary>
    public int Positions => KernelHeight * KernelWidth + 1;

    /// <summary>
    /// For each pair of neighbouring lists and each position of the kernel how many taps at the beginning of both are the same:
    /// [lists / 2, Kh·Kw]; a pinned array.
    /// </summary>
    public int[] Common { get; } = CommonOf(First, PositionStart, Offsets, KernelHeight * KernelWidth);

    /// <summary>For each column of the kernel the number of taps that a list has there, on average.</summary>
    public double[] MeanPerColumn()
    {
        var mean = new double[KernelWidth];
        for (var list = 0; list < First.Length; list++)
        {
            for (var p = 0; p < Positions - 1; p++)
            {
                var start = list * Positions + p;
                mean[p % KernelWidth] += (PositionStart[start + 1] - PositionStart[start]) / (double)First.Length;
            }
        }

        return mean;
    }

    private static int[] CommonOf(int[] first, int[] positionStart, int[] offsets, int area)
    {
        var common = GC.AllocateArray<int>(Math.Max(1, first.Length / 2 * area), pinned: true);
        for (var i = 0; i < first.Length / 2 * area; i++)
        {
            var (pair, position) = Math.DivRem(i, area);
            common[i] = TapsOf(2 * pair, position).CommonPrefixLength(TapsOf(2 * pair + 1, position));
        }

        return common;

        ReadOnlySpan<int> TapsOf(int list, int position)
        {
            var start = list * (area + 1) + position;
            return offsets.AsSpan(first[list] + positionStart[start], positionStart[start + 1] - positionStart[start]);
        }
    }
}
