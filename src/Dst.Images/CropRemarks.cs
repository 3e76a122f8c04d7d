using Dst.Foundations;
using Dst.Graph;

namespace Dst.Images;

/// <summary>
/// Says how much of large images a network sees, and how much of its input small ones fill. A network takes the part about the centre of an
/// image that is as large as its input, and zeros around an image that is smaller.
/// </summary>
/// <seealso cref="Preprocessor"/>
public static class CropRemarks
{
    private const double LeastFilled = 0.5;
    private const double LargeStretch = 1.25;

    /// <summary>
    /// A line for images that the fit cuts, one for others that are cut, and one for those around which most of the input is zeros.
    /// </summary>
    /// <param name="sizes">Sizes of the images as they were read.</param>
    /// <param name="normalisation">Says to which size they are resized first, and how.</param>
    /// <param name="input">The network's input.</param>
    public static IEnumerable<string> Of(IEnumerable<ImageSize> sizes, InputNormalisation normalisation, FeatureShape input)
    {
        ArgumentNullException.ThrowIfNull(normalisation);
        var (resize, window) = (normalisation.Resize, new ImageSize(input.Height, input.Width));
        List<ImageSize> resized = [.. sizes.Select(size => resize.IsNone ? size : size.ResizedTo(resize, normalisation.Fit))];
        List<ImageSize> kept = resize.IsNone ? resized : [.. resized.Select(size => size.Within(resize))];
        List<double> cut = [.. resized.Zip(kept).Where(pair => pair.First != pair.Second).Select(Seen)];
        List<double> uncut = [.. resized.Zip(kept).Where(pair => pair.First == pair.Second).Select(Seen).Where(share => share < 1)];
        List<double> filled = [.. kept.Select(part => Share(part.Within(window), window))];
        var what = normalisation.DescribeResize();
        var more = resize.Within(window) == resize ? "" : $", and to the input of {window}";
        return new[]
        {
            DescribeCut(cut, "", $"cut by data.fit {EnumWords.Of(normalisation.Fit)}{more}"),
            DescribeCut(uncut, what, $"larger than the input of {window}"),
            DescribeZeros(filled, what, window),
        }.OfType<string>();

        double Seen((ImageSize Whole, ImageSize Part) image) => Share(image.Part.Within(window), image.Whole);
    }

    /// <summary>
    /// Words such as <c>stretched 1.5 times (data.fit: stretch)</c> for how much the median image is stretched, or null if that is little.
    /// </summary>
    internal static string? DescribeStretch(IEnumerable<ImageSize> sizes, InputNormalisation normalisation)
    {
        if (normalisation.Resize.IsNone || normalisation.Fit != ResizeFit.Stretch) return null;
        var ratio = (double)normalisation.Resize.Width / normalisation.Resize.Height;
        var stretches = sizes.Select(size => ratio * size.Height / size.Width).Select(x => Math.Max(x, 1 / x)).Order().ToList();
        if (stretches.Count == 0 || stretches[stretches.Count / 2] is not (> LargeStretch and var median)) return null;
        return FormattableString.Invariant($"stretched {median:F1} times (data.fit: stretch)");
    }

    /// <summary>
    /// A line such as <c>120 images are larger than the input of 64x64: the centre is seen, 2.3 % of the pixels, and the rest is
    /// not</c>, or null if there are no images.
    /// </summary>
    private static string? DescribeCut(List<double> seen, string resize, string how) => seen.Count == 0 ? null
        : Invariant($"{Images(seen.Count, resize)} {how}: the centre is seen, {100 * seen.Average():F1} % of the pixels, ")
            + "and the rest is not";

    private static string? DescribeZeros(List<double> filled, string resize, ImageSize input)
    {
        var few = filled.Where(share => share < LeastFilled).ToList();
        return few.Count == 0 ? null
            : $"{Images(few.Count, resize)} smaller than the input of {input}: "
            + Invariant($"{100 * (1 - few.Average()):F1} % of the input is zeros around them");
    }

    private static string Images(int count, string resize) =>
        (count == 1 ? "1 image is" : $"{count} images are") + (resize.Length > 0 ? $", {resize}," : "");

    private static double Share(ImageSize part, ImageSize whole) =>
        (double)part.Height / whole.Height * ((double)part.Width / whole.Width);
}
