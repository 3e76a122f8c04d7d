namespace Dst.Kernels;

/// <summary>
/// The units that each block of 16 filters keeps, as one list. A unit is what a form transforms as one: a kernel of an input channel, or a
/// row of it.
/// </summary>
internal sealed class KeptUnits
{
    private readonly int[] _first;

    /// <summary>Without kept taps all units; a unit of which any filter of a block keeps any weight counts as kept.</summary>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="unitLength">Weights of a unit, which are neighbours in the flattened weight row.</param>
    /// <param name="kept">The taps that are kept, or null for all.</param>
    public KeptUnits(Conv2dShape shape, int unitLength, KeptTaps? kept)
    {
        var all = Enumerable.Range(0, shape.RowLength / unitLength).ToArray();
        int[][] blocks = kept is null
            ? [.. Enumerable.Repeat(all, shape.FilterBlocks)]
            : [.. kept.UnionOverLanes().Select(taps => taps.Select(tap => tap / unitLength).Distinct().ToArray())];
        Units = [.. blocks.SelectMany(units => units)];
        _first = new int[blocks.Length + 1];
        for (var b = 0; b < blocks.Length; b++) _first[b + 1] = _first[b] + blocks[b].Length;
    }

    /// <summary>The units of all blocks, one block after another, ascending in each: of channel 0, of channel 1 and so on.</summary>
    public int[] Units { get; }

    /// <summary>Index of a block's first unit in <see cref="Units"/>; one past the last for the number of blocks.</summary>
    public int First(int block) => _first[block];
}
