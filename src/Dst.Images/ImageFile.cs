using Dst.Foundations;
using Dst.Images.Decoding;

namespace Dst.Images;

/// <summary>Reads image files. The first bytes tell the format, never the name.</summary>
/// <example>
/// <code>
/// Console.WriteLine(string.Join(", ", ImageFile.Formats));
/// var image = ImageFile.Read("photo.tif", Console.WriteLine); // with warnings
/// </code>
/// </example>
public static class ImageFile
{
    private static readonly string[] Extensions =
    [
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tga", ".pgm", ".ppm", ".pbm", ".pnm", ".tif", ".tiff",
        ".mat",
    ];

    /// <summary>Names of the formats that are read, such as <c>JPEG</c>.</summary>
    public static IReadOnlyList<string> Formats { get; } = [.. ImageFormat.All.Select(format => format.Name)];

    /// <summary>Reads an image file.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="InputException">
    /// The file is missing, unreadable, empty, corrupt, truncated, too large or of another format.
    /// </exception>
    public static Image Read(string path) => Read(path, Image.MaxPixels);

    /// <summary>Reads an image file and warns of what is wrong with it.</summary>
    /// <exception cref="InputException">As <see cref="Read(string)"/>.</exception>
    public static Image Read(string path, Action<string> log)
    {
        ArgumentNullException.ThrowIfNull(log);
        var image = Read(path);
        if (image.Warning is { } warning) log($"warning: {warning}");
        if (image.NoData > 0) log($"warning: file '{path}' has {image.NoData} samples without data, which are taken as dark");
        return image;
    }

    /// <summary>Whether a file's name is that of an image: a known extension, or the three digits of an original MSTAR file.</summary>
    public static bool HasImageName(string path)
    {
        var extension = Path.GetExtension(path);
        return Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase)
            || extension.Length == 4 && extension.Skip(1).All(char.IsAsciiDigit);
    }

    /// <summary>Reads an image file of so many pixels at most.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxPixels"/> is below 1.</exception>
    /// <exception cref="InputException">As <see cref="Read(string)"/>.</exception>
    internal static Image Read(string path, long maxPixels) => Decode(NameOf(path), ImageArchive.ReadAllBytes(path), maxPixels);

    /// <summary>Decodes the content of a file.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="file">The content.</param>
    /// <param name="maxPixels">Largest number of pixels.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxPixels"/> is below 1.</exception>
    /// <exception cref="InputException">It is empty, corrupt, truncated, too large or of another format.</exception>
    internal static Image Decode(string name, byte[] file, long maxPixels = Image.MaxPixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxPixels, 1);
        var format = FormatOf(name, file);
        if (maxPixels < Image.MaxPixels) CheckPixels(name, format.MeasureSides(name, file), maxPixels);
        return format.Decode(name, file).Named(name);
    }

    /// <summary>Bands and size of an image file. Most formats tell them without decoding.</summary>
    /// <exception cref="InputException">As <see cref="Read(string)"/>.</exception>
    internal static ImageShape Measure(string path)
    {
        var (name, file) = (NameOf(path), ImageArchive.ReadAllBytes(path));
        return FormatOf(name, file).Measure(name, file);
    }

    /// <summary>Rows and columns of an image file, without decoding it.</summary>
    /// <exception cref="InputException">The file is missing or unreadable, its header is corrupt, or its size is too large.</exception>
    internal static (int Height, int Width) MeasureSides(string path) => MeasureSides(NameOf(path), ImageArchive.ReadAllBytes(path));

    /// <summary>Rows and columns of a file's content, without decoding it.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    internal static (int Height, int Width) MeasureSides(string name, byte[] file)
    {
        var size = FormatOf(name, file).MeasureSides(name, file);
        return (size.Height, size.Width);
    }

    private static string NameOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return $"file '{path}'";
    }

    private static void CheckPixels(string name, ImageShape size, long maxPixels)
    {
        if ((long)size.Height * size.Width > maxPixels)
            throw new InputException($"{name} has {size.Height}x{size.Width} pixels; at most {maxPixels} were expected");
    }

    private static ImageFormat FormatOf(string name, byte[] file) =>
        ImageFormat.All.FirstOrDefault(format => format.Recognises(file)) ?? throw new InputException(
            file.Length == 0
                ? $"{name} is empty; an image was expected"
                : $"{name} is of no format that is read: it {Describe(file)}, and a {Phrases.Choice(Formats)} file was expected");

    private static string Describe(byte[] file) => FileKind.NameOf(file.AsSpan(0, Math.Min(FileKind.Length, file.Length))) is { } kind
        ? $"is {kind}"
        : $"starts with {Convert.ToHexString(file.AsSpan(0, Math.Min(4, file.Length)))}";
}
