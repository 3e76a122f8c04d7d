namespace Dst.Kernels;

/// <summary>
/// The units whose transform is not zero at a position, with offsets of their inputs. Positions that read the same taps share an instance.
/// </summary>
internal sealed class PositionUnits
{
    /// <summary>
    /// The gradient's lists of units are filled up to a multiple of the widest <see cref="ITapAccumulators{TLanes}"/>.
    /// </summary>
    private const int GradientMultiple = 8;

    /// <summary>Plans the products of the positions that read some taps.</summary>
    /// <param name="all">The kept units of the layer.</param>
    /// <param name="taps">The taps.</param>
    /// <param name="offsetOf">Where a unit's first input is, within one position of V.</param>
    public PositionUnits(KeptUnits all, ulong taps, Func<int, int> offsetOf)
    {
        Kept = all.With(taps);
        Offsets = [.. Kept.Units.Select(offsetOf)];
        Common = [.. Enumerable.Range(0, Kept.Blocks / 2).Select(pair => Kept.Common(2 * pair))];
        var next = 0;
        Index = [.. all.Taps.Select(ofUnit => (ofUnit & taps) != 0 ? next++ : -1)];
        var offsets = new List<int>();
        GradientFirst = new int[all.Blocks + 1];
        for (var b = 0; b < all.Blocks; b++)
        {
            foreach (var run in Offsets[Kept.First(b)..Kept.First(b + 1)].Chunk(GradientMultiple))
                for (var i = 0; i < GradientMultiple; i++) offsets.Add(run[Math.Min(i, run.Length - 1)]);
            GradientFirst[b + 1] = offsets.Count;
        }

        GradientOffsets = [.. offsets];
    }

    /// <summary>The units.</summary>
    public KeptUnits Kept { get; }

    /// <summary>For each pair of neighbouring blocks how many units at the beginning of both are the same.</summary>
    public int[] Common { get; }

    /// <summary>For each kept unit of the layer its index among these, or −1.</summary>
    public int[] Index { get; }

    /// <summary>Offset of each unit's inputs.</summary>
    public int[] Offsets { get; }

    /// <summary>Each block's offsets, filled up by repeating the last; the sums of the copies are never read.</summary>
    public int[] GradientOffsets { get; }

    /// <summary>Where each block begins in <see cref="GradientOffsets"/>; one past the last for the number of blocks.</summary>
    public int[] GradientFirst { get; }
}
