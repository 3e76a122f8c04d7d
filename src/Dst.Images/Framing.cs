using System.Numerics;
using System.Runtime.InteropServices;
using Dst.Foundations;
using Dst.Graph;

namespace Dst.Images;

/// <summary>
/// Brings images of any size to one shape: resize, grey or RGB, and a centre crop. Where the image is smaller, the added pixels are dark:
/// 0, or the smallest sample of the band if samples are floats.
/// </summary>
internal static class Framing
{
    // Luma of ITU-R BT.601, in thousandths.
    internal const int RedWeight = 299;
    internal const int GreenWeight = 587;
    internal const int BlueWeight = 114;
    internal const int WeightSum = 1000;

    /// <summary>The window about the image's centre, after a resize if there is one.</summary>
    /// <param name="image">Image of any size.</param>
    /// <param name="shape">Channels and size of the window.</param>
    /// <param name="resize">Size to which the image is resized first, or none.</param>
    /// <param name="fit">How it is resized if its sides have another ratio.</param>
    /// <exception cref="InputException">The image has other bands than the shape, and is not grey or RGB.</exception>
    public static Image Frame(Image image, FeatureShape shape, ImageSize resize = default, ResizeFit fit = default)
    {
        CheckChannels(image, shape);
        if (!resize.IsNone) image = Resampler.Resize(image, resize, fit, shape.Height, shape.Width);
        if (IsFramed(image, shape)) return image;
        var data = new byte[checked((int)shape.Count * (image.BitsPerSample / 8))];
        switch (image.BitsPerSample)
        {
            case 8: Copy<byte>(image, shape, data); break;
            case 16: Copy(image, shape, MemoryMarshal.Cast<byte, ushort>(data.AsSpan())); break;
            default: Copy(image, shape, MemoryMarshal.Cast<byte, float>(data.AsSpan())); break;
        }

        return new(shape.Channels, shape.Height, shape.Width, image.BitsPerSample, data);
    }

    /// <summary>Refuses an image that cannot be brought to a shape: grey and RGB become one another, other bands must be as many.</summary>
    /// <exception cref="InputException">It cannot.</exception>
    public static void CheckChannels(Image image, FeatureShape shape)
    {
        if (image.Channels != shape.Channels && (image.Channels, shape.Channels) is not ((1, 3) or (3, 1)))
            throw new InputException(
                $"{image.Name} has {Phrases.Count(image.Channels, "band")} and the network takes {shape.Channels}; a file with only the "
                + "bands that the network takes was expected; grey and RGB alone become each other");
    }

    /// <summary>Whether an image has this shape already.</summary>
    public static bool IsFramed(Image image, FeatureShape shape) =>
        image.Channels == shape.Channels && image.Height == shape.Height && image.Width == shape.Width;

    /// <summary>Where a centred window starts in an extent: negative when the window is larger.</summary>
    public static int CentreOffset(int extent, int window) => (extent - window) >> 1;

    /// <summary>Copies the window about the image's centre.</summary>
    /// <param name="image">Image of samples <typeparamref name="T"/>.</param>
    /// <param name="shape">The window.</param>
    /// <param name="destination">[Channels, Height, Width].</param>
    public static void Copy<T>(Image image, FeatureShape shape, Span<T> destination) where T : unmanaged, INumber<T>
    {
        int top = CentreOffset(image.Height, shape.Height), left = CentreOffset(image.Width, shape.Width);
        int firstRow = Math.Max(0, -top), lastRow = Math.Min(shape.Height, image.Height - top);
        int firstColumn = Math.Max(0, -left), columns = Math.Min(shape.Width, image.Width - left) - firstColumn;
        var isWhole = lastRow - firstRow == shape.Height && columns == shape.Width;
        for (var c = 0; c < shape.Channels; c++)
        {
            var plane = destination.Slice(c * shape.Height * shape.Width, shape.Height * shape.Width);
            if (!isWhole) plane.Fill(T.CreateTruncating(Surroundings(image, c, shape.Channels)));
            for (var y = firstRow; y < lastRow; y++)
            {
                var from = (top + y) * image.Width + left + firstColumn;
                CopyRow(image, c, shape.Channels, from, plane.Slice(y * shape.Width + firstColumn, columns));
            }
        }
    }

    private static void CopyRow<T>(Image image, int channel, int channels, int from, Span<T> row) where T : unmanaged, INumber<T>
    {
        if (image.Channels == 3 && channels == 1)
        {
            var red = image.Plane<T>(0)[from..];
            var green = image.Plane<T>(1)[from..];
            var blue = image.Plane<T>(2)[from..];
            for (var x = 0; x < row.Length; x++) row[x] = Luma(red[x], green[x], blue[x]);
            return;
        }

        image.Plane<T>(image.Channels == 1 ? 0 : channel).Slice(from, row.Length).CopyTo(row);
    }

    private static float Surroundings(Image image, int channel, int channels)
    {
        if (image.Channels == channels) return image.Darkest(channel);
        var darkest = image.Darkest(0);
        for (var c = 1; c < image.Channels; c++) darkest = Math.Min(darkest, image.Darkest(c));
        return darkest;
    }

    private static T Luma<T>(T red, T green, T blue) where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(float))
            return (T.CreateTruncating(RedWeight) * red + T.CreateTruncating(GreenWeight) * green + T.CreateTruncating(BlueWeight) * blue)
                / T.CreateTruncating(WeightSum);
        var luma = RedWeight * int.CreateTruncating(red) + GreenWeight * int.CreateTruncating(green)
            + BlueWeight * int.CreateTruncating(blue);
        return T.CreateTruncating((luma + WeightSum / 2) / WeightSum);
    }
}
