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
    /// <exception cref="InputException">
    /// The file is missing, unreadable, empty, corrupt, truncated, too large or of another format.
    /// </exception>
    public static Image Read(string path) => Decode($"file '{path}'", ImageArchive.ReadAllBytes(path));

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

    /// <summary>Decodes the content of a file.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="file">The content.</param>
    /// <exception cref="InputException">It is empty, corrupt, truncated, too large or of another format.</exception>
    internal static Image Decode(string name, byte[] file)
    {
        var image = FormatOf(name, file).Decode(name, file);
        image.Name = name;
        return image;
    }

    /// <summary>Bands and size of an image file. Most formats tell them without decoding.</summary>
    /// <exception cref="InputException">As <see cref="Read(string)"/>.</exception>
    internal static ImageShape Measure(string path)
    {
        var (name, file) = ($"file '{path}'", ImageArchive.ReadAllBytes(path));
        return FormatOf(name, file).Measure(name, file);
    }

    private static ImageFormat FormatOf(string name, byte[] file) =>
        ImageFormat.All.FirstOrDefault(format => format.Recognises(file)) ?? throw new InputException(
            file.Length == 0
                ? $"{name} is empty; an image was expected"
                : $"{name} is not an image: it starts with {Convert.ToHexString(file.AsSpan(0, Math.Min(4, file.Length)))}, "
                    + $"and a {Words.Choice(Formats)} file was expected");
}
