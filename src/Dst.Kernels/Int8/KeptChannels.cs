using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The channels that sixteen filters read, and how they come to lie side by side in groups of up to sixteen. A pixel of a block or of a
/// group is sixteen elements of 16 bits.
/// </summary>
internal sealed unsafe class KeptChannels
{
    /// <summary>Stands in <see cref="Order"/> for no channel.</summary>
    public const int None = -1;

    private const int Half = Layout.Block / 2;

    private readonly AlignedArray<byte> _tables;

    /// <summary>Plans the channels, ascending.</summary>
    public KeptChannels(int[] channels)
    {
        var lanes = new List<int[]>();
        var groups = new List<KeptGroup>();
        foreach (var block in channels.GroupBy(channel => channel / Layout.Block))
        {
            foreach (var half in block.Select(channel => channel % Layout.Block).Chunk(Half))
            {
                // Eight elements of a group come from one block. They begin where the pairs of the others end.
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

        Groups = [.. groups.Zip(lanes, (group, own) => group with { Pairs = (own.Length + 1) / 2 })];
        _tables = new(Groups.Length * KeptGroup.TableLength);
        for (var g = 0; g < Groups.Length; g++)
        {
            KeptGroup.FillTable(lanes[g], _tables.Span.Slice(g * KeptGroup.TableLength, KeptGroup.TableLength));
            for (var i = 0; i < lanes[g].Length; i++)
                Order.Add((i < Half ? Groups[g].First : Groups[g].Second) * Layout.Block + lanes[g][i]);
            if (lanes[g].Length % 2 != 0) Order.Add(None);
        }

        AreInPlace = Enumerable.Range(0, Groups.Length).All(g =>
            (Groups[g].First, Groups[g].Second) == (g, g) && lanes[g][^1] == lanes[g].Length - 1);
    }

    /// <summary>The groups.</summary>
    public KeptGroup[] Groups { get; }

    /// <summary>A table of <see cref="KeptGroup.TableLength"/> bytes for each group.</summary>
    public byte* Tables => _tables.Pointer;

    /// <summary>The channels in the order of the weights, an even number.</summary>
    public List<int> Order { get; } = [];

    /// <summary>Whether they are the first of each block, so that blocks can be read in place of groups.</summary>
    public bool AreInPlace { get; }

    /// <summary>Moves the channels.</summary>
    /// <param name="source">[block][pixel][16].</param>
    /// <param name="pitch">Elements from one block to the next, and from one group to the next.</param>
    /// <param name="pixels">Number of pixels. Where it is odd, one more is read and written.</param>
    /// <param name="to">[group][pixel][16].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Move<T>(short* source, nint pitch, int pixels, short* to) where T : unmanaged, IIntLanes<T>
    {
        var table = Tables;
        foreach (var group in Groups)
        {
            group.Move<T>(table, source, pitch, pixels, to);
            table += KeptGroup.TableLength;
            to += pitch;
        }
    }
}

/// <summary>A group of <see cref="KeptChannels"/>.</summary>
/// <param name="First">The block that its first eight elements come from.</param>
/// <param name="Second">The block of the others.</param>
/// <param name="Pairs">Number of pairs of channels.</param>
internal readonly unsafe record struct KeptGroup(int First, int Second, int Pairs)
{
    /// <summary>Bytes of a table: one vector of 512 bits, or four of 128.</summary>
    public const int TableLength = 2 * Layout.CacheLine;

    private const int Half = Layout.Block / 2;
    private const int Two = 2 * Layout.Block; // pixels
    private const int HalfBytes = Half * sizeof(short);

    /// <summary>Moves some pixels. Elements that are no channel's may become anything.</summary>
    /// <param name="table">From <see cref="FillTable"/>.</param>
    /// <param name="source">[block][pixel][16].</param>
    /// <param name="pitch">Elements from one block to the next.</param>
    /// <param name="pixels">Number of pixels. Where it is odd, one more is read and written.</param>
    /// <param name="to">[pixel][16].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Move<T>(byte* table, short* source, nint pitch, int pixels, short* to) where T : unmanaged, IIntLanes<T>
    {
        var first = source + First * pitch;
        var second = source + Second * pitch;
        var end = to + (nint)pixels * Layout.Block;
        if (typeof(T) == typeof(IntLanes512) && Avx512BW.IsSupported)
        {
            var from = Vector512.Load((short*)table);
            for (; to < end - Two; first += 2 * Two, second += 2 * Two, to += 2 * Two)
            {
                Avx512BW.PermuteVar32x16x2(Vector512.Load(first), from, Vector512.Load(second)).Store(to);
                Avx512BW.PermuteVar32x16x2(Vector512.Load(first + Two), from, Vector512.Load(second + Two)).Store(to + Two);
            }

            if (to < end) Avx512BW.PermuteVar32x16x2(Vector512.Load(first), from, Vector512.Load(second)).Store(to);
            return;
        }

        table += Layout.CacheLine;
        var isWide = Pairs > Half / 2;
        for (; to < end; first += Layout.Block, second += Layout.Block, to += Layout.Block)
        {
            Eight((byte*)first, table).Store((byte*)to);
            if (isWide) Eight((byte*)second, table + 2 * HalfBytes).Store((byte*)(to + Half));
        }
    }

    /// <summary>Writes where the elements come from: of two pixels of both blocks, then the bytes of each half of a block.</summary>
    public static void FillTable(int[] lanes, Span<byte> table)
    {
        table[Layout.CacheLine..].Fill(byte.MaxValue);
        for (var i = 0; i < lanes.Length; i++)
        {
            for (var pixel = 0; pixel < 2; pixel++)
                table[2 * (pixel * Layout.Block + i)] = (byte)((i / Half * 2 + pixel) * Layout.Block + lanes[i]);
            var bytes = table[(Layout.CacheLine + (i / Half * 2 + lanes[i] / Half) * HalfBytes)..];
            for (var part = 0; part < sizeof(short); part++)
                bytes[i % Half * sizeof(short) + part] = (byte)(lanes[i] % Half * sizeof(short) + part);
        }
    }

    /// <summary>Eight elements of sixteen. A byte of the table that is 255 gives 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Eight(byte* source, byte* table) =>
        Vector128.ShuffleNative(Vector128.Load(source), Vector128.Load(table))
        | Vector128.ShuffleNative(Vector128.Load(source + HalfBytes), Vector128.Load(table + HalfBytes));
}
