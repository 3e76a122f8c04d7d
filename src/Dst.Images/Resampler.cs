using System.Numerics;
using System.Runtime.InteropServices;

namespace Dst.Images;

/// <summary>
/// Resizes images with a triangle filter, first along rows, then along columns: bilinear interpolation when it enlarges, a weighted mean
/// over the pixels that an output pixel covers when it shrinks. The result has samples of 16 bits, or floats if the image has floats.
/// </summary>
internal static class Resampler
{
    /// <summary>
    /// The window about the centre of the resized image. Time and memory depend on the window and not on the size. Where the window is
    /// larger, the whole image. With <see cref="ResizeFit.Pad"/> that is without the dark part.
    /// </summary>
    /// <param name="image">Image of any size; one that would stay as it is is returned.</param>
    /// <param name="size">Size to which it is resized.</param>
    /// <param name="fit">How it is resized if its sides have another ratio.</param>
    /// <param name="height">Rows of the window.</param>
    /// <param name="width">Columns of the window.</param>
    public static Image Resize(Image image, ImageSize size, ResizeFit fit, int height, int width)
    {
        var own = new ImageSize(image.Height, image.Width);
        var resized = own.ResizedTo(size, fit);
        var kept = resized.Within(size);
        if (own == resized && own == kept) return image;
        var isWindow = kept.Height >= height && kept.Width >= width;
        var rows = Taps(image.Height, resized.Height, kept.Height, isWindow ? height : kept.Height);
        var columns = Taps(image.Width, resized.Width, kept.Width, isWindow ? width : kept.Width);
        return image.BitsPerSample switch
        {
            8 => ToWords(image, rows, columns, Resize<byte>(image, rows, columns), ushort.MaxValue / (float)byte.MaxValue),
            16 => ToWords(image, rows, columns, Resize<ushort>(image, rows, columns), 1),
            _ => new(
                image.Channels, rows.Length, columns.Length, 32,
                MemoryMarshal.AsBytes<float>(Resize<float>(image, rows, columns)).ToArray()),
        };
    }

    private static Image ToWords(Image image, Tap[] rows, Tap[] columns, float[] samples, float scale)
    {
        var data = new byte[samples.Length * sizeof(ushort)];
        var words = MemoryMarshal.Cast<byte, ushort>(data.AsSpan());
        for (var i = 0; i < samples.Length; i++) words[i] = (ushort)Math.Clamp(samples[i] * scale + 0.5f, 0, ushort.MaxValue);
        return new(image.Channels, rows.Length, columns.Length, 16, data);
    }

    private static float[] Resize<T>(Image image, Tap[] rows, Tap[] columns) where T : unmanaged, INumber<T>
    {
        var (first, end) = (rows[0].Start, rows[^1].Start + rows[^1].Weights.Length);
        var lines = new float[(end - first) * columns.Length];
        var plane = rows.Length * columns.Length;
        var result = new float[image.Channels * plane];
        for (var c = 0; c < image.Channels; c++)
        {
            FilterRows(image.Plane<T>(c)[(first * image.Width)..], image.Width, columns, lines);
            FilterColumns(lines, first, rows, columns.Length, result.AsSpan(c * plane, plane));
        }

        return result;
    }

    /// <summary>Resizes rows of an image: as many as there are lines.</summary>
    private static void FilterRows<T>(ReadOnlySpan<T> image, int width, Tap[] columns, Span<float> lines) where T : unmanaged, INumber<T>
    {
        for (var y = 0; y < lines.Length / columns.Length; y++)
        {
            for (var x = 0; x < columns.Length; x++)
            {
                var (start, weights) = columns[x];
                var sum = 0f;
                for (var k = 0; k < weights.Length; k++) sum += weights[k] * float.CreateTruncating(image[y * width + start + k]);
                lines[y * columns.Length + x] = sum;
            }
        }
    }

    /// <summary>Makes the rows of the result of the lines, of which the first is row <paramref name="first"/> of the image.</summary>
    private static void FilterColumns(ReadOnlySpan<float> lines, int first, Tap[] rows, int width, Span<float> result)
    {
        for (var y = 0; y < rows.Length; y++)
        {
            var (start, weights) = rows[y];
            for (var x = 0; x < width; x++)
            {
                var sum = 0f;
                for (var k = 0; k < weights.Length; k++) sum += weights[k] * lines[(start - first + k) * width + x];
                result[y * width + x] = sum;
            }
        }
    }

    /// <summary>
    /// What an extent resized from <paramref name="from"/> to <paramref name="to"/> pixels reads for the <paramref name="count"/> pixels
    /// about the centre of the <paramref name="kept"/> about its own centre.
    /// </summary>
    private static Tap[] Taps(int from, int to, int kept, int count)
    {
        var first = Framing.CentreOffset(to, kept) + Framing.CentreOffset(kept, count);
        var taps = new Tap[count];
        var ratio = (double)from / to;
        var support = Math.Max(ratio, 1);
        for (var i = 0; i < count; i++)
        {
            var centre = (first + i + 0.5) * ratio;
            var start = (int)Math.Max(0, Math.Floor(centre - support));
            var end = (int)Math.Min(from, Math.Ceiling(centre + support));
            var weights = new double[end - start];
            for (var k = 0; k < weights.Length; k++) weights[k] = Math.Max(0, 1 - Math.Abs(start + k + 0.5 - centre) / support);
            var sum = weights.Sum();
            taps[i] = new(start, Array.ConvertAll(weights, weight => (float)(weight / sum)));
        }

        return taps;
    }

    /// <summary>What an output pixel reads along one direction: the first input pixel, and the weights of it and those after it.</summary>
    private sealed record Tap(int Start, float[] Weights);
}
