using System.Globalization;
using System.Text;
using Dst.Foundations;
using Dst.Graph;

namespace Dst.Interop.CSource;

/// <summary>The model's input normalisation as a C function of pixels in [0, 1]. Smoothing is left to the caller.</summary>
internal sealed class CNormalisation
{
    private const string Filter = "(bilinear where that enlarges, else a weighted mean over the pixels that a new one covers)";

    private readonly StringBuilder _statements = new();

    /// <summary>Writes the function.</summary>
    /// <param name="input">The model's normalisation, or null if there is none.</param>
    /// <param name="shape">Shape of an image.</param>
    public CNormalisation(InputNormalisation? input, FeatureShape shape)
    {
        if (input is null || input.Smooth) return;
        Exists = true;
        var count = shape.Count;
        if (input.Amplitude != AmplitudeTransform.None) AddAmplitude(input.Amplitude, count);
        if (input.PerImage) AddPerImage(count);
        else AddPerChannel(input, shape.Height * shape.Width);
    }

    /// <summary>Whether there is a function.</summary>
    public bool Exists { get; }

    /// <summary>Whether it calls functions of <c>math.h</c>.</summary>
    public bool NeedsMath { get; private set; }

    /// <summary>Statements of the function.</summary>
    public string Statements => _statements.ToString();

    /// <summary>Sentences that say what the caller has to do.</summary>
    public static string Describe(InputNormalisation? input, string name)
    {
        if (input is null) return "Values are used as they are.";
        var crop = $"The model was trained on images {DescribeResize(input)}cropped or zero padded around the centre in whole pixels, "
            + "with pixels scaled to 0 to 1. ";
        var amplitude = input.Amplitude == AmplitudeTransform.None ? "" : $"{Words.Of(input.Amplitude)} of the amplitude, then ";
        if (!input.Smooth) return $"{crop}`{name}_normalise` does the rest in place: {amplitude}{Scale(input)}.";
        const string filter = "the 3x3 binomial filter [1 2 1]^T [1 2 1] / 16 with repeated edges";
        return $"{crop}After that: {amplitude}{filter}, then {Scale(input)}; the source does not do that.";
    }

    private static string DescribeResize(InputNormalisation input)
    {
        const string RatioKept = $"with the ratio of their sides kept {Filter}";
        return input.Resize.IsNone ? "" : input.Fit switch
        {
            ResizeFit.Crop => $"resized to cover {input.Resize} {RatioKept}, cut to {input.Resize} about the centre, then ",
            ResizeFit.Pad => $"resized to fit inside {input.Resize} {RatioKept}, then ",
            _ => $"resized to {input.Resize} {Filter}, then ",
        };
    }

    private static string Scale(InputNormalisation input) => input.PerImage
        ? "less the image's own mean, divided by its own deviation"
        : $"less {Numbers(input.Mean)}, divided by {Numbers(input.Deviation)}";

    private static string Numbers(float[] values) =>
        string.Join(", ", values.Select(value => value.ToString(CultureInfo.InvariantCulture)));

    private void AddAmplitude(AmplitudeTransform amplitude, long count)
    {
        NeedsMath = true;
        // 1 / log(256) = 0.18033688
        var value = amplitude == AmplitudeTransform.Sqrt ? "sqrtf(image[i])" : "logf(1.0f + 255.0f * image[i]) * 0.18033688f";
        _statements.Append(CultureInfo.InvariantCulture, $"    for (int i = 0; i < {count}; i++) image[i] = {value};\n");
    }

    private void AddPerImage(long count)
    {
        NeedsMath = true;
        _statements.Append(CultureInfo.InvariantCulture, $$"""
                double sum = 0.0, squares = 0.0;
                for (int i = 0; i < {{count}}; i++) {
                    sum += (double)image[i];
                    squares += (double)image[i] * (double)image[i];
                }
                const double mean = sum / {{count}}, variance = squares / {{count}} - mean * mean;
                const float inverse = variance > 1e-12 ? (float)(1.0 / sqrt(variance)) : 1.0f;
                for (int i = 0; i < {{count}}; i++) image[i] = (image[i] - (float)mean) * inverse;

            """);
    }

    private void AddPerChannel(InputNormalisation input, int plane)
    {
        string Constants(float[] values) => string.Join(", ", values.Select(CText.Float));
        float[] inverse = [.. input.Deviation.Select(deviation => 1 / deviation)];
        _statements.Append(CultureInfo.InvariantCulture, $$"""
                static const float mean[] = {{{Constants(input.Mean)}}}, inverse[] = {{{Constants(inverse)}}};
                for (int c = 0; c < {{input.Mean.Length}}; c++) {
                    for (int i = 0; i < {{plane}}; i++) image[c * {{plane}} + i] = (image[c * {{plane}} + i] - mean[c]) * inverse[c];
                }

            """);
    }
}
