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

    /// <summary>A line for images that are cut, and one for those around which most of the input is zeros.</summary>
    /// <param name="sizes">Sizes of the images as they were read.</param>
    /// <param name="normalisation">Says to which size they are resized first, and how.</param>
    /// <param name="input">The network's input.</param>
    public static IEnumerable<string> Of(IEnumerable<ImageSize> sizes, InputNormalisation normalisation, FeatureShape input)
    {
        ArgumentNullException.ThrowIfNull(normalisation);
        var (resize, window) = (normalisation.Resize, new ImageSize(input.Height, input.Width));
        List<ImageSize> resized = [.. sizes.Select(size => resize.IsNone ? size : size.ResizedTo(resize, normalisation.Fit))];
        List<ImageSize> kept = resize.IsNone ? resized : [.. resized.Select(size => size.Within(resize))];
        List<double> seen = [.. resized.Zip(kept, (whole, part) => Share(part.Within(window), whole))];
        List<double> filled = [.. kept.Select(part => Share(part.Within(window), window))];
        var what = normalisation.DescribeResize();
        return new[] { DescribeCut(seen, what, window), DescribeZeros(filled, what, window) }.OfType<string>();
    }

    /// <summary>
    /// A line such as <c>120 images are larger than the input of 64x64: their centre is seen, 2.3 % of their pixels, and the rest is
    /// not</c>, or null if every image is seen whole.
    /// </summary>
    private static string? DescribeCut(List<double> seen, string resize, ImageSize input)
    {
        var cut = seen.Where(share => share < 1).ToList();
        return cut.Count == 0 ? null
            : $"{Images(cut.Count, resize)} larger than the input of {input}: the centre is seen, "
            + $"{100 * cut.Average():F1} % of the pixels, and the rest is not";
    }

    private static string? DescribeZeros(List<double> filled, string resize, ImageSize input)
    {
        var few = filled.Where(share => share < LeastFilled).ToList();
        return few.Count == 0 ? null
            : $"{Images(few.Count, resize)} smaller than the input of {input}: "
            + $"{100 * (1 - few.Average()):F1} % of the input is zeros around them";
    }

    private static string Images(int count, string resize) =>
        (count == 1 ? "1 image is" : $"{count} images are") + (resize.Length > 0 ? $", {resize}," : "");

    private static double Share(ImageSize part, ImageSize whole) =>
        (double)part.Height / whole.Height * ((double)part.Width / whole.Width);
}
