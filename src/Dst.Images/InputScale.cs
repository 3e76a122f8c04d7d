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
    private const int ImagesThatVary = 4; // a single night picture varies little too
    private const float UnitOfBytes = 1f / 255;

    private readonly (double Sum, double Squares)[] _sums = new (double, double)[shape.Channels];
    private long _inputs;
    private long _constant;
    private long _dark;

    /// <summary>
    /// Whether a normalisation was measured on images. A deviation of 1 or 1/255 is a change of units, as that of imported networks may be.
    /// </summary>
    public static bool IsMeasured(InputNormalisation? normalisation) => normalisation is not null
        && Array.Exists(normalisation.Deviation, value => value != 1 && Math.Abs(value - UnitOfBytes) > UnitOfBytes / 1000);

    /// <summary>Takes an input as it enters the network. A constant one tells no scale.</summary>
    /// <param name="input">The input.</param>
    /// <param name="image">What it is made of.</param>
    public void Add(ReadOnlySpan<float> input, Image image)
    {
        if (IsConstant(input))
        {
            _constant++;
            return;
        }

        // Below the mean of the training too: a model may have learnt from images as dark.
        if (IsNearlyBlack(image) && !input.ContainsAnyInRange(0, float.PositiveInfinity)) _dark++;
        var plane = shape.Height * shape.Width;
        for (var c = 0; c < shape.Channels; c++)
        {
            var (sum, squares) = ImageStatistics.Sum(input.Slice(c * plane, plane));
            _sums[c] = (_sums[c].Sum + sum, _sums[c].Squares + squares);
        }

        _inputs++;
    }

    /// <summary>A line if the inputs are constant or on another scale than those that a model learnt from, or null.</summary>
    public string? Warning() => _inputs == 0 && _constant > 0
        ? "warning: all pixels of an image that the model sees have one value, so its answer says nothing; floats from 0 to 1 that are "
            + "stored as bytes are such images"
        : Found() is not { } found ? null
        : $"warning: the images are on another scale than those that the model learnt from: {found}; give images with the kind of "
        + "samples of the training (unsigned ones of 8 bits are divided by 255, of 16 bits by 65535, others are taken as they are), or "
        + "correct the model's normalisation (dst import --normalise)";

    /// <summary>How far normalised inputs are from the mean 0 and the deviation 1, if they are too far; else null.</summary>
    public string? Found()
    {
        if (_inputs == 0) return null;
        var count = (double)_inputs * shape.Height * shape.Width;
        var channels = Array.ConvertAll(_sums, sums => ImageStatistics.Of(sums.Sum, sums.Squares, count));
        var mean = channels.Select(channel => Math.Abs(channel.Mean)).Order().ElementAt(channels.Length / 2);
        var deviation = channels.Max(channel => channel.Deviation);
        return mean > FarMean ? Invariant($"their mean is {mean:N0} deviations away")
            : deviation < SmallDeviation && _inputs >= ImagesThatVary ? Invariant($"they vary by {deviation:G3} deviations only")
            : _dark == _inputs ? "no sample is above 1/255 of its full range" : null;
    }

    private bool IsConstant(ReadOnlySpan<float> input)
    {
        var plane = shape.Height * shape.Width;
        for (var c = 0; c < shape.Channels; c++)
            if (input.Slice(c * plane, plane).ContainsAnyExcept(input[c * plane])) return false;
        return true;
    }

    private static bool IsNearlyBlack(Image image) => image.BitsPerSample switch
    {
        8 => !image.Samples<byte>().ContainsAnyExceptInRange((byte)0, (byte)1),
        16 => !image.Samples<ushort>().ContainsAnyExceptInRange((ushort)0, (ushort)(ushort.MaxValue / byte.MaxValue)),
        _ => !image.Samples<float>().ContainsAnyExceptInRange(0, UnitOfBytes),
    };
}
