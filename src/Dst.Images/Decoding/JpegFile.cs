using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.PixelFormats;

namespace Dst.Images.Decoding;

/// <summary>JPEG: grey files give one channel; RGB, YCbCr, CMYK and YCCK files three.</summary>
internal static class JpegFile
{
    /// <summary>What messages call the format.</summary>
    public const string Format = "JPEG";

    private static readonly JpegDecoder Decoder = new() { IgnoreMetadata = true };

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    public static Image Decode(string name, byte[] file)
    {
        var markers = new JpegMarkers(name, file, followsCodes: true);
        var stored = ChannelsOf(name, markers.Clean) == 1
            ? SharpDecoder.Decode<L8, byte>(name, Format, markers.Clean, Decoder, 1)
            : SharpDecoder.Decode<Rgb24, byte>(name, Format, markers.Clean, Decoder, 3);
        var image = Orientation.Apply(stored, markers.Orientation);
        return markers.StrayBytes == 0
            ? image
            : image.Warn($"{name} has {markers.StrayBytes} stray bytes between its markers; they were passed over");
    }

    /// <summary>Reads bands and size only.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    public static ImageShape Measure(string name, byte[] file)
    {
        var markers = new JpegMarkers(name, file, followsCodes: false);
        var size = SharpDecoder.Measure(name, Format, markers.Clean, Decoder, ChannelsOf(name, markers.Clean));
        return Orientation.Apply(size, markers.Orientation);
    }

    private static int ChannelsOf(string name, byte[] file)
    {
        var metadata = SharpDecoder.Identify(name, Format, file, Decoder).Metadata;
        return metadata.GetFormatMetadata(JpegFormat.Instance).ColorType == JpegColorType.Luminance ? 1 : 3;
    }
}
