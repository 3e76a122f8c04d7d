using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;
using Dst.ModelFiles;

namespace Dst;

/// <summary>
/// Rows and columns of an image, such as those to which it is resized. The default value means no size. A whole number is a square.
/// </summary>
/// <example>
/// <code>
/// var portrait = new DataOptions { Path = "pedestrians", Resize = new ImageSize(128, 64), Fit = ResizeFit.Pad };
/// var square = new DataOptions { Path = "photos", Resize = 64 };
/// </code>
/// </example>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
[JsonConverter(typeof(ImageSizeConverter))]
public readonly record struct ImageSize(int Height, int Width)
{
    /// <summary>Whether this is no size.</summary>
    public bool IsNone => this == default;

    /// <summary>The square with a side of so many pixels, or no size if it is 0.</summary>
    public static implicit operator ImageSize(int side) => new(side, side);

    /// <summary>Reads a whole number, the side of a square, or height x width such as <c>128x64</c>; 0 is no size.</summary>
    /// <param name="text">The text.</param>
    /// <param name="size">The size.</param>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out ImageSize size)
    {
        size = default;
        var sides = text?.Split('x') ?? [];
        if (sides.Length is not (1 or 2) || !TryParseSide(sides[0], out var height) || !TryParseSide(sides[^1], out var width))
            return false;
        if (sides.Length == 2 && (height == 0 || width == 0)) return false;
        size = new(height, width);
        return true;
    }

    /// <summary>The size of an image of this size that is resized.</summary>
    /// <param name="target">The size to which it is resized.</param>
    /// <param name="fit">Which sides become those of the target. The other one is rounded, and has at least one pixel.</param>
    public ImageSize ResizedTo(ImageSize target, ResizeFit fit)
    {
        if (fit == ResizeFit.Stretch) return target;
        var (rows, columns) = ((long)target.Height * Width, (long)target.Width * Height);
        var keepsHeight = fit == ResizeFit.Crop ? rows >= columns : rows <= columns;
        return keepsHeight
            ? target with { Width = Round(rows, Height) }
            : target with { Height = Round(columns, Width) };
    }

    /// <summary>The part of this size that lies within another one.</summary>
    public ImageSize Within(ImageSize other) => new(Math.Min(Height, other.Height), Math.Min(Width, other.Width));

    /// <summary>Height x width, such as <c>128x64</c>.</summary>
    public override string ToString() => Invariant($"{Height}x{Width}");

    private static int Round(long product, int divisor) => (int)Math.Max(1, (product + divisor / 2) / divisor);

    private static bool TryParseSide(string text, out int side) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out side);
}
