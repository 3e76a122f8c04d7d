using System.Buffers.Binary;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;

namespace Dst.Images.Decoding;

/// <summary>
/// GIF (its first frame) and BMP. Both store grey as a palette: an image of greys alone has one channel, any other three.
/// </summary>
internal static class PaletteFiles
{
    private static readonly GifDecoder Gif = new() { DecodingMode = FrameDecodingMode.First, IgnoreMetadata = true };
    private static readonly BmpDecoder Bmp = new();

    /// <summary>Decodes the first frame of a GIF.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    public static Image DecodeGif(string name, byte[] file)
    {
        if (file.AsSpan().TrimEnd((byte)0) is not [.., (byte)';']) throw SharpDecoder.Unreadable(name, "GIF", "it is truncated");
        SharpDecoder.Identify(name, "GIF", file, Gif);
        if (!GifData.IsComplete(file)) throw SharpDecoder.Unreadable(name, "GIF", "its data end before the last pixel");
        var image = SharpDecoder.ReduceGrey(SharpDecoder.Decode<Rgba32, byte>(name, "GIF", file, Gif, 4));
        return GifData.IsAnimation(file) ? image.Warn($"{name} is an animation; its first frame is read") : image;
    }

    /// <summary>Decodes a BMP.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    public static Image DecodeBmp(string name, byte[] file)
    {
        // The header tells the file's size; some writers leave it 0.
        if (file.Length < 26 || BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(2)) > file.Length)
            throw SharpDecoder.Unreadable(name, "BMP", "it is truncated");
        var (info, header) = (SharpDecoder.Identify(name, "BMP", file, Bmp), new BmpHeader(file));
        // ImageSharp repeats rows in place of missing ones.
        if (!header.IsComplete(file.Length, info.Width, info.Height))
            throw SharpDecoder.Unreadable(name, "BMP", "its data end before the last pixel");
        return SharpDecoder.ReduceGrey(
            header.HasUnusedByte
                ? SharpDecoder.Decode<Rgb24, byte>(name, "BMP", file, Bmp, 3)
                : SharpDecoder.Decode<Rgba32, byte>(name, "BMP", file, Bmp, 4));
    }

    /// <summary>Decodes a GIF for its bands and size.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    public static ImageShape MeasureGif(string name, byte[] file) => ImageShape.Of(DecodeGif(name, file));

    /// <summary>Decodes a BMP for its bands and size.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    public static ImageShape MeasureBmp(string name, byte[] file) => ImageShape.Of(DecodeBmp(name, file));

    /// <summary>Reads the size of a GIF only.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    public static ImageShape MeasureGifSides(string name, byte[] file) => SharpDecoder.Measure(name, "GIF", file, Gif, 3);

    /// <summary>Reads the size of a BMP only.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    public static ImageShape MeasureBmpSides(string name, byte[] file) => SharpDecoder.Measure(name, "BMP", file, Bmp, 3);
}
