using System.Numerics;
using System.Runtime.InteropServices;

namespace Dst.Images;

/// <summary>
/// Resizes images with a triangle filter, first along rows, then along columns: bilinear interpolation when it enlarges, a weighted mean
/// over the pixels that an output pixel covers when it shrinks. The result has samples of 16 bits, or floats if the image has floats.
/// </summary>
internal static class Resampler
{
    /// <summary>Resizes to <paramref name="side"/> × <paramref name="side"/>; an image of that size is returned as it is.</summary>
    public static Image Resize(Image image, int side)
    {
        if (image.Height == side && image.Width == side) return image;
        return image.BitsPerSample switch
        {
            8 => ToWords(image, side, Resize<byte>(image, side), ushort.MaxValue / (float)byte.MaxValue),
            16 => ToWords(image, side, Resize<ushort>(image, side), 1),
            _ => new(image.Channels, side, side, 32, MemoryMarshal.AsBytes<float>(Resize<float>(image, side)).ToArray()),
        };
    }

    private static Image ToWords(Image image, int side, float[] samples, float scale)
    {
        var data = new byte[samples.Length * sizeof(ushort)];
        var words = MemoryMarshal.Cast<byte, ushort>(data.AsSpan());
        for (var i = 0; i < samples.Length; i++) words[i] = (ushort)Math.Clamp(samples[i] * scale + 0.5f, 0, ushort.MaxValue);
        return new(image.Channels, side, side, 16, data);
    }

    private static float[] Resize<T>(Image image, int side) where T : unmanaged, INumber<T>
    {
        var (starts, weights) = Taps(image.Width, side);
        var (rowStarts, rowWeights) = Taps(image.Height, side);
        var rows = new float[image.Height * side];
        var result = new float[image.Channels * side * side];
        for (var c = 0; c < image.Channels; c++)
        {
            var plane = image.Plane<T>(c);
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
                    result[(c * side + y) * side + x] = sum;
                }
            }
        }

        return result;
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
