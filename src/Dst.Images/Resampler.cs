using System.Numerics;
using System.Runtime.InteropServices;

namespace Dst.Images;

/// <summary>
/// Resizes images with a triangle filter, first along rows, then along columns: bilinear interpolation when it enlarges, a weighted mean
/// over the pixels that an output pixel covers when it shrinks. The result has 16-bit samples.
/// </summary>
internal static class Resampler
{
    /// <summary>Resizes to <paramref name="side"/> × <paramref name="side"/>; an image of that size is returned as it is.</summary>
    public static Image Resize(Image image, int side)
    {
        if (image.Height == side && image.Width == side) return image;
        return image.BitsPerSample == 8 ? Resize<byte>(image, side) : Resize<ushort>(image, side);
    }

    private static Image Resize<T>(Image image, int side) where T : unmanaged, INumber<T>
    {
        var (starts, weights) = Taps(image.Width, side);
        var (rowStarts, rowWeights) = Taps(image.Height, side);
        var source = image.Samples<T>();
        var rows = new float[image.Height * side];
        var data = new byte[image.Channels * side * side * sizeof(ushort)];
        var result = MemoryMarshal.Cast<byte, ushort>(data.AsSpan());
        var scale = image.BitsPerSample == 8 ? 257f : 1f;
        for (var c = 0; c < image.Channels; c++)
        {
            var plane = source.Slice(c * image.Height * image.Width, image.Height * image.Width);
            for (var y = 0; y < image.Height; y++)
            {
                for (var x = 0; x < side; x++)
                {
                    var sum = 0f;
                    for (var k = 0; k < weights[x].Length; k++)
                        sum += weights[x][k] * float.CreateTruncating(plane[y * image.Width + starts[x] + k]);
                    rows[y * side + x] = sum;
                }
            }

            for (var y = 0; y < side; y++)
            {
                for (var x = 0; x < side; x++)
                {
                    var sum = 0f;
                    for (var k = 0; k < rowWeights[y].Length; k++) sum += rowWeights[y][k] * rows[(rowStarts[y] + k) * side + x];
                    result[(c * side + y) * side + x] = (ushort)Math.Clamp(sum * scale + 0.5f, 0, ushort.MaxValue);
                }
            }
        }

        return new(image.Channels, side, side, 16, data);
    }

    // For each output pixel: the first input pixel that it reads, and the weights of this and the following ones.
    private static (int[] Starts, float[][] Weights) Taps(int from, int to)
    {
        var starts = new int[to];
        var weights = new float[to][];
        var ratio = (double)from / to;
        var support = Math.Max(ratio, 1);
        for (var i = 0; i < to; i++)
        {
            var centre = (i + 0.5) * ratio;
            starts[i] = (int)Math.Max(0, Math.Floor(centre - support));
            var end = (int)Math.Min(from, Math.Ceiling(centre + support));
            var taps = new double[end - starts[i]];
            for (var k = 0; k < taps.Length; k++) taps[k] = Math.Max(0, 1 - Math.Abs(starts[i] + k + 0.5 - centre) / support);
            var sum = taps.Sum();
            weights[i] = Array.ConvertAll(taps, tap => (float)(tap / sum));
        }

        return (starts, weights);
    }
}
