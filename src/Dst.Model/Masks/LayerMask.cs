using Dst.Foundations;

namespace Dst.Masks;

/// <summary>What a pattern keeps or prunes as one: a candidate.</summary>
public enum PruningUnit
{
    /// <summary>One input channel's whole Kh×Kw kernel.</summary>
    Kernel,

    /// <summary>One weight position in the flattened I·Kh·Kw row.</summary>
    Weight,
}

/// <summary>
/// The uniformity half-pruning (UHP) pattern. <paramref name="Block"/> consecutive filters share one choice. Of each run of
/// <paramref name="Group"/> candidates exactly half is kept; a shorter last run of m keeps ⌈m/2⌉.
/// </summary>
/// <param name="Unit">What a candidate is.</param>
/// <param name="Block">Filters that share a choice: 1, 2, 4, 8 or 16.</param>
/// <param name="Group">Candidates in a run: even, at least 2.</param>
public sealed record UhpPattern(PruningUnit Unit, int Block, int Group)
{
    /// <summary>How many of a run of <paramref name="length"/> candidates are kept.</summary>
    public static int KeptOf(int length) => (length + 1) / 2;

    private bool IsLegal => Block is 1 or 2 or 4 or 8 or 16 && Group is >= 2 and <= 1 << 20 && Group % 2 == 0;

    /// <summary>The text <c>kernel:16:16</c> (unit:block:group) that commands take.</summary>
    public override string ToString() => $"{Words.Of(Unit)}:{Block}:{Group}";

    /// <summary>Reads the text <c>kernel:16:16</c>.</summary>
    /// <exception cref="InputException">The text is not a legal pattern.</exception>
    public static UhpPattern Parse(string text)
    {
        var parts = text.Split(':');
        if (parts.Length != 3 || Words.Find(typeof(PruningUnit), parts[0]) is not PruningUnit unit
            || !int.TryParse(parts[1], out var block) || !int.TryParse(parts[2], out var group))
            throw Illegal(text);
        var pattern = new UhpPattern(unit, block, group);
        return pattern.IsLegal ? pattern : throw Illegal(text);
    }

    /// <summary>This pattern, if its numbers are legal.</summary>
    /// <exception cref="InputException">They are not.</exception>
    public UhpPattern Checked() => IsLegal ? this : throw Illegal(ToString());

    private static InputException Illegal(string text) => new(
        $"pattern '{text}' is not unit:block:group with unit kernel or weight, block 1, 2, 4, 8 or 16 and an even group, "
        + "such as kernel:16:16");
}

/// <summary>
/// Which weights of a convolution [O, I, Kh, Kw] are kept. <see cref="Kept"/> has one entry for each candidate of each block of filters:
/// [⌈O/Block⌉][candidates]. A block has I candidates (unit kernel) or I·Kh·Kw (unit weight).
/// </summary>
public sealed class LayerMask
{
    /// <summary>The name of a mask without a pattern.</summary>
    public const string Unstructured = "unstructured";

    /// <summary>Creates a mask; <paramref name="kept"/> must have one entry for each candidate of each block.</summary>
    /// <exception cref="ArgumentException"><paramref name="kept"/> has another length.</exception>
    public LayerMask(int[] weightShape, PruningUnit unit, int block, int? group, bool[] kept)
    {
        WeightShape = weightShape;
        Unit = unit;
        Block = block;
        Group = group;
        Kept = kept;
        if (kept.Length != Blocks * Candidates)
            throw new ArgumentException($"mask has {kept.Length} entries, {Blocks * Candidates} expected");
    }

    /// <summary>[O, I, Kh, Kw] of the layer's weight.</summary>
    public int[] WeightShape { get; }

    /// <summary>What a candidate is.</summary>
    public PruningUnit Unit { get; }

    /// <summary>Filters that share one choice.</summary>
    public int Block { get; }

    /// <summary>Length of the runs of which half is kept, or null for an unstructured mask (block 1, unit weight).</summary>
    public int? Group { get; }

    /// <summary>The pattern as <c>unit:block:group</c>, or <see cref="Unstructured"/>.</summary>
    public string PatternName => Group is { } group ? new UhpPattern(Unit, Block, group).ToString() : Unstructured;

    /// <summary>True where a candidate is kept: [⌈O/Block⌉][candidates].</summary>
    public bool[] Kept { get; }

    /// <summary>Number of blocks of filters; the last may be smaller.</summary>
    public int Blocks => (WeightShape[0] + Block - 1) / Block;

    /// <summary>Candidates of one block.</summary>
    public int Candidates => Unit == PruningUnit.Kernel ? WeightShape[1] : WeightShape[1] * WeightShape[2] * WeightShape[3];

    /// <summary>Weights that one candidate stands for in one filter.</summary>
    public int WeightsPerCandidate => Unit == PruningUnit.Kernel ? WeightShape[2] * WeightShape[3] : 1;

    /// <summary>Number of weights of the layer that are kept.</summary>
    public long KeptWeights
    {
        get
        {
            var count = 0L;
            for (var block = 0; block < Blocks; block++)
            {
                var filters = Math.Min(Block, WeightShape[0] - block * Block);
                count += Kept.AsSpan(block * Candidates, Candidates).Count(true) * (long)WeightsPerCandidate * filters;
            }

            return count;
        }
    }

    /// <summary>Whether the weight at <paramref name="position"/> in filter <paramref name="filter"/>'s flattened row is kept.</summary>
    public bool Keeps(int filter, int position) => Kept[filter / Block * Candidates + position / WeightsPerCandidate];

    /// <summary>Sets every pruned weight of <paramref name="weights"/> [O, I, Kh, Kw] to zero.</summary>
    public void Apply(Span<float> weights)
    {
        var row = Candidates * WeightsPerCandidate;
        for (var filter = 0; filter < WeightShape[0]; filter++)
        {
            var kept = Kept.AsSpan(filter / Block * Candidates, Candidates);
            for (var c = 0; c < kept.Length; c++)
            {
                if (!kept[c]) weights.Slice(filter * row + c * WeightsPerCandidate, WeightsPerCandidate).Clear();
            }
        }
    }
}
