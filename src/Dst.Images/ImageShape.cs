namespace Dst.Images;

/// <summary>What an image file says of its image, as it is after its orientation is applied.</summary>
/// <param name="Channels">Bands, 1 to 16.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
internal readonly record struct ImageShape(int Channels, int Height, int Width)
{
    /// <summary>The size of an image that was read.</summary>
    public static ImageShape Of(Image image) => new(image.Channels, image.Height, image.Width);
}
