using Dst.Graph;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Mean and standard deviation of the inputs, per channel.</summary>
internal static class Statistics
{
    /// <summary>
    /// How inputs are normalised: with the mean and deviation that the options give, or else with those of the centre crops of a split
    /// after the amplitude transform and smoothing.
    /// </summary>
    public static InputNormalisation NormalisationOf(
        SampleSet samples, DataOptions options, FeatureShape shape, CancellationToken cancellation)
    {
        if (options.HasStatistics(shape.Channels))
            return new(
                options.Resize, options.Amplitude, ToFloats(options.Mean), ToFloats(options.Deviation), options.Smooth, Fit: options.Fit);
        var (mean, deviation) = Measure(samples, options, shape, cancellation);
        return new(
            options.Resize, options.Amplitude, mean, deviation, options.Smooth, options.Normalise == NormalisationSource.Image,
            options.Fit);
    }

    /// <summary>The centre crop of a sample after the amplitude transform and smoothing, before normalisation.</summary>
    public static void ReadCentreCrop(Sample sample, DataOptions options, FeatureShape shape, Span<float> destination)
    {
        Preprocessor.ReadAmplitudes(Framing.Frame(sample.Window, shape), options.Amplitude, destination);
        if (options.Smooth) Smoothing.Apply(destination, shape);
    }

    /// <summary>
    /// Mean and deviation of the centre crops, per channel. The sums of the images are added in their order, so that they do not depend on
    /// the number of threads. A channel without variation gets the deviation 1.
    /// </summary>
    private static (float[] Mean, float[] Deviation) Measure(
        SampleSet samples, DataOptions options, FeatureShape shape, CancellationToken cancellation)
    {
        var sums = new (double Sum, double Squares)[samples.Count * shape.Channels];
        var pixels = shape.Height * shape.Width;
        var parallel = new ParallelOptions { CancellationToken = cancellation };
        Parallel.For(0, samples.Count, parallel, () => new float[shape.Count], (i, _, crop) =>
        {
            ReadCentreCrop(samples.Samples[i], options, shape, crop);
            for (var c = 0; c < shape.Channels; c++)
                sums[i * shape.Channels + c] = ImageStatistics.Sum(crop.AsSpan(c * pixels, pixels));
            return crop;
        }, _ => { });

        var count = (double)samples.Count * shape.Height * shape.Width;
        var mean = new float[shape.Channels];
        var deviation = new float[shape.Channels];
        for (var c = 0; c < shape.Channels; c++)
        {
            var (sum, squares) = (0.0, 0.0);
            for (var i = c; i < sums.Length; i += shape.Channels) (sum, squares) = (sum + sums[i].Sum, squares + sums[i].Squares);
            (mean[c], deviation[c]) = ImageStatistics.Of(sum, squares, count);
        }

        return (mean, deviation);
    }

    private static float[] ToFloats(IReadOnlyList<double> values) => [.. values.Select(value => (float)value)];
}
