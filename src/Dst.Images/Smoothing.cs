using Dst.Graph;

namespace Dst.Images;

/// <summary>The 3×3 binomial filter [1 2 1]ᵀ[1 2 1] / 16, with edge pixels repeated beyond the edges.</summary>
internal static class Smoothing
{
    /// <summary>Filters every channel of an image in place: along the rows, then along the columns.</summary>
    public static void Apply(Span<float> image, FeatureShape shape)
    {
        var plane = shape.Height * shape.Width;
        for (var c = 0; c < shape.Channels; c++) FilterPlane(image.Slice(c * plane, plane), shape.Width);
    }

    private static void FilterPlane(Span<float> plane, int width)
    {
        for (var row = 0; row < plane.Length; row += width) FilterRow(plane.Slice(row, width));

        Span<float> above = stackalloc float[width];
        plane[..width].CopyTo(above);
        for (var row = 0; row < plane.Length; row += width)
        {
            var current = plane.Slice(row, width);
            var below = plane.Slice(Math.Min(row + width, plane.Length - width), width);
            for (var x = 0; x < width; x++)
            {
                var centre = current[x];
                current[x] = 0.25f * (above[x] + below[x]) + 0.5f * centre;
                above[x] = centre;
            }
        }
    }

    private static void FilterRow(Span<float> row)
    {
        var left = row[0];
        for (var x = 0; x < row.Length; x++)
        {
            var centre = row[x];
            row[x] = 0.25f * (left + row[Math.Min(x + 1, row.Length - 1)]) + 0.5f * centre;
            left = centre;
        }
    }
}
