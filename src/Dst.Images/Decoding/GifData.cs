using System.Buffers.Binary;

namespace Dst.Images.Decoding;

/// <summary>Counts the pixels that the data of a GIF's first frame gives. ImageSharp leaves the missing ones transparent.</summary>
/// <remarks>CompuServe, "Graphics Interchange Format", version 89a.</remarks>
internal static class GifData
{
    private const int ScreenBytes = 13; // signature and screen
    private const int FrameBytes = 10;
    private const int ExtensionBytes = 2;
    private const int MaxCodeBits = 12;

    /// <summary>Whether the first frame has all its pixels. Else nothing more can be asked of the file.</summary>
    public static bool IsComplete(ReadOnlySpan<byte> file)
    {
        if (file.Length < ScreenBytes) return false;
        var at = FirstFrame(file);
        if (at + FrameBytes >= file.Length || file[at] != ',') return false;
        var pixels = BinaryPrimitives.ReadUInt16LittleEndian(file[(at + 5)..]) * BinaryPrimitives.ReadUInt16LittleEndian(file[(at + 7)..]);
        at += FrameBytes + TableBytes(file[at + 9]);
        return at < file.Length && CountPixels(JoinBlocks(file, at + 1), file[at], pixels) >= pixels;
    }

    /// <summary>Whether another frame follows the first.</summary>
    public static bool IsAnimation(ReadOnlySpan<byte> file)
    {
        var frame = FirstFrame(file);
        var next = SkipExtensions(file, SkipBlocks(file, frame + FrameBytes + TableBytes(file[frame + 9]) + 1));
        return next < file.Length && file[next] == ',';
    }

    private static int FirstFrame(ReadOnlySpan<byte> file) => SkipExtensions(file, ScreenBytes + TableBytes(file[10]));

    private static int SkipExtensions(ReadOnlySpan<byte> file, int at)
    {
        while (at < file.Length && file[at] == '!') at = SkipBlocks(file, at + ExtensionBytes);
        return at;
    }

    private static int TableBytes(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);

    private static int SkipBlocks(ReadOnlySpan<byte> file, int at)
    {
        while (at < file.Length && file[at] > 0) at += file[at] + 1;
        return at + 1;
    }

    private static byte[] JoinBlocks(ReadOnlySpan<byte> file, int at)
    {
        var joined = new MemoryStream();
        for (; at < file.Length && file[at] > 0; at += file[at] + 1)
            joined.Write(file.Slice(at + 1, Math.Min(file[at], file.Length - at - 1)));
        return joined.ToArray();
    }

    // Reads the codes of LZW, and of each only how many pixels it stands for. Stops at the end, at a wrong code or when all are there.
    private static long CountPixels(byte[] data, int bits, int needed)
    {
        if (bits is < 1 or >= MaxCodeBits) return 0;
        var lengths = new int[1 << MaxCodeBits];
        var (clear, next, width, last, count) = (1 << bits, 0, 0, 0, 0L);
        lengths.AsSpan(0, clear).Fill(1);
        Restart();
        for (long bit = 0; bit + width <= 8L * data.Length && count < needed;)
        {
            var code = CodeAt(data, bit, width);
            bit += width;
            if (code == clear) Restart();
            else if (code == clear + 1 || code > next || code == next && last == 0) break;
            else
            {
                if (last > 0 && next < lengths.Length) lengths[next++] = last + 1;
                if (next == 1 << width && width < MaxCodeBits) width++;
                last = lengths[code];
                count += last;
            }
        }

        return count;

        void Restart() => (next, width, last) = (clear + 2, bits + 1, 0);
    }

    private static int CodeAt(byte[] data, long bit, int width)
    {
        var code = 0;
        for (var i = 0; i < width; i++, bit++) code |= ((data[bit / 8] >> (int)(bit % 8)) & 1) << i;
        return code;
    }
}
