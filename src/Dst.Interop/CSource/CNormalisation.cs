using System.Globalization;
using System.Text;
using Dst.Graph;

namespace Dst.Interop.CSource;

/// <summary>The model's input normalisation as a C function of an image's values.</summary>
internal sealed class CNormalisation
{
    private const string Filter =
        "(columns, then rows: with r = old side / new side and s = max(1, r), pixel i is the mean of the old pixels k, weighted by "
        + "max(0, 1 - |k + 0.5 - (i + 0.5) r| / s); integers become 16 bits, rounded to the nearest: 8 bits are multiplied by 257 first)";

    private const string Samples = "unsigned 8 bits divided by 255, unsigned 16 bits by 65535, and other numbers as they are";

    private readonly StringBuilder _statements = new();

    /// <summary>Writes the statements of the function.</summary>
    /// <param name="input">The model's normalisation, or null if there is none.</param>
    /// <param name="shape">Shape of an image.</param>
    public CNormalisation(InputNormalisation? input, FeatureShape shape)
    {
        if (input is null) return;
        var count = shape.Count;
        if (input.Amplitude != AmplitudeTransform.None) AddAmplitude(input.Amplitude, count);
        if (input.Smooth) _statements.Append("    $smooth(image);\n");
        if (input.PerImage) AddPerImage(count);
        else AddPerChannel(input, shape.Height * shape.Width);
    }

    /// <summary>Whether it calls functions of <c>math.h</c>.</summary>
    public bool NeedsMath { get; private set; }

    /// <summary>Statements of the function.</summary>
    public string Statements => _statements.ToString();

    /// <summary>Sentences that say what the caller has to do.</summary>
    public static string Describe(InputNormalisation? input, FeatureShape shape, string name)
    {
        if (input is null) return "Values are used as they are.";
        var crop = $"`{name}_prepare` makes it of a frame of bytes of any size. Of other samples, make it yourself. "
            + $"{DescribeChannels(shape.Channels)} "
            + $"The model was trained on images {DescribeResize(input)}cropped or padded around the centre in whole pixels, "
            + $"and with these values: {Samples}. Pixels that are added are 0, in images of floats the least value of the band. Of an odd "
            + "number of rows or columns, one more is cut at the bottom or right, or added at the top or left. ";
        var amplitude = input.Amplitude == AmplitudeTransform.None ? "" : $"{Formula(input.Amplitude)} of each value v, then ";
        var smooth = input.Smooth ? "the 3x3 binomial filter [1 2 1]^T [1 2 1] / 16 with repeated edges, then " : "";
        return $"{crop}`{name}_normalise` does the rest in place: {amplitude}{smooth}{Scale(input)}.";
    }

    private static string DescribeChannels(int channels) => channels switch
    {
        1 => "It is one plane; images with colour were made grey, 0.299 red + 0.587 green + 0.114 blue, after any resize.",
        3 => "The channels are the bands of the training images in their order: of colour images red, green, blue.",
        _ => "The channels are the bands of the training images in their order.",
    };

    private static string DescribeResize(InputNormalisation input)
    {
        const string RatioKept = $"with the ratio of their sides kept, the other side rounded to whole pixels, halves up {Filter}";
        return input.Resize.IsNone ? "" : input.Fit switch
        {
            ResizeFit.Crop => $"resized to cover {input.Resize} {RatioKept}, cut to {input.Resize} about the centre, then ",
            ResizeFit.Pad => $"resized to fit inside {input.Resize} {RatioKept}, then ",
            _ => $"resized to {input.Resize} {Filter}, then ",
        };
    }

    private static string Formula(AmplitudeTransform amplitude) =>
        amplitude == AmplitudeTransform.Sqrt ? "sqrt(max(v, 0))" : "log(1 + 255 max(v, 0)) / log(256)";

    private static string Scale(InputNormalisation input) => input.PerImage
        ? "less the image's own mean, divided by its own deviation"
        : $"less {Numbers(input.Mean)}, divided by {Numbers(input.Deviation)}";

    private static string Numbers(float[] values) =>
        string.Join(", ", values.Select(value => value.ToString(CultureInfo.InvariantCulture)));

    private void AddAmplitude(AmplitudeTransform amplitude, long count)
    {
        NeedsMath = true;
        // 1 / log(256) = 0.18033688
        var value = amplitude == AmplitudeTransform.Sqrt ? "sqrtf(v)" : "logf(1.0f + 255.0f * v) * 0.18033688f";
        _statements.Append(CultureInfo.InvariantCulture, $$"""
                for (int i = 0; i < {{count}}; i++) {
                    const float v = image[i] < 0.0f ? 0.0f : image[i];
                    image[i] = {{value}};
                }

            """);
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
