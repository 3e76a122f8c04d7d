using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Equal register tiles side by side: neighbouring output pixels of a row, or one pixel of several images.</summary>
/// <param name="Column">First column.</param>
/// <param name="Width">Columns of a tile.</param>
/// <param name="AcrossImages">Whether the tile is one pixel of as many images as there are.</param>
/// <param name="KernelColumns">Columns of the kernel that do not fall on padding for all of its pixels.</param>
/// <param name="Count">Number of tiles.</param>
internal readonly record struct RowTile(int Column, int Width, bool AcrossImages, KernelRange KernelColumns, int Count = 1);

/// <summary>Cuts a row of output pixels into register tiles.</summary>
internal static class RowTiles
{
    /// <summary>Pixels of the widest tile.</summary>
    public const int Widest = 16;

    /// <summary>Pixels of the widest tile of two blocks of filters, and of lists whose lanes are scattered.</summary>
    public const int WidestOfPair = 8;

    /// <summary>Tiles of the widest register tile of a Winograd product of two blocks of filters.</summary>
    public const int WidestOfProduct = 12;

    /// <summary>The fewest images for which a tile across images is worthwhile.</summary>
    public const int FewImagesTogether = 4;

    /// <summary>Time of entering a tile, and of each row of the kernel whose taps are not all used, in multiply-adds of 16 lanes.</summary>
    private const double TileCost = 16;
    private const double PartialRowCost = 4;

    /// <summary>Whether the registers hold tiles of six pixels on vectors of 128 bits; costs are then counts of instructions.</summary>
    private static bool HasWideTiles128 => Lanes128.Accumulators >= 6;

    /// <summary>Images that a tile across images holds; 1 where the tier has too few registers.</summary>
    public static int ImagesTogether(SimdTier tier) =>
        tier switch { SimdTier.V512 => 8, SimdTier.V256 => 4, SimdTier.V128 when HasWideTiles128 => 4, _ => 1 };

    /// <summary>Whether the registers hold the sums of two blocks of filters.</summary>
    public static bool HasPairs(SimdTier tier) => tier == SimdTier.V512;

    /// <summary>The tiles that take the least time.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="kernelColumns">For each output column the columns of the kernel that do not fall on padding.</param>
    /// <param name="taps">Taps in each column of the kernel.</param>
    /// <param name="kernelHeight">Rows of the kernel.</param>
    /// <param name="acrossImages">Whether tiles of one pixel of <see cref="ImagesTogether"/> images are possible.</param>
    /// <param name="widest">Pixels of the widest tile.</param>
    public static RowTile[] Cut(SimdTier tier, KernelRange[] kernelColumns, double[] taps, int kernelHeight, bool acrossImages, int widest)
    {
        var widths = Widths(tier);
        var together = ImagesTogether(tier);
        var best = new double[kernelColumns.Length + 1];
        var last = new RowTile[kernelColumns.Length + 1];
        for (var end = 1; end <= kernelColumns.Length; end++)
        {
            best[end] = double.PositiveInfinity;
            foreach (var (width, cost) in widths)
            {
                if (width <= Math.Min(end, widest)) Consider(end - width, width, false, cost, 1);
            }

            if (acrossImages && together > 1) Consider(end - 1, 1, true, widths.Single(w => w.Width == together).Cost, together);

            void Consider(int column, int width, bool across, double cost, int images)
            {
                var range = Union(kernelColumns.AsSpan(column, width), taps);
                var isPartial = range.End - range.First < taps.Length;
                var sum = 0d;
                for (var kx = range.First; kx < range.End; kx++) sum += taps[kx];
                var time = best[column] + (cost * sum + TileCost + (isPartial ? kernelHeight * PartialRowCost : 0)) / images;
                if (time < best[end]) (best[end], last[end]) = (time, new(column, width, across, range));
            }
        }

        var tiles = new List<RowTile>();
        for (var end = kernelColumns.Length; end > 0; end = last[end].Column) tiles.Add(last[end]);
        tiles.Reverse();
        return [.. tiles];
    }

    /// <summary>The same tiles, equal neighbours as one run.</summary>
    public static RowTile[] Joined(RowTile[] tiles)
    {
        var runs = new List<RowTile>();
        foreach (var tile in tiles)
        {
            var isNext = runs.Count > 0 && !tile.AcrossImages && runs[^1] with { Column = tile.Column, Count = 1 } == tile;
            if (isNext) runs[^1] = runs[^1] with { Count = runs[^1].Count + 1 };
            else runs.Add(tile);
        }

        return [.. runs];
    }

    /// <summary>The fastest tiles, in runs of equal ones, for <paramref name="pixels"/> neighbours that all have the same taps.</summary>
    public static RowTile[] Cut(SimdTier tier, int pixels, double taps, int widest)
    {
        var columns = Enumerable.Repeat(new KernelRange(0, 1), pixels).ToArray();
        return Joined(Cut(tier, columns, [taps], kernelHeight: 1, acrossImages: false, widest));
    }

    /// <summary>
    /// Time of each tile width relative to one pixel at the machine's peak. From measurements: a tile is at the peak when it has
    /// at least four 512-bit or eight 256-bit accumulators for each multiply-add of a cycle (its latency) and they fit in the registers.
    /// </summary>
    private static (int Width, double Cost)[] Widths(SimdTier tier) => tier switch
    {
        SimdTier.V512 => [(16, 16.8), (12, 12.6), (8, 8.5), (7, 7.5), (6, 6.5), (5, 5.5), (4, 4.5), (3, 4.3), (2, 4.2), (1, 4.1)],
        SimdTier.V256 => [(6, 6.2), (5, 5.5), (4, 4.5), (3, 4.1), (2, 4), (1, 3.9)],
        _ when HasWideTiles128 => [(6, 6.2), (5, 5.4), (4, 4.6), (3, 3.8), (2, 3), (1, 2.2)],
        _ => [(2, 2.1), (1, 1.9)],
    };

    /// <summary>The columns of the kernel that any of the pixels needs: all of them if the others have no taps.</summary>
    private static KernelRange Union(ReadOnlySpan<KernelRange> columns, double[] taps)
    {
        int first = taps.Length, end = 0;
        foreach (var range in columns)
        {
            if (range.First >= range.End) continue;
            first = Math.Min(first, range.First);
            end = Math.Max(end, range.End);
        }

        if (first >= end) return new(0, 0);
        return taps.AsSpan(0, first).ContainsAnyExcept(0) || taps.AsSpan(end).ContainsAnyExcept(0) ? new(first, end) : new(0, taps.Length);
    }
}
