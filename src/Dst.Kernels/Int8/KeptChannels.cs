using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The channels that sixteen filters read, and how they come to lie side by side. A pixel of a block of channels has sixteen places, and so
/// has a pixel of a group, whose first eight places and last eight come from one block each.
/// </summary>
internal sealed unsafe class KeptChannels
{
    /// <summary>Stands in <see cref="Order"/> for no channel.</summary>
    public const int None = -1;

    private const int Half = Layout.Block / 2;

    private readonly int _perElement;
    private readonly AlignedArray<byte> _tables;

    /// <summary>Plans the channels.</summary>
    /// <param name="channels">The channels, ascending.</param>
    /// <param name="perElement">Channels of a 32-bit element: two of 16 bits, or four of 8.</param>
    public KeptChannels(int[] channels, int perElement)
    {
        _perElement = perElement;
        var (groups, lanes) = GroupsOf(channels);
        Groups = [.. groups.Zip(lanes, (group, own) => group with { Elements = Layout.CeilDiv(own.Length, perElement) })];
        _tables = new(Groups.Length * KeptGroup.TableLength);
        for (var g = 0; g < Groups.Length; g++)
        {
            var table = _tables.Span.Slice(g * KeptGroup.TableLength, KeptGroup.TableLength);
            if (perElement == 2) KeptGroup.FillShorts(lanes[g], table);
            else KeptGroup.FillBytes(lanes[g], table);
            for (var i = 0; i < Groups[g].Elements * perElement; i++)
                Order.Add(i < lanes[g].Length ? (i < Half ? Groups[g].First : Groups[g].Second) * Layout.Block + lanes[g][i] : None);
        }

        AreInPlace = Enumerable.Range(0, Groups.Length).All(g =>
            (Groups[g].First, Groups[g].Second) == (g, g) && lanes[g][^1] == lanes[g].Length - 1);
    }

    /// <summary>Groups of sixteen places, each filled from one or two blocks of channels.</summary>
    public KeptGroup[] Groups { get; }

    /// <summary>The channels in the order of the weights, whole elements.</summary>
    public List<int> Order { get; } = [];

    /// <summary>Whether they are the first of each block, so that blocks can be read in place of groups.</summary>
    public bool AreInPlace { get; }

    /// <summary>Moves the channels. Places of no channel may become anything.</summary>
    /// <param name="source">[block][pixel][16].</param>
    /// <param name="pitch">Elements from one block to the next, and from one group to the next.</param>
    /// <param name="pixels">Number of pixels. Where it is odd, one more is read and written.</param>
    /// <param name="to">[group][pixel][16].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Move<T>(int* source, nint pitch, int pixels, int* to) where T : unmanaged, ISumLanes<T>
    {
        var table = _tables.Pointer;
        foreach (var group in Groups)
        {
            var (first, second) = ((nint)(source + group.First * pitch), (nint)(source + group.Second * pitch));
            if (_perElement == 2) group.MoveShorts<T>(table, (byte*)first, (byte*)second, pixels, (byte*)to);
            else KeptGroup.MoveBytes(table, (byte*)first, (byte*)second, pixels, (byte*)to);
            table += KeptGroup.TableLength;
            to += pitch;
        }
    }

    /// <summary>Puts up to eight channels of a block beside eight of the same or of another.</summary>
    private static (List<KeptGroup> Groups, List<int[]> Lanes) GroupsOf(int[] channels)
    {
        var (groups, lanes) = (new List<KeptGroup>(), new List<int[]>());
        foreach (var block in channels.GroupBy(channel => channel / Layout.Block))
        {
            foreach (var half in block.Select(channel => channel % Layout.Block).Chunk(Half))
            {
                if (lanes.Count > 0 && lanes[^1].Length == Half)
                {
                    groups[^1] = groups[^1] with { Second = block.Key };
                    lanes[^1] = [.. lanes[^1], .. half];
                    continue;
                }

                groups.Add(new(block.Key, block.Key, 0));
                lanes.Add(half);
            }
        }

        return (groups, lanes);
    }
}
