using System.Buffers.Binary;
using System.IO.Compression;

namespace Dst.Images.Decoding;

/// <summary>The chunks of a PNG. It counts the bytes that the data unpack to, because ImageSharp leaves missing rows black.</summary>
/// <remarks>W3C, "Portable Network Graphics (PNG) Specification".</remarks>
internal static class PngData
{
    /// <summary>Bytes of a chunk beside its data: length, type and checksum.</summary>
    public const int ChunkOverhead = 12;

    private const int HeaderAt = 16; // behind the signature, and the length and type of the first chunk

    // Of Adam7: first column and row, then the steps to the next.
    private static readonly (int X, int Y, int Dx, int Dy)[] Interlaced =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>Whether all rows are there.</summary>
    /// <param name="file">A PNG with a legal header and whole chunks.</param>
    /// <exception cref="InvalidDataException">The data cannot be unpacked.</exception>
    public static bool IsComplete(byte[] file)
    {
        using var unpacked = new ZLibStream(new MemoryStream(JoinData(file)), CompressionMode.Decompress);
        var (rest, buffer) = (BytesOf(file), new byte[1 << 14]);
        while (rest > 0)
        {
            var read = unpacked.Read(buffer, 0, (int)Math.Min(rest, buffer.Length));
            if (read == 0) return false;
            rest -= read;
        }

        return true;
    }

    /// <summary>Whether there are several frames.</summary>
    /// <param name="file">A PNG of whole chunks.</param>
    public static bool IsAnimation(ReadOnlySpan<byte> file) =>
        Chunk(file, "acTL"u8) is { Length: >= sizeof(uint) } control && BinaryPrimitives.ReadUInt32BigEndian(control) > 1;

    /// <summary>The data of the first chunk of a type; none if there is no such chunk before the end of the picture.</summary>
    public static ReadOnlySpan<byte> Chunk(ReadOnlySpan<byte> file, ReadOnlySpan<byte> type)
    {
        for (var rest = file[PngFile.Signature.Length..]; !rest.IsEmpty;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest);
            if (rest.Slice(4, 4).SequenceEqual(type)) return rest.Slice(8, length);
            if (rest.Slice(4, 4).SequenceEqual("IEND"u8)) break;
            rest = rest[(length + ChunkOverhead)..];
        }

        return [];
    }

    private static long BytesOf(ReadOnlySpan<byte> file)
    {
        var header = file[HeaderAt..];
        var (width, height) = (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header[4..]));
        var samples = header[9] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        var (bits, bytes) = (samples * header[8], 0L);
        foreach (var (x, y, dx, dy) in header[12] == 0 ? [(0, 0, 1, 1)] : Interlaced)
        {
            var (columns, rows) = ((width - x + dx - 1) / dx, (height - y + dy - 1) / dy);
            if (columns > 0) bytes += rows * (1 + ((long)columns * bits + 7) / 8); // each row begins with its filter
        }

        return bytes;
    }

    private static byte[] JoinData(ReadOnlySpan<byte> file)
    {
        var joined = new MemoryStream(file.Length);
        for (var rest = file[PngFile.Signature.Length..]; !rest.IsEmpty;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest);
            if (rest.Slice(4, 4).SequenceEqual("IDAT"u8)) joined.Write(rest.Slice(8, length));
            rest = rest[(length + ChunkOverhead)..];
        }

        return joined.ToArray();
    }
}
