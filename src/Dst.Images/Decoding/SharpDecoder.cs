using System.Numerics;
using System.Runtime.InteropServices;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.PixelFormats;
using SharpImage = SixLabors.ImageSharp.Image;

namespace Dst.Images.Decoding;

/// <summary>
/// Decodes through ImageSharp. Colour profiles and gamma are not applied; alpha is blended with black.
/// </summary>
internal static class SharpDecoder
{
    // Decoders are named by the caller, so the configuration registers none. One image is one thread's work.
    private static readonly Configuration Configuration = new() { PreferContiguousImageBuffers = true, MaxDegreeOfParallelism = 1 };

    /// <summary>Reads the header and refuses a size that is too large.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    public static IImageInfo Identify(string name, string format, byte[] file, IImageInfoDetector decoder)
    {
        var info = Guard(name, format, () => decoder.Identify(Configuration, new MemoryStream(file), CancellationToken.None))
            ?? throw Unreadable(name, format, "its header is corrupt");
        Image.CheckSize(name, info.Width, info.Height);
        return info;
    }

    /// <summary>The size of a file, as it is stored.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    public static ImageShape Measure(string name, string format, byte[] file, IImageInfoDetector decoder, int channels)
    {
        var info = Identify(name, format, file, decoder);
        return new(channels, info.Height, info.Width);
    }

    /// <summary>Decodes a file whose size was checked.</summary>
    /// <typeparam name="TPixel">What ImageSharp decodes to.</typeparam>
    /// <typeparam name="T">A sample of it: <see cref="byte"/> or <see cref="ushort"/>.</typeparam>
    /// <param name="name">What messages call the file.</param>
    /// <param name="format">The format.</param>
    /// <param name="file">The content.</param>
    /// <param name="decoder">Decoder of the format.</param>
    /// <param name="channels">Samples of a pixel: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.</param>
    /// <exception cref="InputException">The file is corrupt.</exception>
    public static Image Decode<TPixel, T>(string name, string format, byte[] file, IImageDecoder decoder, int channels)
        where TPixel : unmanaged, IPixel<TPixel>
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        return Guard(name, format, () =>
        {
            using var decoded = SharpImage.Load<TPixel>(Configuration, file, decoder);
            var pixels = new byte[decoded.Width * decoded.Height * channels * Marshal.SizeOf<T>()];
            decoded.CopyPixelDataTo(pixels);
            return Separate<T>(pixels, decoded.Height, decoded.Width, channels);
        });
    }

    /// <summary>A grey image if every pixel of a colour image is grey, for palettes and the like; else the same image.</summary>
    public static Image ReduceGrey(Image image)
    {
        var red = image.Data.Span;
        var plane = red.Length / 3;
        return red[..plane].SequenceEqual(red[plane..(2 * plane)]) && red[..plane].SequenceEqual(red[(2 * plane)..])
            ? image.Select([0])
            : image;
    }

    /// <summary>The sentence for a file that cannot be decoded.</summary>
    public static InputException Unreadable(string name, string format, string reason) =>
        new($"{name} is not a readable {format}: {reason}");

    /// <summary>Runs a decoder. Whatever it throws at a damaged file becomes one sentence.</summary>
    /// <exception cref="InputException">It threw.</exception>
    public static T Guard<T>(string name, string format, Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (Exception e) when (e is not InputException)
        {
            var isPlain = e is ImageFormatException && e.Message.All(c => c is >= ' ' and <= '~');
            throw Unreadable(name, format, isPlain ? e.Message.TrimEnd('.') : "its data is corrupt");
        }
    }

    // Planes of the colours; a last sample of an even number is alpha.
    private static Image Separate<T>(byte[] pixels, int height, int width, int channels)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var bits = 8 * Marshal.SizeOf<T>();
        if (channels % 2 != 0) return Image.FromInterleaved(channels, height, width, bits, pixels);
        var (colours, area) = (channels - 1, height * width);
        var data = new byte[colours * area * Marshal.SizeOf<T>()];
        var source = MemoryMarshal.Cast<byte, T>(pixels);
        var planes = MemoryMarshal.Cast<byte, T>(data.AsSpan());
        var opaque = ulong.CreateTruncating(T.MaxValue);
        for (var i = 0; i < area; i++)
        {
            var alpha = ulong.CreateTruncating(source[i * channels + colours]);
            for (var c = 0; c < colours; c++)
            {
                var value = ulong.CreateTruncating(source[i * channels + c]);
                planes[c * area + i] = T.CreateTruncating((value * alpha + opaque / 2) / opaque);
            }
        }

        return new(colours, height, width, bits, data);
    }
}
