using Dst.Graph;

namespace Dst.Images;

/// <summary>
/// Finds inputs on another scale than those that a model learnt from: integers of 16 bits in place of floats of the same numbers, say.
/// After the model's normalisation the inputs that it learnt from have the mean 0 and the deviation 1.
/// </summary>
/// <param name="shape">Shape of an input.</param>
internal sealed class InputScale(FeatureShape shape)
{
    private const double FarMean = 10;
    private const double SmallDeviation = 0.01;

    private readonly (double Sum, double Squares)[] _sums = new (double, double)[shape.Channels];
    private long _inputs;

    /// <summary>Takes an input as it enters the network.</summary>
    public void Add(ReadOnlySpan<float> input)
    {
        var plane = shape.Height * shape.Width;
        for (var c = 0; c < shape.Channels; c++)
        {
            var (sum, squares) = ImageStatistics.Sum(input.Slice(c * plane, plane));
            _sums[c] = (_sums[c].Sum + sum, _sums[c].Squares + squares);
        }

        _inputs++;
    }

    /// <summary>A line if the inputs are on another scale, or null. Constant inputs tell nothing.</summary>
    public string? Warning()
    {
        if (_inputs == 0) return null;
        var count = (double)_inputs * shape.Height * shape.Width;
        var channels = Array.ConvertAll(_sums, sums => ImageStatistics.Of(sums.Sum, sums.Squares, count));
        var (mean, deviation) = (channels.Average(channel => Math.Abs(channel.Mean)), channels.Max(channel => channel.Deviation));
        var found = mean > FarMean ? $"their mean is {mean:N0} deviations away"
            : deviation < SmallDeviation ? $"they vary by {deviation:G3} deviations only" : null;
        return found is null ? null
            : $"warning: the images are on another scale than those that the model learnt from: {found}; unsigned samples of 8 and 16 bits "
            + "are divided by 255 and 65535 and others are taken as they are, so images with the kind of samples of the training were "
            + "expected";
    }
}
