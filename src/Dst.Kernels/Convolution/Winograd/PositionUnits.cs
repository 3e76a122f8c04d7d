namespace Dst.Kernels;

/// <summary>
/// The units whose transform is not zero at a position, with offsets of their inputs. Positions that read the same taps share an instance.
/// </summary>
internal sealed class PositionUnits
{
    /// <summary>Plans the products of the positions that read some taps.</summary>
    /// <param name="all">The kept units of the layer.</param>
    /// <param name="taps">The taps.</param>
    /// <param name="inPairs">Whether neighbouring blocks of filters are multiplied together.</param>
    /// <param name="unitsOfKernel">Units of a whole kernel.</param>
    /// <param name="offsetOf">Where a unit's first input is, within one position of V.</param>
    public PositionUnits(KeptUnits all, ulong taps, bool inPairs, int unitsOfKernel, Func<int, int> offsetOf)
    {
        Kept = all.With(taps);
        Offsets = [.. Kept.Units.Select(offsetOf)];
        Pairs = inPairs ? [.. Enumerable.Range(0, Kept.Blocks / 2).Select(pair => new FilterBlockPair(Kept, 2 * pair))] : [];
        HasWholeKernels = [.. Enumerable.Range(0, Kept.Blocks).Select(block => Kept.HasWholeKernels(block, unitsOfKernel))];
        Places = [.. Enumerable.Range(0, Kept.Blocks).SelectMany(PlacesOf)];
        var next = 0;
        Index = [.. all.Taps.Select(ofUnit => (ofUnit & taps) != 0 ? next++ : -1)];
        var offsets = new List<int>();
        GradientFirst = new int[all.Blocks + 1];
        for (var b = 0; b < all.Blocks; b++)
        {
            offsets.AddRange(TapRuns.Of(Offsets[Kept.First(b)..Kept.First(b + 1)]).SelectMany(run => run));
            GradientFirst[b + 1] = offsets.Count;
        }

        GradientOffsets = [.. offsets];
        GradientPairs = [.. Pairs.Select((_, pair) => TapRuns.Common(GradientsOf(2 * pair), GradientsOf(2 * pair + 1)))];
    }

    /// <summary>The units.</summary>
    public KeptUnits Kept { get; }

    /// <summary>The pairs of blocks of filters that are multiplied together; a block without a neighbour is in none.</summary>
    public FilterBlockPair[] Pairs { get; }

    /// <summary>Whether a block of filters keeps all units of a kernel, or none, and these follow one another.</summary>
    public bool[] HasWholeKernels { get; }

    /// <summary>
    /// Place of each unit's 16 weights, in the order in which a product reads them: in a pair the blocks take turns, as long as both have
    /// units.
    /// </summary>
    public int[] Places { get; }

    /// <summary>For each kept unit of the layer its index among these, or −1.</summary>
    public int[] Index { get; }

    /// <summary>Offset of each unit's inputs.</summary>
    public int[] Offsets { get; }

    /// <summary>Each block's offsets, in <see cref="TapRuns"/>.</summary>
    public int[] GradientOffsets { get; }

    /// <summary>Where each block begins in <see cref="GradientOffsets"/>; one past the last for the number of blocks.</summary>
    public int[] GradientFirst { get; }

    /// <summary>For each pair of blocks how many offsets at the beginning of both lists are the same, in whole runs.</summary>
    public int[] GradientPairs { get; }

    /// <summary>How many offsets a block has in <see cref="GradientOffsets"/>.</summary>
    public int Gradients(int block) => GradientFirst[block + 1] - GradientFirst[block];

    private ReadOnlySpan<int> GradientsOf(int block) => GradientOffsets.AsSpan(GradientFirst[block], Gradients(block));

    private IEnumerable<int> PlacesOf(int block)
    {
        var (first, count) = (Kept.First(block), Kept.First(block + 1) - Kept.First(block));
        if (block / 2 >= Pairs.Length) return Enumerable.Range(first, count);
        var start = Kept.First(block & ~1);
        var both = Pairs[block / 2].Both;
        return Enumerable.Range(0, count).Select(unit => unit < both ? start + 2 * unit + block % 2 : start + both + unit);
    }
}

/// <summary>Two neighbouring blocks of 16 filters.</summary>
/// <param name="Common">Units at the beginning of both lists that are the same.</param>
/// <param name="Both">Units of the shorter list.</param>
internal readonly record struct FilterBlockPair(int Common, int Both)
{
    /// <summary>A block and the next one.</summary>
    public FilterBlockPair(KeptUnits kept, int block)
        : this(kept.Common(block), Math.Min(kept.First(block + 1) - kept.First(block), kept.First(block + 2) - kept.First(block + 1)))
    {
    }
}
