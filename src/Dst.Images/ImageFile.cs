using Dst.Foundations;

namespace Dst.Images;

/// <summary>Reads image files. The first bytes tell the format, never the name.</summary>
public static class ImageFile
{
    private static readonly string[] Extensions = [".jpeg", ".jpg", ".png", ".tif", ".tiff"];

    /// <summary>Reads a JPEG, PNG, TIFF or original MSTAR file.</summary>
    /// <exception cref="InputException">
    /// The file is missing, unreadable, empty, corrupt, truncated, too large or of another format, or the system lacks the library that
    /// decodes it.
    /// </exception>
    public static Image Read(string path)
    {
        var bytes = InputFile.ReadAllBytes(path);
        ReadOnlySpan<byte> start = bytes;
        if (start.StartsWith<byte>([0xFF, 0xD8, 0xFF])) return JpegFile.Decode(path, bytes);
        if (start.StartsWith(PngFile.Signature)) return PngFile.Decode(path, bytes);
        if (start.StartsWith("II*\0"u8) || start.StartsWith("MM\0*"u8)) return TiffFile.Decode(path);
        if (start.StartsWith(MstarFile.Signature)) return MstarFile.Decode(path, bytes);
        throw new InputException(
            $"file '{path}' is not an image: it starts with {Convert.ToHexString(start[..Math.Min(4, start.Length)])}, "
            + "and a JPEG, PNG, TIFF or MSTAR file was expected");
    }

    /// <summary>Whether a file's name is that of an image: a known extension, or the three digits of an original MSTAR file.</summary>
    public static bool HasImageName(string path)
    {
        var extension = Path.GetExtension(path);
        return Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase)
            || extension.Length == 4 && extension.Skip(1).All(char.IsAsciiDigit);
    }
}
