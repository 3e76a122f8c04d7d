using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using Dst.Graph;

namespace Dst.Images;

/// <summary>Turns an image into a network's input, in the same way for evaluation, prediction and, before augmentation, training.</summary>
/// <example>
/// <code>
/// var model = Model.Load("dst.safetensors");
/// var input = new float[model.Graph.Input.Count];
/// var normalisation = model.Normalisation ?? InputNormalisation.None(model.Graph.Input.Channels);
/// Preprocessor.Prepare(Image.Read("photo.png"), normalisation, model.Graph.Input, input);
/// </code>
/// </example>
public static class Preprocessor
{
    /// <summary>
    /// Resizes, crops around the centre, transforms amplitudes, smooths and normalises. If <paramref name="shape"/> needs other channels,
    /// RGB becomes grey (luma of BT.601), or grey becomes RGB (three equal planes). Where the image is smaller than the crop, the input is
    /// dark.
    /// </summary>
    /// <param name="image">Image of any size.</param>
    /// <param name="normalisation">Resize, its fit, transform, smoothing, means and deviations.</param>
    /// <param name="shape">The network's input.</param>
    /// <param name="destination">[Channels, Height, Width].</param>
    /// <exception cref="InputException">The image cannot have these channels, or the normalisation is not for as many.</exception>
    /// <exception cref="ArgumentException">The length is not that of the input.</exception>
    public static void Prepare(Image image, InputNormalisation normalisation, FeatureShape shape, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(normalisation);
        Framing.CheckChannels(image, shape);
        if (destination.Length != shape.Count) throw new ArgumentException($"room for {destination.Length} values, {shape.Count} expected");
        if (normalisation.Mean.Length != shape.Channels || normalisation.Deviation.Length != shape.Channels)
            throw new InputException(
                $"the input normalisation has {normalisation.Mean.Length} means and {normalisation.Deviation.Length} deviations; "
                + $"one of each for {shape.Channels} channels was expected");

        if (!normalisation.Resize.IsNone)
            image = Resampler.Resize(image, normalisation.Resize, normalisation.Fit, shape.Height, shape.Width);
        if (Framing.IsFramed(image, shape)) ReadAmplitudes(image, normalisation.Amplitude, destination);
        else if (image.BitsPerSample == 8) ReadWindow<byte>(image, shape, normalisation.Amplitude, destination);
        else if (image.BitsPerSample == 16) ReadWindow<ushort>(image, shape, normalisation.Amplitude, destination);
        else ReadWindow<float>(image, shape, normalisation.Amplitude, destination);
        Finish(destination, shape, normalisation, gain: 1);
    }

    /// <summary>All samples of an image after the amplitude transform.</summary>
    internal static void ReadAmplitudes(Image image, AmplitudeTransform amplitude, Span<float> destination) =>
        Amplitudes.Read(image, amplitude, 0, destination);

    /// <summary>The last steps of every input: smoothing, gain, normalisation.</summary>
    internal static void Finish(Span<float> image, FeatureShape shape, InputNormalisation normalisation, float gain)
    {
        if (normalisation.Smooth) Smoothing.Apply(image, shape);
        if (normalisation.PerImage)
        {
            // A gain would cancel.
            var (mean, deviation) = ImageStatistics.Of(image);
            Normalise(image, 1, mean, deviation);
            return;
        }

        var plane = shape.Height * shape.Width;
        for (var c = 0; c < shape.Channels; c++)
            Normalise(image.Slice(c * plane, plane), gain, normalisation.Mean[c], normalisation.Deviation[c]);
    }

    /// <summary>The samples of the centre crop after the amplitude transform. Repeated calls allocate nothing.</summary>
    private static void ReadWindow<T>(
        Image image, FeatureShape shape, AmplitudeTransform amplitude, Span<float> destination) where T : unmanaged, INumber<T>
    {
        var buffer = ArrayPool<byte>.Shared.Rent(checked(destination.Length * (image.BitsPerSample / 8)));
        var window = MemoryMarshal.Cast<byte, T>(buffer.AsSpan())[..destination.Length];
        Framing.Copy(image, shape, window);
        Amplitudes.Read<T>(window, amplitude, destination);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>values ← (values · gain − mean) / deviation.</summary>
    private static void Normalise(Span<float> values, float gain, float mean, float deviation)
    {
        var inverse = 1 / deviation;
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        for (var i = 0; i < vectors.Length; i++) vectors[i] = (vectors[i] * gain - new Vector<float>(mean)) * inverse;
        for (var i = vectors.Length * Vector<float>.Count; i < values.Length; i++) values[i] = (values[i] * gain - mean) * inverse;
    }
}
