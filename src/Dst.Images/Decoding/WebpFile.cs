using System.Buffers.Binary;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.PixelFormats;

namespace Dst.Images.Decoding;

/// <summary>WebP, lossy or lossless, always of three channels.</summary>
internal static class WebpFile
{
    private const string Format = "WebP";
    private const int RiffHeader = 8;

    private static readonly WebpDecoder Decoder = new() { IgnoreMetadata = true };

    /// <summary>Whether a file starts as a WebP does.</summary>
    public static bool Recognises(byte[] file) =>
        file.Length > RiffHeader && file.AsSpan().StartsWith("RIFF"u8) && file.AsSpan(RiffHeader).StartsWith("WEBP"u8);

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    public static Image Decode(string name, byte[] file)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(4)) + (long)RiffHeader > file.Length)
            throw SharpDecoder.Unreadable(name, Format, "it is truncated");
        var image = Animation(name, file) is { } animation ? DecodeFirst(name, animation) : DecodeStill(name, file);
        return Orientation.Apply(image, WebpAnimation.OrientationOf(file));
    }

    /// <summary>Reads bands and size only.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    public static ImageShape Measure(string name, byte[] file)
    {
        var size = Animation(name, file) is { } animation
            ? new ImageShape(3, animation.Height, animation.Width)
            : SharpDecoder.Measure(name, Format, file, Decoder, 3);
        return Orientation.Apply(size, WebpAnimation.OrientationOf(file));
    }

    private static WebpAnimation? Animation(string name, byte[] file)
    {
        var animation = SharpDecoder.Guard(name, Format, () => WebpAnimation.Open(file));
        if (animation is not null) Image.CheckSize(name, animation.Width, animation.Height);
        return animation;
    }

    private static Image DecodeStill(string name, byte[] file)
    {
        SharpDecoder.Identify(name, Format, file, Decoder);
        return SharpDecoder.Decode<Rgba32, byte>(name, Format, file, Decoder, 4);
    }

    // What the first frame leaves free of the picture is transparent, and so black.
    private static Image DecodeFirst(string name, WebpAnimation animation)
    {
        var frame = DecodeStill(name, animation.ToStill());
        var (height, width, left, top) = (animation.Height, animation.Width, animation.Left, animation.Top);
        if (left + frame.Width > width || top + frame.Height > height)
            throw SharpDecoder.Unreadable(name, Format, "its first frame is larger than the picture");
        var data = new byte[3 * height * width];
        for (var row = 0; row < 3 * frame.Height; row++)
        {
            var (band, y) = (row / frame.Height, row % frame.Height);
            frame.Data.Span.Slice(row * frame.Width, frame.Width).CopyTo(data.AsSpan((band * height + top + y) * width + left));
        }

        return new Image(3, height, width, 8, data).Warn($"{name} is an animation; its first frame is read");
    }
}
