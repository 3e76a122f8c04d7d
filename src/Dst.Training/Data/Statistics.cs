using Dst.Runtime;
using Dst.Runtime.Graph;

namespace Dst.Training.Data;

/// <summary>Mean and standard deviation of the inputs, per channel.</summary>
internal static class Statistics
{
    /// <summary>
    /// Measures the centre crops of a split after the amplitude transform and smoothing. Sums are taken an image at a time and added in order,
    /// so they do not depend on the number of threads. A channel without variation gets the deviation 1.
    /// </summary>
    public static InputNormalisation Normalise(SampleSet samples, DataOptions options, FeatureShape shape, CancellationToken cancellation)
    {
        var sums = new (double Sum, double Squares)[samples.Count * shape.Channels];
        Parallel.For(0, samples.Count, new ParallelOptions { CancellationToken = cancellation }, () => new float[shape.Count], (i, _, crop) =>
        {
            Preprocessor.ReadCentreCrop(samples.Samples[i], options, shape, crop);
            for (var c = 0; c < shape.Channels; c++) sums[i * shape.Channels + c] = Sum(crop.AsSpan(c * crop.Length / shape.Channels, crop.Length / shape.Channels));
            return crop;
        }, _ => { });

        var count = (double)samples.Count * shape.Height * shape.Width;
        var mean = new float[shape.Channels];
        var deviation = new float[shape.Channels];
        for (var c = 0; c < shape.Channels; c++)
        {
            var (sum, squares) = (0.0, 0.0);
            for (var i = c; i < sums.Length; i += shape.Channels) (sum, squares) = (sum + sums[i].Sum, squares + sums[i].Squares);
            var variance = squares / count - sum / count * (sum / count);
            mean[c] = (float)(sum / count);
            deviation[c] = variance > 1e-12 ? (float)Math.Sqrt(variance) : 1;
        }

        return new(options.Resize, options.Amplitude, mean, deviation, options.Smooth, PerImage: options.Normalise == "image");
    }

    /// <summary>Mean and deviation of all values of one input; a constant input gets the deviation 1.</summary>
    public static (float Mean, float Deviation) OfImage(ReadOnlySpan<float> image)
    {
        var (sum, squares) = Sum(image);
        var mean = sum / image.Length;
        var variance = squares / image.Length - mean * mean;
        return ((float)mean, variance > 1e-12 ? (float)Math.Sqrt(variance) : 1);
    }

    private static (double Sum, double Squares) Sum(ReadOnlySpan<float> values)
    {
        var (sum, squares) = (0.0, 0.0);
        foreach (var value in values) (sum, squares) = (sum + value, squares + (double)value * value);
        return (sum, squares);
    }
}
