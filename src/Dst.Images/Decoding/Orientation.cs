namespace Dst.Images.Decoding;

/// <summary>
/// The orientation of EXIF and TIFF, 1 to 8: where the first stored row and column belong in the picture. From 5 on, stored rows are
/// columns of the picture.
/// </summary>
internal static class Orientation
{
    /// <summary>Stored as it is seen.</summary>
    public const int Upright = 1;

    /// <summary>Whether rows and columns are exchanged.</summary>
    public static bool IsTransposed(int orientation) => orientation is >= 5 and <= 8;

    /// <summary>The size after the orientation is applied.</summary>
    public static ImageShape Apply(ImageShape size, int orientation) =>
        IsTransposed(orientation) ? size with { Height = size.Width, Width = size.Height } : size;

    /// <summary>The picture as it is seen; a number that is not legal is taken as upright.</summary>
    public static Image Apply(Image image, int orientation)
    {
        if (orientation is <= Upright or > 8) return image;
        var size = Apply(ImageShape.Of(image), orientation);
        var bytes = image.BitsPerSample / 8;
        var source = image.Data.Span;
        var data = new byte[source.Length];
        var plane = image.Height * image.Width;
        var (start, down, right) = Walk(orientation, image.Height, image.Width);
        for (var i = 0; i < data.Length / bytes; i++)
        {
            var (c, y, x) = (i / plane, i % plane / size.Width, i % plane % size.Width);
            source.Slice((c * plane + start + y * down + x * right) * bytes, bytes).CopyTo(data.AsSpan(i * bytes));
        }

        return new(image.Channels, size.Height, size.Width, image.BitsPerSample, data) { NoData = image.NoData, Warning = image.Warning };
    }

    // The stored pixel of the picture's top left, and the distance between stored pixels one down and one to the right in the picture.
    private static (int Start, int Down, int Right) Walk(int orientation, int height, int width)
    {
        var last = height * width - 1;
        return orientation switch
        {
            2 => (width - 1, width, -1),
            3 => (last, -width, -1),
            4 => (last - width + 1, -width, 1),
            5 => (0, 1, width),
            6 => (last - width + 1, 1, -width),
            7 => (last, -1, -width),
            8 => (width - 1, -1, width),
            _ => (0, width, 1),
        };
    }
}
