using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The channels that sixteen filters read, and how they come to lie side by side: [group][pixel][16], with 16-bit elements. A half of a
/// group, eight elements, comes from one block of channels. Channels are read in pairs; a half of an odd number ends with
/// <see cref="None"/>.
/// </summary>
internal sealed unsafe class KeptChannels
{
    /// <summary>Stands in <see cref="Order"/> for no channel.</summary>
    public const int None = -1;

    private const int Half = Layout.Block / 2;

    private readonly List<(int Block, int[] Lanes)> _halves = [];
    private readonly Group[] _groups;

    /// <summary>Plans the channels, ascending.</summary>
    public KeptChannels(int[] channels)
    {
        foreach (var block in channels.GroupBy(channel => channel / Layout.Block))
        {
            foreach (var lanes in block.Select(channel => channel % Layout.Block).Chunk(Half)) _halves.Add((block.Key, lanes));
        }

        AreInPlace = true;
        for (var half = 0; half < _halves.Count; half++)
        {
            var (block, lanes) = _halves[half];
            AreInPlace &= half / 2 == block && lanes[^1] == half % 2 * Half + lanes.Length - 1;
            Order.AddRange(lanes.Select(lane => block * Layout.Block + lane));
            if (lanes.Length % 2 != 0) Order.Add(None);
        }

        _groups = [.. _halves.Chunk(2).Select(halves => new Group(halves[0], halves[^1]))];
    }

    /// <summary>The channels in the order of the weights, an even number.</summary>
    public List<int> Order { get; } = [];

    /// <summary>Whether the first element of block b is that of group b too, so that nothing has to move.</summary>
    public bool AreInPlace { get; }

    /// <summary>Number of groups.</summary>
    public int Groups => _groups.Length;

    /// <summary>Adds the pairs of a pixel, behind those that a list has.</summary>
    /// <param name="segments">The list.</param>
    /// <param name="offset">Where the first pixel of the first group begins, in pairs.</param>
    /// <param name="pitch">Pairs from one group to the next.</param>
    public void AddSegments(List<PairSegment> segments, int offset, int pitch)
    {
        for (var half = 0; half < _halves.Count; half++)
        {
            var pairs = (_halves[half].Lanes.Length + 1) / 2;
            var from = offset + half / 2 * pitch + half % 2 * (Half / 2);
            if (segments.Count > 0 && segments[^1] is var last && last.Offset + last.Pairs == from)
                segments[^1] = last with { Pairs = last.Pairs + pairs };
            else segments.Add(new(from, pairs));
        }
    }

    /// <summary>Moves the channels of some pixels. Elements that are no channel's may be anything.</summary>
    /// <param name="source">[block][pixel][16].</param>
    /// <param name="sourcePitch">Elements from one block to the next.</param>
    /// <param name="pixels">Number of pixels. Where it is odd, one more may be read and written.</param>
    /// <param name="to">[group][pixel][16].</param>
    /// <param name="pitch">Elements from one group to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Gather<T>(short* source, nint sourcePitch, int pixels, short* to, nint pitch) where T : unmanaged, IIntLanes<T>
    {
        foreach (var group in _groups)
        {
            var first = source + group.First * sourcePitch;
            var second = source + group.Second * sourcePitch;
            var length = (nint)pixels * Layout.Block;
            if (typeof(T) == typeof(IntLanes512) && Avx512BW.IsSupported)
            {
                for (nint i = 0; i < length; i += 2 * Layout.Block)
                    Avx512BW.PermuteVar32x16x2(Vector512.Load(first + i), group.Both, Vector512.Load(second + i)).Store(to + i);
            }
            else
            {
                for (nint i = 0; i < length; i += Layout.Block)
                {
                    Eight((byte*)(first + i), group.FirstBytes).Store(to + i);
                    Eight((byte*)(second + i), group.SecondBytes).Store(to + i + Half);
                }
            }

            to += pitch;
        }
    }

    /// <summary>Eight elements of sixteen. An index of 255 gives 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Eight(byte* source, (Vector128<byte> Lower, Vector128<byte> Upper) from) =>
        (Vector128.ShuffleNative(Vector128.Load(source), from.Lower)
            | Vector128.ShuffleNative(Vector128.Load(source + 2 * Half), from.Upper)).AsInt16();

    /// <summary>Two halves, by their blocks and lanes.</summary>
    private sealed class Group((int Block, int[] Lanes) first, (int Block, int[] Lanes) second)
    {
        public int First => first.Block;

        public int Second => second.Block;

        /// <summary>Which elements of two pixels of the first block, and of two of the second, two pixels of the group are.</summary>
        public Vector512<short> Both { get; } = Vector512.Create([.. Enumerable.Range(0, 2 * Layout.Block).Select(i =>
        {
            var (pixel, half, place) = (i / Layout.Block, i / Half % 2, i % Half);
            var lanes = half == 0 ? first.Lanes : second.Lanes;
            return (short)(half * 2 * Layout.Block + pixel * Layout.Block + (place < lanes.Length ? lanes[place] : 0));
        })]);

        public (Vector128<byte> Lower, Vector128<byte> Upper) FirstBytes { get; } = BytesOf(first.Lanes);

        public (Vector128<byte> Lower, Vector128<byte> Upper) SecondBytes { get; } = BytesOf(second.Lanes);

        /// <summary>Which bytes of the lower and of the upper eight elements a half is.</summary>
        private static (Vector128<byte> Lower, Vector128<byte> Upper) BytesOf(int[] lanes)
        {
            return (From(0), From(Half));

            Vector128<byte> From(int begin) => Vector128.Create([.. Enumerable.Range(0, 2 * Half).Select(i =>
                i / 2 < lanes.Length && lanes[i / 2] / Half == begin / Half ? (byte)(2 * (lanes[i / 2] - begin) + i % 2) : byte.MaxValue)]);
        }
    }
}
