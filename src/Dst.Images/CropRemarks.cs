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
    /// <param name="sizes">Rows and columns of the images as they were read.</param>
    /// <param name="resize">Side to which they are resized first, or 0.</param>
    /// <param name="input">The network's input.</param>
    public static IEnumerable<string> Of(IEnumerable<(int Height, int Width)> sizes, int resize, FeatureShape input)
    {
        var framed = sizes.Select(size => resize > 0 ? (Height: resize, Width: resize) : size).ToList();
        return new[] { DescribeCut(framed, resize, input), DescribeZeros(framed, resize, input) }.OfType<string>();
    }

    /// <summary>
    /// A line such as <c>120 images are larger than the input of 64x64: their centre is seen, 2.3 % of their pixels, and the rest is
    /// not</c>, or null if every image is seen whole.
    /// </summary>
    private static string? DescribeCut(List<(int Height, int Width)> sizes, int resize, FeatureShape input)
    {
        var seen = sizes.Select(size => Share(input.Height, size.Height) * Share(input.Width, size.Width))
            .Where(share => share < 1).ToList();
        return seen.Count == 0 ? null
            : $"{Images(seen.Count, resize)} larger than the input of {input.Width}x{input.Height}: the centre is seen, "
            + $"{100 * seen.Average():F1} % of the pixels, and the rest is not";
    }

    private static string? DescribeZeros(List<(int Height, int Width)> sizes, int resize, FeatureShape input)
    {
        var filled = sizes.Select(size => Share(size.Height, input.Height) * Share(size.Width, input.Width))
            .Where(share => share < LeastFilled).ToList();
        return filled.Count == 0 ? null
            : $"{Images(filled.Count, resize)} smaller than the input of {input.Width}x{input.Height}: "
            + $"{100 * (1 - filled.Average()):F1} % of the input is zeros around them";
    }

    private static string Images(int count, int resize) =>
        (count == 1 ? "1 image is" : $"{count} images are") + (resize > 0 ? $", resized to {resize}x{resize}," : "");

    private static double Share(int part, int whole) => Math.Min(1.0, (double)part / whole);
}
