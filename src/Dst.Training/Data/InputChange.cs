using Dst.Foundations;
using Dst.Graph;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Turns inputs that are normalised for one network into inputs normalised for another.</summary>
internal sealed class InputChange
{
    private readonly InputNormalisation _to;
    private readonly FeatureShape _shape;
    private readonly float[] _scale;
    private readonly float[] _shift;
    private float[] _inputs = [];

    private InputChange(InputNormalisation from, InputNormalisation to, FeatureShape shape)
    {
        (_to, _shape) = (to, shape);
        var deviation = to.PerImage ? [.. from.Deviation.Select(_ => 1f)] : to.Deviation; // first back to pixels
        var mean = to.PerImage ? new float[from.Mean.Length] : to.Mean;
        _scale = [.. from.Deviation.Zip(deviation, (a, b) => (float)((double)a / b))];
        _shift = [.. from.Mean.Zip(mean, (a, b) => (double)a - b).Zip(deviation, (difference, b) => (float)(difference / b))];
    }

    /// <summary>The change between two normalisations, or null if there is none.</summary>
    /// <param name="from">Normalisation of the inputs at hand.</param>
    /// <param name="to">Normalisation that the other network expects.</param>
    /// <param name="shape">Shape of an input.</param>
    /// <param name="what">What messages call the other network.</param>
    /// <exception cref="InputException">The first normalisation has lost what the second needs.</exception>
    public static InputChange? Between(InputNormalisation from, InputNormalisation to, FeatureShape shape, string what)
    {
        if ((from.Amplitude, from.Smooth) != (to.Amplitude, to.Smooth) || from.PerImage && !to.PerImage)
            throw new InputException(
                $"{what} takes inputs as {Describe(to)}; the student takes {Describe(from)}, from which they cannot be computed, so "
                + "data.amplitude, data.smooth and data.normalise of the teacher were expected");
        var isSame = from.PerImage || !to.PerImage && from.Mean.SequenceEqual(to.Mean) && from.Deviation.SequenceEqual(to.Deviation);
        return isSame ? null : new(from, to, shape);
    }

    /// <summary>The inputs of the other network, valid until the next call.</summary>
    /// <param name="inputs">[count, C, H, W].</param>
    public ReadOnlySpan<float> Apply(ReadOnlySpan<float> inputs)
    {
        if (_inputs.Length < inputs.Length) _inputs = new float[inputs.Length];
        var (plane, image) = (_shape.Height * _shape.Width, (int)_shape.Count);
        for (var i = 0; i < inputs.Length; i++)
        {
            var channel = i / plane % _shape.Channels;
            _inputs[i] = inputs[i] * _scale[channel] + _shift[channel];
        }

        for (var first = 0; _to.PerImage && first < inputs.Length; first += image)
            Preprocessor.Finish(_inputs.AsSpan(first, image), _shape, _to with { Smooth = false }, gain: 1);
        return _inputs.AsSpan(0, inputs.Length);
    }

    private static string Describe(InputNormalisation n) =>
        $"amplitude {EnumWords.Of(n.Amplitude)}, {(n.Smooth ? "smoothed" : "not smoothed")}, "
        + (n.PerImage ? "normalised image by image" : "normalised by the data");
}
