using System.Buffers.Binary;
using System.Text;

namespace Dst.Images.Decoding;

/// <summary>The first frame of an animated WebP as a WebP of its own, because ImageSharp 2 reads no animations.</summary>
/// <remarks>Google, "WebP Container Specification".</remarks>
internal sealed class WebpAnimation
{
    private const int RiffHeader = 12;
    private const int ChunkHeader = 8;
    private const int FrameHeader = 16;
    private const int CanvasBytes = 10;
    private const byte AnimationFlag = 0x02, AlphaFlag = 0x10;

    private readonly byte[] _canvas;
    private readonly byte[] _frame;

    private WebpAnimation(byte[] canvas, byte[] file)
    {
        _canvas = canvas;
        _frame = FindChunk(file, "ANMF") is { Length: > FrameHeader + ChunkHeader } frame ? frame : throw new EndOfStreamException();
    }

    /// <summary>Columns of the picture.</summary>
    public int Width => 1 + Number(_canvas, 4);

    /// <summary>Rows of the picture.</summary>
    public int Height => 1 + Number(_canvas, 7);

    /// <summary>Column of the picture where the frame starts.</summary>
    public int Left => 2 * Number(_frame, 0);

    /// <summary>Row of the picture where the frame starts.</summary>
    public int Top => 2 * Number(_frame, 3);

    /// <summary>The animation that a file is, or null if it is a still picture.</summary>
    public static WebpAnimation? Open(byte[] file) =>
        FindChunk(file, "VP8X") is { Length: >= CanvasBytes } canvas && (canvas[0] & AnimationFlag) != 0 ? new(canvas, file) : null;

    /// <summary>How the picture of a file is to be turned, animated or not.</summary>
    public static int OrientationOf(byte[] file) => ExifBlock.OrientationOf(FindChunk(file, "EXIF"));

    /// <summary>The first frame as a file.</summary>
    public byte[] ToStill()
    {
        var data = _frame.AsSpan(FrameHeader);
        // Alpha beside lossy data needs a header with the frame's size.
        byte[] header = data.StartsWith("ALPH"u8)
            ? [.. "VP8X"u8, CanvasBytes, 0, 0, 0, AlphaFlag, 0, 0, 0, .. _frame.AsSpan(6, 6)]
            : [];
        var file = new byte[RiffHeader + header.Length + data.Length];
        "RIFF"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - ChunkHeader);
        "WEBP"u8.CopyTo(file.AsSpan(ChunkHeader));
        header.CopyTo(file, RiffHeader);
        data.CopyTo(file.AsSpan(RiffHeader + header.Length));
        return file;
    }

    // The first chunk of a name. A length that leads out of the file ends the search.
    private static byte[]? FindChunk(byte[] file, string name)
    {
        for (long at = RiffHeader; at + ChunkHeader <= file.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan((int)at + 4));
            var end = at + ChunkHeader + length;
            if (end > file.Length) return null;
            if (Encoding.ASCII.GetString(file, (int)at, 4) == name) return file[((int)at + ChunkHeader)..(int)end];
            at = end + length % 2;
        }

        return null;
    }

    private static int Number(byte[] bytes, int at) => bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16;
}
