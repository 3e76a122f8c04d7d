using System.Numerics;
using System.Runtime.InteropServices;
using Dst.Graph;

namespace Dst.Images;

/// <summary>
/// Brings images of any size and kind to one shape: resize, grey or RGB, and a centre crop with zeros where the image is smaller.
/// </summary>
internal static class Framing
{
    // Luma of ITU-R BT.601, in thousandths.
    internal const int RedWeight = 299;
    internal const int GreenWeight = 587;
    internal const int BlueWeight = 114;

    /// <summary>The window about the image's centre, after a resize to a side of <paramref name="resize"/> pixels, if above 0.</summary>
    /// <exception cref="InputException">The shape has neither 1 nor 3 channels.</exception>
    public static Image Frame(Image image, int resize, FeatureShape shape)
    {
        CheckChannels(shape);
        if (resize > 0) image = Resampler.Resize(image, resize);
        if (IsFramed(image, shape)) return image;
        var data = new byte[checked((int)shape.Count * (image.BitsPerSample / 8))];
        if (image.BitsPerSample == 8) Copy<byte>(image, shape, data);
        else Copy(image, shape, MemoryMarshal.Cast<byte, ushort>(data.AsSpan()));
        return new(shape.Channels, shape.Height, shape.Width, image.BitsPerSample, data);
    }

    /// <summary>Refuses a shape to which images cannot be brought.</summary>
    /// <exception cref="InputException">The shape has neither 1 nor 3 channels.</exception>
    public static void CheckChannels(FeatureShape shape)
    {
        if (shape.Channels is not (1 or 3))
            throw new InputException($"the network's input has {shape.Channels} channels; 1 or 3, as images have, was expected");
    }

    /// <summary>Whether an image has this shape already.</summary>
    public static bool IsFramed(Image image, FeatureShape shape) =>
        image.Channels == shape.Channels && image.Height == shape.Height && image.Width == shape.Width;

    /// <summary>Where a centred window starts in an extent: negative when the window is larger.</summary>
    public static int CentreOffset(int extent, int window) => (extent - window) >> 1;

    /// <summary>Copies the window about the image's centre.</summary>
    /// <param name="image">Image of samples <typeparamref name="T"/>.</param>
    /// <param name="shape">The window.</param>
    /// <param name="destination">[Channels, Height, Width], zeros where the image may be smaller.</param>
    public static void Copy<T>(Image image, FeatureShape shape, Span<T> destination) where T : unmanaged, INumber<T>
    {
        int top = CentreOffset(image.Height, shape.Height), left = CentreOffset(image.Width, shape.Width);
        int firstRow = Math.Max(0, -top), lastRow = Math.Min(shape.Height, image.Height - top);
        int firstColumn = Math.Max(0, -left), columns = Math.Min(shape.Width, image.Width - left) - firstColumn;
        for (var c = 0; c < shape.Channels; c++)
        {
            for (var y = firstRow; y < lastRow; y++)
            {
                var from = (top + y) * image.Width + left + firstColumn;
                CopyRow(image, c, shape.Channels, from, destination.Slice((c * shape.Height + y) * shape.Width + firstColumn, columns));
            }
        }
    }

    private static void CopyRow<T>(Image image, int channel, int channels, int from, Span<T> row) where T : unmanaged, INumber<T>
    {
        var samples = image.Samples<T>();
        var plane = image.Height * image.Width;
        if (image.Channels == 3 && channels == 1)
        {
            for (var x = 0; x < row.Length; x++)
            {
                var (red, green, blue) = (samples[from + x], samples[plane + from + x], samples[2 * plane + from + x]);
                var luma = RedWeight * int.CreateTruncating(red) + GreenWeight * int.CreateTruncating(green)
                    + BlueWeight * int.CreateTruncating(blue);
                row[x] = T.CreateTruncating((luma + 500) / 1000);
            }

            return;
        }

        samples.Slice((image.Channels == 1 ? 0 : channel * plane) + from, row.Length).CopyTo(row);
    }
}
