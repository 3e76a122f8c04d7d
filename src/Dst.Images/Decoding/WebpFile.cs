using System.Buffers.Binary;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.PixelFormats;

namespace Dst.Images.Decoding;

/// <summary>WebP, lossy or lossless, always of three channels.</summary>
internal static class WebpFile
{
    private const string Format = "WebP";
    private const int RiffHeader = 8;

    private static readonly WebpDecoder Decoder = new();

    /// <summary>Whether a file starts as a WebP does.</summary>
    public static bool Recognises(byte[] file) =>
        file.Length > RiffHeader && file.AsSpan().StartsWith("RIFF"u8) && file.AsSpan(RiffHeader).StartsWith("WEBP"u8);

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    public static Image Decode(string name, byte[] file)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(4)) + (long)RiffHeader > file.Length)
            throw SharpDecoder.Unreadable(name, Format, "it is truncated");
        SharpDecoder.Identify(name, Format, file, Decoder);
        return SharpDecoder.Decode<Rgba32, byte>(name, Format, file, Decoder, 4);
    }

    /// <summary>Reads bands and size only.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    public static ImageSize Measure(string name, byte[] file) => SharpDecoder.Measure(name, Format, file, Decoder, 3);
}
