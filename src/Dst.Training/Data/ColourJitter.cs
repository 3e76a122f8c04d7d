using Dst.Images;

namespace Dst.Training.Data;

/// <summary>
/// Random contrast and saturation of an image. Bands that are not RGB are changed one by one, as grey images.
/// <code>
/// g = 0.299·R + 0.587·G + 0.114·B of each pixel, or the value itself of a grey image        m = mean of g over the image
/// x ← m + contrast · (g + saturation · (x − g) − m)
/// </code>
/// </summary>
internal static class ColourJitter
{
    /// <summary>Changes an image [channels, pixels] in place.</summary>
    public static void Apply(Span<float> image, int channels, float contrast, float saturation)
    {
        var pixels = image.Length / channels;
        if (channels is not (1 or 3))
        {
            for (var c = 0; c < channels; c++) Apply(image.Slice(c * pixels, pixels), 1, contrast, saturation);
            return;
        }

        var mean = 0.0;
        for (var p = 0; p < pixels; p++) mean += Grey(image, channels, pixels, p);
        var m = (float)(mean / pixels);
        for (var p = 0; p < pixels; p++)
        {
            var grey = Grey(image, channels, pixels, p);
            for (var i = p; i < image.Length; i += pixels) image[i] = m + contrast * (grey + saturation * (image[i] - grey) - m);
        }
    }

    private static float Grey(ReadOnlySpan<float> image, int channels, int pixels, int p) => channels == 1
        ? image[p]
        : (Framing.RedWeight * image[p] + Framing.GreenWeight * image[pixels + p] + Framing.BlueWeight * image[2 * pixels + p])
            / Framing.WeightSum;
}
