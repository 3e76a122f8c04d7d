using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The channels that each block of 16 filters keeps of each pair of channel blocks. They fit into 16 lanes, and of a block alone into
/// eight, which two filters take together. The transposed product of a halved layer then has half of the length.
/// </summary>
internal sealed class ChannelBlockPairs
{
    private readonly int[][] _channels;
    private readonly int _filterBlocks;
    private readonly bool _lastPairsFilters;

    private ChannelBlockPairs(int[][] channels, int filterBlocks, int channelBlocks, bool pairsFilters)
    {
        _channels = channels;
        _filterBlocks = filterBlocks;
        _lastPairsFilters = pairsFilters && channelBlocks % 2 == 1
            && Array.TrueForAll(channels[^filterBlocks..], kept => kept.Length <= EightPairedSums.Channels);
        Lanes = [.. channels.SelectMany((kept, i) => LanesOfBoth(kept, i / filterBlocks))];
    }

    /// <summary>Pairs of channel blocks.</summary>
    public int Count => _channels.Length / _filterBlocks;

    /// <summary>
    /// For each pair, block of filters and both channel blocks: which lane each of 16 channels takes, 16 for none. Where two filters are
    /// paired, the lane of the first.
    /// </summary>
    public int[] Lanes { get; }

    /// <summary>Elements of <see cref="Lanes"/> of one pair.</summary>
    public int LanesOfPair => _filterBlocks * 2 * Layout.Block;

    /// <summary>The kept channels of a pair, one for each lane.</summary>
    public ReadOnlySpan<int> Channels(int pair, int filterBlock) => _channels[pair * _filterBlocks + filterBlock];

    /// <summary>Whether two filters share a vector, because no block of filters keeps more than eight channels of a pair.</summary>
    public bool PairsFilters(int pair) => _lastPairsFilters && pair == Count - 1;

    /// <summary>The pairs of a layer; null where a block of filters keeps too many channels, or the tier has too few registers.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="kept">Whole kernels.</param>
    /// <param name="pairsFilters">Whether two filters may share a vector. One block alone has no other use of it.</param>
    public static ChannelBlockPairs? Create(SimdTier tier, Conv2dShape shape, KeptUnits kept, bool pairsFilters)
    {
        if (tier != SimdTier.V512 || (shape.ChannelBlocks == 1 && !pairsFilters)) return null;
        var channels = new List<int[]>();
        for (var first = 0; first < shape.Channels; first += 2 * Layout.Block)
        {
            for (var b = 0; b < shape.FilterBlocks; b++)
            {
                var ofBlock = kept.Units[kept.First(b)..kept.First(b + 1)];
                channels.Add([.. ofBlock.Where(channel => channel >= first && channel < first + 2 * Layout.Block).Order()]);
            }
        }

        var room = shape.ChannelBlocks == 1 ? EightPairedSums.Channels : Layout.Block;
        return channels.All(list => list.Length <= room)
            ? new([.. channels], shape.FilterBlocks, shape.ChannelBlocks, pairsFilters)
            : null;
    }

    private IEnumerable<int> LanesOfBoth(int[] kept, int pair)
    {
        var pitch = PairsFilters(pair) ? 2 : 1;
        return LanesOf(kept, 2 * pair, pitch).Concat(LanesOf(kept, 2 * pair + 1, pitch));
    }

    private static int[] LanesOf(int[] kept, int channelBlock, int pitch)
    {
        var lanes = Enumerable.Repeat(Layout.Block, Layout.Block).ToArray();
        for (var i = 0; i < kept.Length; i++)
        {
            if (kept[i] / Layout.Block == channelBlock) lanes[kept[i] % Layout.Block] = i * pitch;
        }

        return lanes;
    }
}
