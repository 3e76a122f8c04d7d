namespace Dst.Kernels;

/// <summary>
/// The units that each block of 16 filters keeps, as one list. A unit is what a form transforms as one: a kernel of an input channel, or a
/// row of it.
/// </summary>
internal sealed class KeptUnits
{
    private readonly int[] _first;

    /// <summary>The units of a layer. A block keeps a unit if any of its filters keeps any weight of it.</summary>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="unitLength">Weights of a unit, which are neighbours in the flattened weight row.</param>
    /// <param name="kept">The taps that are kept, or null for all.</param>
    public KeptUnits(Conv2dShape shape, int unitLength, KeptTaps? kept)
        : this(kept is null
            ? [.. Enumerable.Repeat(UnitsOf(Enumerable.Range(0, shape.RowLength), unitLength), shape.FilterBlocks)]
            : [.. PairedLists.CommonFirst(kept.UnionOverLanes().Select(taps => UnitsOf(taps, unitLength)), ofUnit => ofUnit.Unit)])
    {
    }

    private KeptUnits(IReadOnlyList<(int Unit, ulong Taps)[]> blocks)
    {
        Units = [.. blocks.SelectMany(block => block).Select(kept => kept.Unit)];
        Taps = [.. blocks.SelectMany(block => block).Select(kept => kept.Taps)];
        _first = new int[blocks.Count + 1];
        for (var b = 0; b < blocks.Count; b++) _first[b + 1] = _first[b] + blocks[b].Length;
    }

    /// <summary>Blocks of filters.</summary>
    public int Blocks => _first.Length - 1;

    /// <summary>
    /// The units of all blocks, one block after another. In each pair of neighbouring blocks those of both come first, and each part
    /// ascends: of channel 0, of channel 1 and so on.
    /// </summary>
    public int[] Units { get; }

    /// <summary>Which taps of each unit are kept: a bit for each weight. Of no use for units of more than 64 weights.</summary>
    public ulong[] Taps { get; }

    /// <summary>Index of a block's first unit in <see cref="Units"/>; one past the last for the number of blocks.</summary>
    public int First(int block) => _first[block];

    /// <summary>How many units a block and the next one have in common: those at the beginning of both.</summary>
    public int Common(int block)
    {
        ReadOnlySpan<int> units = Units;
        return units[First(block)..First(block + 1)].CommonPrefixLength(units[First(block + 1)..First(block + 2)]);
    }

    /// <summary>Whether a block keeps all units of a kernel, or none, and these follow one another.</summary>
    /// <param name="block">The block.</param>
    /// <param name="unitsOfKernel">Units of a kernel.</param>
    public bool HasWholeKernels(int block, int unitsOfKernel) => Units[First(block)..First(block + 1)].Chunk(unitsOfKernel)
        .All(kernel => kernel.Length == unitsOfKernel && kernel[0] % unitsOfKernel == 0 && kernel[^1] == kernel[0] + unitsOfKernel - 1);

    /// <summary>Whether each unit keeps any of some taps.</summary>
    public bool AllHave(ulong taps) => Array.TrueForAll(Taps, ofUnit => (ofUnit & taps) != 0);

    /// <summary>The units that keep any of some taps.</summary>
    public KeptUnits With(ulong taps) =>
        AllHave(taps) ? this : new([.. Enumerable.Range(0, Blocks).Select(block => BlockWith(block, taps))]);

    private (int Unit, ulong Taps)[] BlockWith(int block, ulong taps) =>
    [
        .. Enumerable.Range(First(block), First(block + 1) - First(block)).Where(i => (Taps[i] & taps) != 0)
            .Select(i => (Units[i], Taps[i])),
    ];

    private static (int Unit, ulong Taps)[] UnitsOf(IEnumerable<int> taps, int unitLength)
    {
        var units = new List<(int Unit, ulong Taps)>();
        foreach (var tap in taps)
        {
            var (unit, bit) = (tap / unitLength, 1ul << (tap % unitLength));
            if (units.Count > 0 && units[^1].Unit == unit) units[^1] = (unit, units[^1].Taps | bit);
            else units.Add((unit, bit));
        }

        return [.. units];
    }
}
