using Dst.Kernels;

namespace Dst.Tests.Int8;

public sealed class ChannelPairsTests
{
    [Fact]
    public void Each_channel_of_a_set_is_in_one_pair()
    {
        for (var set = 1; set < 1 << 16; set += 7)
        {
            var channels = ChannelsOf(set);
            var pairs = ChannelPairs.Of(channels).ToList();
            Assert.Equal(channels, pairs.SelectMany(pair => new[] { pair.First, pair.Second }).OfType<int>().Order());
            Assert.All(pairs, pair => Assert.InRange(pair.Place, 0, 14));
        }
    }

    [Theory, InlineData(0xFFFF, 8), InlineData(0x5555, 4), InlineData(0x00FF, 4), InlineData(0x8000, 1), InlineData(0x8001, 2)]
    public void A_set_has_few_pairs(int set, int expected) => Assert.Equal(expected, ChannelPairs.Of(ChannelsOf(set)).Count());

    [Fact]
    public void The_first_channels_pair_in_ascending_order()
    {
        for (var count = 1; count <= 16; count++)
        {
            var channels = Enumerable.Range(0, count);
            Assert.Equal(channels, ChannelPairs.Of(channels).SelectMany(pair => new[] { pair.First, pair.Second }).OfType<int>());
        }
    }

    [Fact]
    public void Half_of_the_channels_have_hardly_more_than_four_pairs()
    {
        var halves = Enumerable.Range(0, 1 << 16).Where(set => int.PopCount(set) == 8).ToList();
        Assert.InRange(halves.Average(set => ChannelPairs.Of(ChannelsOf(set)).Count()), 4, 4.25);
    }

    private static int[] ChannelsOf(int set) => [.. Enumerable.Range(0, 16).Where(channel => (set >> channel & 1) != 0)];
}
