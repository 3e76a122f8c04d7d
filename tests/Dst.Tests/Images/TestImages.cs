using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Dst.Tests.Images;

/// <summary>Small writers of image files that do not use the libraries with which the project reads them.</summary>
internal static class TestImages
{
    /// <summary>16×8 grey: the left half 40, the right half 200 (made by Pillow, quality 90).</summary>
    public static byte[] GreyJpeg { get; } = Convert.FromBase64String("""
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/
        wAALCAAIABABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAACAn/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AAotW//Z
        """);

    /// <summary>8×8 of the colour (200, 40, 90).</summary>
    public static byte[] ColourJpeg { get; } = Convert.FromBase64String("""
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/
        2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAIAAgDASIAAhEBAxEB/8QA
        FQABAQAAAAAAAAAAAAAAAAAAAAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAAAwj/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oA
        DAMBAAIRAxEAPwCSACWW/9k=
        """);

    /// <summary>40×24 of waves in colour, the colours sampled half as often (made by ImageMagick, quality 50).</summary>
    public static byte[] WavesJpeg { get; } = Convert.FromBase64String("""
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBD
        ARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAYACgDASIAAhEBAxEB/8QAGAABAQEB
        AQAAAAAAAAAAAAAAAAECBAP/xAAmEAACAgEEAQQCAwAAAAAAAAABAgMRIQASMUETBFFxgRRhkaHB/8QAFgEBAQEAAAAAAAAAAAAAAAAAAgED/8QAIxEAAQMDBAID
        AAAAAAAAAAAAAQACESExcQMSYYFRoZHB4f/aAAwDAQACEQMRAD8AnoYlmndzLccQbeYyRuLckAfAA4vmtVXgV1d0RoFJXg17g1yRTHNcewJ10TeL8cxghRI/kc3v
        W7GL+7qs3jOjwFfUDyShGKEuDx+gf4GRnWLYfLnEwaAcC57SfqkO2gVuc/i5onLxNLHDGwojaw3FSa+TjHVcDFY2o8Y3SOqvKCqEVJxeV7u3/wB71NreoaGMSRrC
        ybV2C69wP3/d+w16biZfJbLHG9iRqs46vrqu6vWhisjIvgSaT8oEmwPnjJWB402xygGV8kxi9u4YX24Wq+BkXpqLLaSSG5ImY0ykAbxzQHQFYPQvq9NMDVEhgza/
        qyJaw1e6PF7e1FAhkibcx2naY1LFBR9zzk/V60rOfUN6iaJnEjFFPS/P3X1Z6001AJjkx1KTzAJ4+pRC4Cw+W2kNxq0bLno1eKOcm/1qNuQxQOiq2NxDUFbgCxg0
        McHvTTUmx4J7BhUtG/Zgelp1RpUjMlxqCRIh2m76Ukd3WPYjnDTTWWq5zIa02S0wHSSv/9k=
        """);

    /// <summary>The picture of <see cref="WavesJpeg"/>, progressive.</summary>
    public static byte[] ProgressiveJpeg { get; } = Convert.FromBase64String("""
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBD
        ARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wgARCAAYACgDASIAAhEBAxEB/8QAFwABAQEB
        AAAAAAAAAAAAAAAAAAECA//EABYBAQEBAAAAAAAAAAAAAAAAAAECAP/aAAwDAQACEAMQAAABl6IeWpqpiEUygNEv/8QAHxAAAQMDBQAAAAAAAAAAAAAAAAERMQIh
        QRASIjJC/9oACAEBAAEFAqEdbCRBYVtrcuxlyF9aZ//EABoRAAIDAQEAAAAAAAAAAAAAAAABAhEhEEH/2gAIAQMBAT8BctrlL1jK2iOn/8QAGhEBAAIDAQAAAAAA
        AAAAAAAAARAhAAIiQf/aAAgBAgEBPwEu2OvJ2Uoz/8QAHhAAAgICAgMAAAAAAAAAAAAAAAERITFBUWESgbH/2gAIAQEABj8CzS4OiUkXv2Q89Ec2WxKVBOlsbyhf
        DyayROcUJETXJ//EAB8QAQACAgIDAQEAAAAAAAAAAAEAESExQVFhkaHR8P/aAAgBAQABPyEneRfa4JRQTj+9xWkvDmockDgfj3MK2PS+Pk8Ra3JGug1mUqoZRUvs
        E2hhsHZ3DMtxil1BbKbUeIXjdoURstAec6YgjQ4Y+T//2gAMAwEAAgADAAAAEILTwXvP/8QAHxEBAAEDBAMAAAAAAAAAAAAAAQARITFRYXGhkcHh/9oACAEDAQE/
        EHKBfLz8iuB125YrelpnHcdBdvVYjxnUBUs//8QAHREAAgIDAQEBAAAAAAAAAAAAAREAMSFhcYGRof/aAAgBAgEBPxBHIUcAaFn2FZY6L4GcP7ABYHtX+VAGtleO
        Ojon0FRSSp//xAAgEAEBAAICAwEAAwAAAAAAAAABESFBADFRcYFhkaHB/9oACAEBAAE/EFPY1SV2QPQHV7nFr09GeRnaRZnXgXjmhEhSZ7cY1OjEwIhNUnS52t/3
        vhhI51FwY8OonoyXmUEFW5qYv2yZuM8cIs0vX4P8GTPIBgE2eQ/f7vg5TmoSFcautTcvKsqkQCe4GgmHRdXgKRVIjHy95fl4kCo2vb7PldcZMlLkDTLiOct/OU48
        UQdAUwwx0741qBRat0k3ZjwneP/Z
        """);

    /// <summary>The picture of <see cref="GreyJpeg"/> as a TIFF with LZW compression (made by Pillow).</summary>
    public static byte[] LzwTiff { get; } = Convert.FromBase64String("""
        SUkqACwAAACACiBQOBMiDQeDQSCQiEQqBwyDw6CxBkRIURSKxKMRaNxqKQEJAAABAwABAAAAEAAAAAEBAwABAAAACAAAAAIBAwABAAAACAAAAAMBAwABAAAA
        BQAAAAYBAwABAAAAAQAAABEBBAABAAAACAAAABYBAwABAAAACAAAABcBBAABAAAAJAAAABwBAwABAAAAAQAAAAAAAAA=
        """);

    /// <summary>24x8 of black and white, packed as CCITT T.6 (made by Pillow).</summary>
    public static byte[] CcittTiff { get; } = Convert.FromBase64String("""
        SUkqABIAAADMAx8jH444AIAICQAAAQMAAQAAABgAAAABAQMAAQAAAAgAAAACAQMAAQAAAAEAAAADAQMAAQAAAAQAAAAGAQMAAQAAAAEAAAARAQQAAQAAAAgA
        AAAWAQMAAQAAAAgAAAAXAQQAAQAAAAoAAAAcAQMAAQAAAAEAAAAAAAAA
        """);

    /// <summary>An 8-bit grey PNG.</summary>
    public static byte[] GreyPng(int width, int height, Func<int, int, byte> pixel)
    {
        var rows = new byte[height * width];
        for (var i = 0; i < rows.Length; i++) rows[i] = pixel(i / width, i % width);
        return Png(width, height, 8, 0, rows);
    }

    /// <summary>A PNG of any colour type from packed rows without filter bytes, with extra chunks between header and data.</summary>
    public static byte[] Png(int width, int height, byte depth, byte colourType, byte[] rows, params (string Type, byte[] Data)[] extra)
    {
        var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (depth, colourType);
        WriteChunk(file, "IHDR", header);
        foreach (var (type, data) in extra) WriteChunk(file, type, data);
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            var stride = Math.Max(1, rows.Length / height);
            for (var start = 0; start + stride <= rows.Length; start += stride)
            {
                zlib.WriteByte(0);
                zlib.Write(rows, start, stride);
            }
        }

        WriteChunk(file, "IDAT", packed.ToArray());
        WriteChunk(file, "IEND", []);
        return file.ToArray();
    }

    /// <summary>A BMP without compression and palette: rows from the last to the first, each of a multiple of four bytes.</summary>
    public static byte[] Bmp(
        int width, int height, short bits, byte[] rows, bool saysSize = true, int headerBytes = 40, uint[]? masks = null)
    {
        var file = new MemoryStream();
        var writer = new BinaryWriter(file);
        var start = 14 + headerBytes;
        writer.Write("BM"u8);
        writer.Write(saysSize ? start + rows.Length : 0);
        foreach (var value in (int[])[0, start, headerBytes, width, height]) writer.Write(value);
        writer.Write((short)1);
        writer.Write(bits);
        foreach (var value in (int[])[masks is null ? 0 : 3, rows.Length, 0, 0, 0, 0]) writer.Write(value);
        foreach (var mask in masks ?? []) writer.Write(mask);
        file.SetLength(start);
        file.Position = start;
        file.Write(rows);
        return file.ToArray();
    }

    /// <summary>An uncompressed TIFF; <paramref name="samples"/> are bytes in the file's order, block after block.</summary>
    public static byte[] Tiff(bool bigEndian, int width, int height, int bits, byte[] samples, int channels = 1, int format = 1,
        int? photometric = null, int? rowsPerStrip = null, int? tile = null, bool separatePlanes = false, int? extra = null,
        string? noData = null)
    {
        var rows = rowsPerStrip ?? height;
        var planeBlocks = tile is { } t ? (width + t - 1) / t * ((height + t - 1) / t) : (height + rows - 1) / rows;
        var blocks = Math.Max(1, planeBlocks * (separatePlanes ? channels : 1));
        var planeSamples = separatePlanes ? 1 : channels;
        var fullBlock = (tile is { } side ? side * side : rows * width) * planeSamples * bits / 8;
        var blockBytes = Enumerable.Range(0, blocks).Select(i => Math.Min(fullBlock, samples.Length - i * fullBlock)).ToArray();
        var fields = new List<(int Tag, int Type, int[] Values)>
        {
            (256, 4, [width]), (257, 4, [height]), (258, 3, [.. Enumerable.Repeat(bits, channels)]), (259, 3, [1]),
            (262, 3, [photometric ?? (channels == 3 ? 2 : 1)]), (277, 3, [channels]),
            (284, 3, [separatePlanes ? 2 : 1]), (339, 3, [.. Enumerable.Repeat(format, channels)]),
        };
        var offsets = blockBytes.Select((_, i) => 8 + i * fullBlock).ToArray();
        if (tile is { } s) fields.AddRange([(322, 4, [s]), (323, 4, [s]), (324, 4, offsets), (325, 4, blockBytes)]);
        else fields.AddRange([(273, 4, offsets), (278, 4, [rows]), (279, 4, blockBytes)]);
        if (extra is { } kind) fields.Add((338, 3, [kind]));
        if (noData is not null) fields.Add((42113, 2, [.. noData.Select(c => (int)c), 0]));
        fields.Sort((a, b) => a.Tag.CompareTo(b.Tag));

        var file = new MemoryStream();
        void Short(int value) => file.Write(bigEndian ? [(byte)(value >> 8), (byte)value] : [(byte)value, (byte)(value >> 8)]);
        void Long(int value)
        {
            Span<byte> bytes = stackalloc byte[4];
            if (bigEndian) BinaryPrimitives.WriteInt32BigEndian(bytes, value);
            else BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            file.Write(bytes);
        }

        file.Write(bigEndian ? "MM"u8 : "II"u8);
        Short(42);
        var directory = 8 + (samples.Length + 1) / 2 * 2;
        Long(directory);
        file.Write(samples);
        file.SetLength(directory);
        file.Position = directory;
        Short(fields.Count);
        var spill = directory + 2 + fields.Count * 12 + 4;
        foreach (var (tag, type, values) in fields)
        {
            Short(tag);
            Short(type);
            Long(values.Length);
            var size = values.Length * type switch { 2 => 1, 3 => 2, _ => 4 };
            var next = file.Position + 4;
            if (size > 4)
            {
                Long(spill);
                file.Position = spill;
                spill += size;
            }

            foreach (var value in values)
            {
                if (type == 2) file.WriteByte((byte)value);
                else if (type == 3) Short(value);
                else Long(value);
            }

            file.Position = next;
        }

        Long(0);
        return file.ToArray();
    }

    /// <summary>An uncompressed 8-bit grey BigTIFF of one strip.</summary>
    public static byte[] BigTiff(int width, int height, byte[] samples)
    {
        (int Tag, int Type, long Value)[] fields =
        [
            (256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 16, 16), (277, 3, 1), (278, 4, height),
            (279, 16, samples.Length),
        ];
        var file = new MemoryStream();
        var writer = new BinaryWriter(file);
        writer.Write("II+\0"u8);
        writer.Write(8);
        writer.Write(16L + samples.Length);
        writer.Write(samples);
        writer.Write((long)fields.Length);
        foreach (var (tag, type, value) in fields)
        {
            writer.Write((ushort)tag);
            writer.Write((ushort)type);
            writer.Write(1L);
            writer.Write(value); // a shorter value lies in the first bytes
        }

        writer.Write(0L);
        return file.ToArray();
    }

    /// <summary>An original MSTAR file: magnitudes, then phases.</summary>
    public static byte[] Mstar(int rows, int columns, Func<int, int, float> magnitude, string extraHeader = "")
    {
        const string Length = "00300";
        var header = $"[PhoenixHeaderVer01.04]\nPhoenixHeaderLength= {Length}\nnative_header_length= 0\n"
            + $"NumberOfColumns= {columns}\nNumberOfRows= {rows}\nTargetType= t72_tank\n{extraHeader}[EndofPhoenixHeader]\n";
        var file = new byte[300 + rows * columns * 8];
        Encoding.ASCII.GetBytes(header, file);
        for (var i = 0; i < rows * columns; i++)
            BinaryPrimitives.WriteSingleBigEndian(file.AsSpan(300 + i * 4), magnitude(i / columns, i % columns));
        return file;
    }

    private static void WriteChunk(MemoryStream file, string type, byte[] data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        file.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32(body));
        file.Write(number);
    }

    private static uint Crc32(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }
}
