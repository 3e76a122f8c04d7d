using Dst.Graph;
using Dst.Kernels;

namespace Dst.Training.Data;

/// <summary>A small picture of an image as the network sees it.</summary>
/// <param name="Channels">3 for RGB, 1 for grey.</param>
/// <param name="Height">Rows, at most <see cref="MaxSide"/>.</param>
/// <param name="Width">Columns, at most <see cref="MaxSide"/>.</param>
/// <param name="Pixels">8-bit samples, [Height, Width, Channels].</param>
/// <seealso cref="Dst.Training.Experiments.Runs.TestRecord"/>
public sealed record Thumbnail(int Channels, int Height, int Width, byte[] Pixels)
{
    /// <summary>Longest side.</summary>
    public const int MaxSide = 64;

    /// <summary>
    /// The centre crop after amplitude transform and smoothing, without normalisation. Squares of pixels are averaged until it is small
    /// enough. <see cref="Contrast"/> says what is black and white. Of bands that are not RGB the first is drawn.
    /// </summary>
    public static Thumbnail Of(DataSet data, Sample sample)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(sample);
        var shape = data.Shape;
        var amplitudes = new float[shape.Count];
        Statistics.ReadCentreCrop(sample, data.Options, shape, amplitudes);
        var channels = shape.Channels == 3 ? 3 : 1;
        var (black, white) = Contrast.Of(sample.BitsPerSample, amplitudes.AsSpan(0, channels * shape.Height * shape.Width).ToArray());
        var scale = white > black ? byte.MaxValue / (white - black) : 0;
        var square = Layout.CeilDiv(Math.Max(shape.Height, shape.Width), MaxSide);
        var (height, width) = (Math.Max(1, shape.Height / square), Math.Max(1, shape.Width / square));
        var pixels = new byte[channels * height * width];
        for (var i = 0; i < pixels.Length; i++)
        {
            var (pixel, c) = (i / channels, i % channels);
            var mean = MeanOf(amplitudes, shape, c, pixel / width * square, pixel % width * square, square);
            pixels[i] = (byte)Math.Clamp((mean - black) * scale + 0.5f, 0, byte.MaxValue);
        }

        return new(channels, height, width, pixels);
    }

    private static float MeanOf(float[] amplitudes, FeatureShape shape, int channel, int top, int left, int square)
    {
        var (sum, count) = (0f, 0);
        for (var y = top; y < Math.Min(top + square, shape.Height); y++)
        {
            for (var x = left; x < Math.Min(left + square, shape.Width); x++, count++)
                sum += amplitudes[(channel * shape.Height + y) * shape.Width + x];
        }

        return sum / count;
    }
}
