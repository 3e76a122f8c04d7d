using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;
using SharpImage = SixLabors.ImageSharp.Image;

namespace Dst.Images.Decoding;

/// <summary>
/// PNG of any colour type and depth. Samples are read as they are stored: gamma and colour profiles are ignored. A palette of greys gives
/// one channel, any other palette three.
/// </summary>
/// <seealso cref="Image"/>
public static class PngFile
{
    private const string Format = "PNG";

    private static readonly PngDecoder Decoder = new();

    /// <summary>The first bytes of every PNG file.</summary>
    internal static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    internal static Image Decode(string name, byte[] file)
    {
        var chunks = KeepNeededChunks(name, file);
        var header = HeaderOf(name, chunks);
        if (!SharpDecoder.Guard(name, Format, () => PngData.IsComplete(chunks)))
            throw SharpDecoder.Unreadable(name, Format, "its data end before the last pixel");
        var isDeep = header.BitDepth == PngBitDepth.Bit16;
        var image = header.ColorType switch
        {
            PngColorType.Grayscale when !header.HasTransparency => isDeep ? Read<L16, ushort>(1) : Read<L8, byte>(1),
            PngColorType.Grayscale when isDeep => Clear(Read<L16, ushort>(1), PngData.Chunk(chunks, "tRNS"u8)),
            PngColorType.Grayscale or PngColorType.GrayscaleWithAlpha => isDeep ? Read<La32, ushort>(2) : Read<La16, byte>(2),
            PngColorType.Rgb when !header.HasTransparency => isDeep ? Read<Rgb48, ushort>(3) : Read<Rgb24, byte>(3),
            PngColorType.Rgb when isDeep => Clear(Read<Rgb48, ushort>(3), PngData.Chunk(chunks, "tRNS"u8)),
            PngColorType.Palette => SharpDecoder.ReduceGrey(Read<Rgba32, byte>(4)),
            _ => isDeep ? Read<Rgba64, ushort>(4) : Read<Rgba32, byte>(4),
        };
        var turned = Orientation.Apply(image, OrientationOf(file));
        return PngData.IsAnimation(file) ? turned.Warn($"{name} is an animation; its first frame is read") : turned;

        Image Read<TPixel, T>(int channels)
            where TPixel : unmanaged, IPixel<TPixel>
            where T : unmanaged, System.Numerics.IBinaryInteger<T>, System.Numerics.IMinMaxValue<T> =>
            SharpDecoder.Decode<TPixel, T>(name, Format, chunks, Decoder, channels);
    }

    /// <summary>Reads bands and size only; a file with a palette is decoded.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    internal static ImageShape Measure(string name, byte[] file)
    {
        var chunks = KeepNeededChunks(name, file);
        var colours = HeaderOf(name, chunks).ColorType;
        if (colours == PngColorType.Palette) return ImageShape.Of(Decode(name, file));
        return Measure(name, file, chunks, channels: colours is PngColorType.Grayscale or PngColorType.GrayscaleWithAlpha ? 1 : 3);
    }

    /// <summary>Reads the size only.</summary>
    /// <exception cref="InputException">It is truncated, the header is corrupt, or the size is too large.</exception>
    internal static ImageShape MeasureSides(string name, byte[] file) => Measure(name, file, KeepNeededChunks(name, file), channels: 3);

    /// <summary>Encodes 8-bit samples that lie pixel by pixel, [height, width, channels].</summary>
    /// <exception cref="ArgumentNullException"><paramref name="pixels"/> is null.</exception>
    /// <exception cref="ArgumentException">There are neither 1 nor 3 channels, or the length does not match.</exception>
    public static byte[] Encode(int channels, int height, int width, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        if (channels is not (1 or 3) || pixels.Length != (long)channels * height * width)
            throw new ArgumentException($"{pixels.Length} bytes for {height}x{width}x{channels} pixels");
        using SharpImage image = channels == 1
            ? SharpImage.LoadPixelData<L8>(pixels, width, height)
            : SharpImage.LoadPixelData<Rgb24>(pixels, width, height);
        using var file = new MemoryStream();
        image.SaveAsPng(file, new() { ColorType = channels == 1 ? PngColorType.Grayscale : PngColorType.Rgb });
        return file.ToArray();
    }

    // Makes the pixels of one colour black, because they are transparent. ImageSharp 2 reads colours of 16 bits in the wrong byte order.
    private static Image Clear(Image image, ReadOnlySpan<byte> colour)
    {
        var data = image.Data.ToArray();
        var samples = MemoryMarshal.Cast<byte, ushort>(data.AsSpan());
        var area = image.Height * image.Width;
        for (var i = 0; i < area; i++)
        {
            var isColour = true;
            for (var band = 0; band < image.Channels; band++)
                isColour &= samples[band * area + i] == BinaryPrimitives.ReadUInt16BigEndian(colour[(2 * band)..]);
            for (var band = 0; band < image.Channels && isColour; band++) samples[band * area + i] = 0;
        }

        return new(image.Channels, image.Height, image.Width, image.BitsPerSample, data);
    }

    private static PngMetadata HeaderOf(string name, byte[] chunks) =>
        SharpDecoder.Identify(name, Format, chunks, Decoder).Metadata.GetFormatMetadata(PngFormat.Instance);

    private static ImageShape Measure(string name, byte[] file, byte[] chunks, int channels) =>
        Orientation.Apply(SharpDecoder.Measure(name, Format, chunks, Decoder, channels), OrientationOf(file));

    private static int OrientationOf(byte[] file) => ExifBlock.OrientationOf(PngData.Chunk(file, "eXIf"u8));

    // Ancillary chunks (lower-case first letter) hold gamma, profiles and text, which would change samples or waste memory. Transparency
    // is kept.
    private static byte[] KeepNeededChunks(string name, byte[] file)
    {
        using var kept = new MemoryStream(file.Length);
        kept.Write(Signature);
        ReadOnlySpan<byte> rest = file.AsSpan(Signature.Length), type = default;
        while (!type.SequenceEqual("IEND"u8))
        {
            var length = rest.Length < PngData.ChunkOverhead
                ? long.MaxValue
                : BinaryPrimitives.ReadUInt32BigEndian(rest) + (long)PngData.ChunkOverhead;
            if (length > rest.Length) throw SharpDecoder.Unreadable(name, Format, "it is truncated");
            // ImageSharp 2 does not look at every checksum, which is of type and data.
            if (Crc32.HashToUInt32(rest[4..(int)(length - 4)]) != BinaryPrimitives.ReadUInt32BigEndian(rest[(int)(length - 4)..]))
                throw SharpDecoder.Unreadable(name, Format, $"its chunk at byte {file.Length - rest.Length} is damaged");
            type = rest.Slice(4, 4);
            if (char.IsAsciiLetterUpper((char)type[0]) || type.SequenceEqual("tRNS"u8))
                kept.Write(rest[..(int)length]);
            rest = rest[(int)length..];
        }

        return kept.ToArray();
    }
}
