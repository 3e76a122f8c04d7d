using Dst.Kernels;

namespace Dst.Masks;

/// <summary>
/// Which weights of a convolution [O, I, Kh, Kw] are kept. <see cref="Kept"/> has one entry for each candidate of each block of filters.
/// A block has I candidates if whole kernels are pruned, I·Kh if rows, I·Kh·Kw if single weights.
/// </summary>
public sealed class LayerMask
{
    /// <summary>The name of a mask without a pattern.</summary>
    public const string Unstructured = "unstructured";

    /// <summary>Creates a mask.</summary>
    /// <param name="weightShape">[O, I, Kh, Kw] of the layer's weight.</param>
    /// <param name="pattern">Its pattern, or null for an unstructured mask: each filter chooses single weights.</param>
    /// <param name="kept">One entry for each candidate of each block.</param>
    /// <exception cref="ArgumentException"><paramref name="kept"/> has another length.</exception>
    public LayerMask(int[] weightShape, UhpPattern? pattern, bool[] kept)
    {
        WeightShape = weightShape;
        Pattern = pattern;
        Kept = kept;
        if (kept.Length != Blocks * Candidates)
            throw new ArgumentException($"mask has {kept.Length} entries, {Blocks * Candidates} expected");
    }

    /// <summary>[O, I, Kh, Kw] of the layer's weight.</summary>
    public int[] WeightShape { get; }

    /// <summary>The pattern, or null if the mask is unstructured.</summary>
    public UhpPattern? Pattern { get; }

    /// <summary>The text of the pattern, or <see cref="Unstructured"/>.</summary>
    public string PatternName => Pattern?.ToString() ?? Unstructured;

    /// <summary>Filters that share one choice.</summary>
    public int Block => Pattern?.Block ?? 1;

    /// <summary>True where a candidate is kept: [⌈O/Block⌉][candidates].</summary>
    public bool[] Kept { get; }

    /// <summary>Number of blocks of filters; the last may be smaller.</summary>
    public int Blocks => (WeightShape[0] + Block - 1) / Block;

    /// <summary>Candidates of one block.</summary>
    public int Candidates => WeightShape[1] * WeightShape[2] * WeightShape[3] / WeightsPerCandidate;

    /// <summary>Weights that one candidate stands for in one filter.</summary>
    public int WeightsPerCandidate => Pattern?.WeightsPerCandidate(WeightShape) ?? 1;

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

    /// <summary>
    /// The input channels of which a block keeps every weight, ascending; null if it keeps some weights of a channel and prunes others.
    /// </summary>
    internal int[]? WholeChannelsOf(int block)
    {
        var (channels, size) = (new List<int>(), Candidates / WeightShape[1]);
        for (var channel = 0; channel < WeightShape[1]; channel++)
        {
            var count = Kept.AsSpan(block * Candidates + channel * size, size).Count(true);
            if (count == size) channels.Add(channel);
            else if (count > 0) return null;
        }

        return [.. channels];
    }

    /// <summary>
    /// The mask of some filters alone, or null if it has no pattern: each block must keep as many filters, a legal number, or lose all. The
    /// last may keep fewer.
    /// </summary>
    /// <param name="filters">Ascending, at least one.</param>
    internal LayerMask? OfFilters(int[] filters)
    {
        var blocks = filters.CountBy(filter => filter / Block).ToArray();
        var size = blocks[0].Value;
        if (blocks[..^1].Any(block => block.Value != size) || blocks[^1].Value > size) return null;
        if (blocks.Length == 1) size = Block; // fewer filters than a block are one
        if (Pattern is not null && !UhpPattern.IsLegalBlock(size)) return null;
        bool[] kept = [.. blocks.SelectMany(block => Kept[(block.Key * Candidates)..((block.Key + 1) * Candidates)])];
        return new([filters.Length, .. WeightShape[1..]], Pattern is null ? null : Pattern with { Block = size }, kept);
    }

    /// <summary>
    /// The kept positions of the flattened weight row of each block of filters. Wider blocks than the layout's become several that keep the
    /// same.
    /// </summary>
    public KeptTaps ToKeptTaps()
    {
        var row = WeightShape[1] * WeightShape[2] * WeightShape[3];
        var block = Math.Min(Block, Layout.Block);
        var positions = new int[Layout.CeilDiv(WeightShape[0], block)][];
        for (var i = 0; i < positions.Length; i++)
            positions[i] = [.. Enumerable.Range(0, row).Where(position => Keeps(i * block, position))];
        return new(block, positions) { FinalShare = Pattern?.Share ?? 1 };
    }

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
