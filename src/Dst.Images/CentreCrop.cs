using Dst.Graph;

namespace Dst.Images;

/// <summary>Says how much of large images a network sees: it takes the part about their centre that is as large as its input.</summary>
/// <seealso cref="Preprocessor"/>
public static class CentreCrop
{
    /// <summary>
    /// A line such as <c>120 images are larger than the input of 64x64: their centre is seen, 2.3 % of their pixels, and the rest is
    /// not</c>, or null if every image is seen whole.
    /// </summary>
    /// <param name="sizes">Rows and columns of the images as they were read.</param>
    /// <param name="resize">Side to which they are resized first, or 0.</param>
    /// <param name="input">The network's input.</param>
    public static string? Describe(IEnumerable<(int Height, int Width)> sizes, int resize, FeatureShape input)
    {
        var shares = sizes.Select(size => resize > 0 ? Share(resize, resize, input) : Share(size.Height, size.Width, input))
            .Where(share => share < 1).ToList();
        if (shares.Count == 0) return null;
        var images = shares.Count == 1 ? "1 image is" : $"{shares.Count} images are";
        var resized = resize > 0 ? $", resized to {resize}x{resize}," : "";
        return $"{images}{resized} larger than the input of {input.Width}x{input.Height}: the centre is seen, "
            + $"{100 * shares.Average():F1} % of the pixels, and the rest is not";
    }

    private static double Share(int height, int width, FeatureShape input) =>
        Math.Min(1.0, (double)input.Height / height) * Math.Min(1.0, (double)input.Width / width);
}
