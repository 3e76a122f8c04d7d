using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The channels that each block of 16 filters keeps of each pair of channel blocks. They fit into 16 lanes, and into eight where a layer
/// has one block alone. The transposed product of a halved layer then has half of the length.
/// </summary>
internal sealed class ChannelBlockPairs
{
    private readonly int[][] _channels;
    private readonly int _filterBlocks;
    private readonly bool[] _isHalf;

    private ChannelBlockPairs(int[][] channels, int filterBlocks)
    {
        _channels = channels;
        _filterBlocks = filterBlocks;
        _isHalf = [.. channels.Chunk(filterBlocks).Select(pair => Array.TrueForAll(pair, kept => kept.Length <= EightHalves.Lanes))];
        Lanes = [.. channels.SelectMany((kept, i) => LanesOfBoth(kept, 2 * (i / filterBlocks)))];
    }

    /// <summary>Pairs of channel blocks.</summary>
    public int Count => _channels.Length / _filterBlocks;

    /// <summary>For each pair, block of filters and both channel blocks: which lane each of 16 channels takes, 16 for none.</summary>
    public int[] Lanes { get; }

    /// <summary>Elements of <see cref="Lanes"/> of one pair.</summary>
    public int LanesOfPair => _filterBlocks * 2 * Layout.Block;

    /// <summary>The kept channels of a pair, one for each lane.</summary>
    public ReadOnlySpan<int> Channels(int pair, int filterBlock) => _channels[pair * _filterBlocks + filterBlock];

    /// <summary>Whether no block of filters keeps more than eight channels of a pair: half a vector.</summary>
    public bool IsHalf(int pair) => _isHalf[pair];

    /// <summary>The pairs of a layer; null where a block of filters keeps too many channels, or the tier has too few registers.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="kept">Whole kernels.</param>
    public static ChannelBlockPairs? Create(SimdTier tier, Conv2dShape shape, KeptUnits kept)
    {
        if (tier != SimdTier.V512) return null;
        var channels = new List<int[]>();
        for (var first = 0; first < shape.Channels; first += 2 * Layout.Block)
        {
            for (var b = 0; b < shape.FilterBlocks; b++)
            {
                var ofBlock = kept.Units[kept.First(b)..kept.First(b + 1)];
                channels.Add([.. ofBlock.Where(channel => channel >= first && channel < first + 2 * Layout.Block).Order()]);
            }
        }

        var room = shape.ChannelBlocks == 1 ? EightHalves.Lanes : Layout.Block;
        return channels.All(list => list.Length <= room) ? new([.. channels], shape.FilterBlocks) : null;
    }

    private static IEnumerable<int> LanesOfBoth(int[] kept, int firstBlock) =>
        LanesOf(kept, firstBlock).Concat(LanesOf(kept, firstBlock + 1));

    private static int[] LanesOf(int[] kept, int channelBlock)
    {
        var lanes = Enumerable.Repeat(Layout.Block, Layout.Block).ToArray();
        for (var lane = 0; lane < kept.Length; lane++)
        {
            if (kept[lane] / Layout.Block == channelBlock) lanes[kept[lane] % Layout.Block] = lane;
        }

        return lanes;
    }
}
