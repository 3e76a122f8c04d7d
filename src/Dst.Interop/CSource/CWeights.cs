using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Dst.Foundations;

namespace Dst.Interop.CSource;

/// <summary>
/// The constants of a network in a file of their own, for little-endian processors: a header of 16 bytes, then the arrays, each at a
/// multiple of 8. The header has the letters DSTW, the number of the source that reads the file, the number of bytes behind the header and
/// their CRC-32C.
/// </summary>
internal sealed class CWeights
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderBytes = 16;

    private const int Alignment = 8;

    private readonly List<byte> _bytes = [];

    /// <summary>Bytes of the arrays so far.</summary>
    public int Length => _bytes.Count;

    /// <summary>The arrays.</summary>
    public IReadOnlyList<byte> Bytes => _bytes;

    private static ReadOnlySpan<byte> Letters => "DSTW"u8;

    /// <summary>Adds an array and returns where it begins.</summary>
    public int Add<T>(T[] values) where T : unmanaged
    {
        var start = Length;
        _bytes.AddRange(BytesOf(values));
        while (Length % Alignment != 0) _bytes.Add(0);
        return start;
    }

    /// <summary>The bytes of values.</summary>
    public static byte[] BytesOf<T>(IEnumerable<T> values) where T : unmanaged => [.. MemoryMarshal.AsBytes<T>(values.ToArray())];

    /// <summary>The content of a file: its header and the arrays.</summary>
    /// <param name="data">The arrays.</param>
    /// <param name="source">The number of the source that reads it.</param>
    public static byte[] File(byte[] data, uint source)
    {
        var header = new byte[HeaderBytes];
        Letters.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), source);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), Crc32C.Of(data));
        return [.. header, .. data];
    }

    /// <summary>Whether a path is that of such a file.</summary>
    public static bool IsFile(string path)
    {
        if (!System.IO.File.Exists(path)) return false;
        using var file = System.IO.File.OpenRead(path);
        Span<byte> letters = stackalloc byte[Letters.Length];
        return file.ReadAtLeast(letters, letters.Length, throwOnEndOfStream: false) == letters.Length && letters.SequenceEqual(Letters);
    }
}
