using System.Buffers.Binary;

namespace Dst.Images.Decoding;

/// <summary>The frame header of a JPEG of Huffman codes: size, and how often each component is sampled.</summary>
/// <remarks>ITU-T T.81, B.2.2, and A.2 for the blocks of a scan.</remarks>
internal sealed class JpegFrame
{
    private const int BlockSide = 8;
    private const int HeaderBytes = 6;
    private const int ComponentBytes = 3;
    private const byte Baseline = 0xC0, Extended = 0xC1, Progressive = 0xC2;

    private readonly (byte Id, int Across, int Down)[] _components;

    private JpegFrame(byte marker, ReadOnlySpan<byte> segment)
    {
        (IsProgressive, _components) = (marker == Progressive, new (byte, int, int)[segment[5]]);
        Height = BinaryPrimitives.ReadUInt16BigEndian(segment[1..]);
        Width = BinaryPrimitives.ReadUInt16BigEndian(segment[3..]);
        for (var i = 0; i < _components.Length; i++)
        {
            var component = segment.Slice(HeaderBytes + ComponentBytes * i, ComponentBytes);
            _components[i] = (component[0], Math.Max(1, component[1] >> 4), Math.Max(1, component[1] & 15));
        }
    }

    /// <summary>Rows, as they are stored.</summary>
    public int Height { get; }

    /// <summary>Columns, as they are stored.</summary>
    public int Width { get; }

    /// <summary>Whether scans refine each other.</summary>
    public bool IsProgressive { get; }

    /// <summary>An id that two components have, or null: a scan names the components by it.</summary>
    public byte? IdOfTwo => _components.CountBy(component => component.Id)
        .Where(id => id.Value > 1).Select(id => (byte?)id.Key).FirstOrDefault();

    /// <summary>The frame whose header a segment is; null if it is none, or a damaged one.</summary>
    public static JpegFrame? Parse(byte marker, ReadOnlySpan<byte> segment) =>
        marker is Baseline or Extended or Progressive && segment.Length >= HeaderBytes
        && segment.Length >= HeaderBytes + ComponentBytes * segment[5]
            ? new(marker, segment)
            : null;

    /// <summary>
    /// Bits that a scan has at least: the shortest code has one. A block has a code for its mean, and one or more for the rest. In a
    /// progressive file the scans of the rest have no least number: a code may stand for thousands of blocks.
    /// </summary>
    /// <param name="scan">Header of the scan.</param>
    public long LeastBits(ReadOnlySpan<byte> scan)
    {
        if (scan.Length < 1 || scan.Length < 4 + 2 * scan[0]) return 0;
        var (count, hasMeans) = (scan[0], scan[1 + 2 * scan[0]] == 0);
        var sum = 0L;
        for (var i = 0; i < count; i++)
        {
            var id = scan[1 + 2 * i];
            if (Array.FindIndex(_components, component => component.Id == id) is var index and >= 0)
                sum += BlocksOf(index, isAlone: count == 1);
        }

        return !IsProgressive ? 2 * sum : hasMeans ? sum : 0;
    }

    /// <summary>
    /// How many units a scan has, and for each of its components the blocks of a unit and the byte that names its codes. Null if the header
    /// is damaged.
    /// </summary>
    /// <param name="scan">Header of the scan.</param>
    public (long Count, (int Blocks, byte Codes)[] Components)? UnitsOf(ReadOnlySpan<byte> scan)
    {
        if (scan.Length < 1 || scan[0] == 0 || scan.Length != 4 + 2 * scan[0]) return null;
        var components = new (int Blocks, byte Codes)[scan[0]];
        var count = 0L;
        for (var i = 0; i < components.Length; i++)
        {
            var id = scan[1 + 2 * i];
            var index = Array.FindIndex(_components, component => component.Id == id);
            if (index < 0) return null;
            var blocks = components.Length == 1 ? 1 : _components[index].Across * _components[index].Down;
            components[i] = (blocks, scan[2 + 2 * i]);
            count = BlocksOf(index, isAlone: components.Length == 1) / blocks;
        }

        return (count, components);
    }

    // With others in a scan, a component has whole units, as many blocks of it in each as it is sampled.
    private long BlocksOf(int index, bool isAlone)
    {
        var (_, across, down) = _components[index];
        var (mostAcross, mostDown) = (_components.Max(component => component.Across), _components.Max(component => component.Down));
        return isAlone
            ? (long)CeilDiv(Width * across, BlockSide * mostAcross) * CeilDiv(Height * down, BlockSide * mostDown)
            : (long)CeilDiv(Width, BlockSide * mostAcross) * CeilDiv(Height, BlockSide * mostDown) * across * down;
    }

    private static int CeilDiv(int a, int b) => (a + b - 1) / b;
}
