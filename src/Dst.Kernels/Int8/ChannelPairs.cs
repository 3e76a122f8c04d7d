using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Pairs of the channels of a block that sixteen filters read. A product takes two neighbouring channels of 16 bits. So that any channels
/// can be neighbours, a map is kept in several orders of the channels: ascending, every second one first, and every third one first.
/// </summary>
internal static unsafe class ChannelPairs
{
    /// <summary>Number of orders.</summary>
    public const int OrderCount = 3;

    private const int Half = Layout.Block / 2;

    /// <summary>The channels in each order.</summary>
    private static readonly int[][] Orders =
    [
        .. Enumerable.Range(1, OrderCount).Select(step =>
            Enumerable.Range(0, Layout.Block).OrderBy(channel => channel % step).ToArray()),
    ];

    /// <summary>For each set of channels, the partner of its first one: itself if it has none.</summary>
    private static readonly byte[] Partners = FindPartners();

    /// <summary>For each order but the first, the places of two pixels, for vectors of 512 bits.</summary>
    private static readonly short[] WideTables =
    [
        .. from order in Orders.Skip(1)
           from first in new[] { 0, Layout.Block }
           from channel in order
           select (short)(first + channel),
    ];

    /// <summary>For each order but the first, the bytes of each half of the source, for vectors that see one half; 255 gives 0.</summary>
    private static readonly byte[] NarrowTables =
        [.. Orders.Skip(1).SelectMany(order => BytesOf(order, 0).Concat(BytesOf(order, Half)))];

    /// <summary>As few pairs as have all channels of a set in them.</summary>
    public static IEnumerable<ChannelPair> Of(IEnumerable<int> channels)
    {
        var set = channels.Aggregate(0, (bits, channel) => bits | 1 << channel);
        while (set != 0)
        {
            var (first, partner) = (BitOperations.TrailingZeroCount(set), Partners[set]);
            yield return PairOf(first, partner);
            set &= ~(1 << first | 1 << partner);
        }
    }

    /// <summary>As few pairs as have all channels of a map in them.</summary>
    public static MapPair[] OfMap(IEnumerable<int> channels) =>
    [
        .. from block in channels.GroupBy(channel => channel / Layout.Block, channel => channel % Layout.Block)
           from pair in Of(block)
           select new MapPair(block.Key, pair),
    ];

    /// <summary>The channels at a place of an order and the next.</summary>
    public static (int First, int Second) ChannelsAt(int order, int place) => (Orders[order][place], Orders[order][place + 1]);

    /// <summary>Writes a map in all orders.</summary>
    /// <param name="map">[pixel][16]. Where the number of pixels is odd, one more is read and written.</param>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="to">[order][pixel][16].</param>
    /// <param name="pitch">From one order to the next, in channels.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Reorder<T>(short* map, int pixels, short* to, nint pitch) where T : unmanaged, ISumLanes<T>
    {
        var end = map + (nint)pixels * Layout.Block;
        if (typeof(T) == typeof(IntLanes512) && Avx512BW.IsSupported)
        {
            fixed (short* tables = WideTables) ReorderWide(map, end, to, pitch, tables);
        }
        else
        {
            fixed (byte* tables = NarrowTables)
            {
                if (Avx2.IsSupported) ReorderPixels(map, end, to, pitch, tables);
                else ReorderHalves(map, end, to, pitch, tables);
            }
        }
    }

    /// <summary>Two pixels at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReorderWide(short* map, short* end, short* to, nint pitch, short* tables)
    {
        var (second, third) = (Vector512.Load(tables), Vector512.Load(tables + 2 * Layout.Block));
        for (; map < end; map += 2 * Layout.Block, to += 2 * Layout.Block)
        {
            var channels = Vector512.Load(map);
            channels.Store(to);
            Avx512BW.PermuteVar32x16(channels, second).Store(to + pitch);
            Avx512BW.PermuteVar32x16(channels, third).Store(to + 2 * pitch);
        }
    }

    /// <summary>A pixel at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReorderPixels(short* map, short* end, short* to, nint pitch, byte* tables)
    {
        for (; map < end; map += Layout.Block, to += Layout.Block)
        {
            var lower = Avx2.BroadcastVector128ToVector256((byte*)map);
            var upper = Avx2.BroadcastVector128ToVector256((byte*)(map + Half));
            Vector256.Load(map).Store(to);
            for (var order = 1; order < OrderCount; order++)
            {
                var table = tables + (order - 1) * 4 * Layout.Block;
                var channels = Avx2.Shuffle(lower, Vector256.Load(table)) | Avx2.Shuffle(upper, Vector256.Load(table + 2 * Layout.Block));
                channels.Store((byte*)(to + order * pitch));
            }
        }
    }

    /// <summary>Half a pixel at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReorderHalves(short* map, short* end, short* to, nint pitch, byte* tables)
    {
        for (; map < end; map += Layout.Block, to += Layout.Block)
        {
            var (lower, upper) = (Vector128.Load((byte*)map), Vector128.Load((byte*)(map + Half)));
            lower.Store((byte*)to);
            upper.Store((byte*)(to + Half));
            for (var order = 1; order < OrderCount; order++)
            {
                for (var half = 0; half < 2; half++)
                {
                    var table = tables + (order - 1) * 4 * Layout.Block + half * Layout.Block;
                    var channels = Vector128.ShuffleNative(lower, Vector128.Load(table))
                        | Vector128.ShuffleNative(upper, Vector128.Load(table + 2 * Layout.Block));
                    channels.Store((byte*)(to + order * pitch + half * Half));
                }
            }
        }
    }

    private static ChannelPair PairOf(int first, int partner)
    {
        if (first == partner) return first < Layout.Block - 1 ? new(0, first, first, null) : new(0, first - 1, null, first);
        for (var order = 0; ; order++)
        {
            var (a, b) = (Array.IndexOf(Orders[order], first), Array.IndexOf(Orders[order], partner));
            if (b == a + 1) return new(order, a, first, partner);
            if (a == b + 1) return new(order, b, partner, first);
        }
    }

    private static byte[] FindPartners()
    {
        var neighbours = new int[Layout.Block];
        foreach (var (a, b) in Orders.SelectMany(order => order.Zip(order.Skip(1))))
        {
            neighbours[a] |= 1 << b;
            neighbours[b] |= 1 << a;
        }

        // Sets in ascending order: what is left of a set without a pair is smaller.
        var (partners, pairs) = (new byte[1 << Layout.Block], new byte[1 << Layout.Block]);
        for (var set = 1; set < partners.Length; set++)
        {
            var (first, rest) = (BitOperations.TrailingZeroCount(set), set & (set - 1));
            pairs[set] = byte.MaxValue;
            // The first of equal partners stays. So channels 0 to n − 1 pair in ascending order, as layers that are not pruned read them.
            for (var others = rest & neighbours[first]; others != 0; others &= others - 1) Try(BitOperations.TrailingZeroCount(others));
            Try(first);

            void Try(int partner)
            {
                var count = (byte)(pairs[rest & ~(1 << partner)] + 1);
                if (count < pairs[set]) (partners[set], pairs[set]) = ((byte)partner, count);
            }
        }

        return partners;
    }

    private static IEnumerable<byte> BytesOf(int[] channels, int first) => channels.SelectMany(channel =>
        Enumerable.Range(0, sizeof(short)).Select(part =>
            channel / Half == first / Half ? (byte)(channel % Half * sizeof(short) + part) : byte.MaxValue));
}

/// <summary>Two channels of a block that are neighbours in an order.</summary>
/// <param name="Order">The order: 0 is the ascending one.</param>
/// <param name="Place">The place of the first one.</param>
/// <param name="First">The first channel, or null if it is not one of the set.</param>
/// <param name="Second">The second channel, or null.</param>
internal readonly record struct ChannelPair(int Order, int Place, int? First, int? Second);

/// <summary>Two channels of a map.</summary>
/// <param name="Block">The block of both.</param>
/// <param name="Pair">The channels in it.</param>
internal readonly record struct MapPair(int Block, ChannelPair Pair)
{
    /// <summary>The first channel and the second, or null for one that is not of the set.</summary>
    public IEnumerable<int?> Channels => [Block * Layout.Block + Pair.First, Block * Layout.Block + Pair.Second];
}
