namespace Dst.Kernels;

/// <summary>
/// Which positions of the flattened weight row [C·Kh·Kw] each block of <see cref="Block"/> consecutive filters keeps, ascending.
/// </summary>
/// <param name="Block">Filters that share a choice: 1, 2, 4, 8 or 16. Wider blocks are several that keep the same.</param>
/// <param name="Positions">Kept positions of each block.</param>
public sealed record KeptTaps(int Block, IReadOnlyList<int[]> Positions)
{
    /// <summary>Share of the taps that are kept when pruning ends, 0 to 1. Gradual pruning keeps more on its way there.</summary>
    public double FinalShare { get; init; } = 0.5;

    /// <summary>Share of a layer's taps that are kept.</summary>
    public double ShareOf(Conv2dShape shape) => Positions.Average(positions => (double)positions.Length) / shape.RowLength;

    /// <summary>The positions that any of the 16 filters of each block of the blocked layout keeps.</summary>
    public int[][] UnionOverLanes()
    {
        if (Block == Layout.Block) return [.. Positions];
        var blocksOfSixteen = Layout.Block / Block;
        var union = new int[Layout.CeilDiv(Positions.Count, blocksOfSixteen)][];
        for (var b = 0; b < union.Length; b++)
        {
            var all = new SortedSet<int>();
            for (var i = b * blocksOfSixteen; i < Math.Min(Positions.Count, (b + 1) * blocksOfSixteen); i++) all.UnionWith(Positions[i]);
            union[b] = [.. all];
        }

        return union;
    }

    /// <summary>
    /// The channels of which each block of 16 filters keeps a tap, or one in given rows of its kernels, ascending; all if no taps are
    /// given.
    /// </summary>
    internal static int[][] ChannelsOfBlocks(Conv2dShape shape, KeptTaps? kept, int[]? rows = null)
    {
        if (kept is null) return [.. Enumerable.Repeat(Enumerable.Range(0, shape.Channels).ToArray(), shape.FilterBlocks)];
        var kernel = shape.KernelHeight * shape.KernelWidth;
        return Array.ConvertAll(
            kept.UnionOverLanes(), taps => taps.Where(IsInRows).Select(tap => tap / kernel).Distinct().ToArray());

        bool IsInRows(int tap) => rows is null || rows.Contains(tap % kernel / shape.KernelWidth);
    }

    /// <summary>Throws unless the blocks cover the filters and every position is in range, ascending and unique.</summary>
    /// <exception cref="ArgumentException">The positions do not fit the shape.</exception>
    internal void Validate(Conv2dShape shape)
    {
        if (Block is not (1 or 2 or 4 or 8 or 16)) throw new ArgumentException($"block {Block}; 1, 2, 4, 8 or 16 was expected");
        if (shape.Groups != 1) throw new ArgumentException($"kept taps on a convolution of {shape.Groups} groups; 1 was expected");
        var blocks = Layout.CeilDiv(shape.Filters, Block);
        if (Positions.Count != blocks)
            throw new ArgumentException($"{Positions.Count} blocks of kept taps; {blocks} were expected");
        foreach (var positions in Positions)
        {
            for (var i = 0; i < positions.Length; i++)
            {
                if (positions[i] < (i == 0 ? 0 : positions[i - 1] + 1) || positions[i] >= shape.RowLength)
                    throw new ArgumentException(
                        Invariant($"kept position {positions[i]}; ascending values from 0 to {shape.RowLength - 1} were expected"));
            }
        }
    }
}
