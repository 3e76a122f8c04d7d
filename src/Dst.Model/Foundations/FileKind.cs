namespace Dst.Foundations;

/// <summary>Names the kind of a file by its first bytes, for messages about a file that is not what was expected.</summary>
public static class FileKind
{
    /// <summary>A zip archive, as PyTorch writes too.</summary>
    public const string Zip = "a PyTorch file (.pt) or another zip archive";

    /// <summary>An ONNX network.</summary>
    public const string Onnx = "an ONNX network";

    /// <summary>A pickle outside of a zip archive.</summary>
    public const string Pickle = "a Python pickle, such as PyTorch wrote before version 1.6";

    /// <summary>A file of printable characters.</summary>
    public const string Text = "a text file";

    /// <summary>How many bytes <see cref="NameOf(ReadOnlySpan{byte})"/> looks at.</summary>
    internal const int Length = TarAt + 5;

    private const int TarAt = 257; // of the word in the first header of a tar archive
    private const int BoxAt = 4; // of the word in the first box of a HEIC file and its relatives
    private const int TextLength = 16; // enough to tell a text

    private static readonly (string Start, string Name)[] Starts =
    [
        ("\u0089PNG", "a PNG image"),
        ("\u00FF\u00D8\u00FF", "a JPEG image"),
        ("GIF8", "a GIF image"),
        ("BM", "a BMP image"),
        ("II*\0", "a TIFF image"),
        ("MM\0*", "a TIFF image"),
        ("RIFF", "a WebP image or another RIFF file"),
        ("PK\u0003\u0004", Zip),
        ("PK\u0005\u0006", Zip), // without entries
        ("\u0080\u0002", Pickle),
        ("\u0093NUMPY", "a NumPy array"),
        ("\u0089HDF", "an HDF5 file, such as Keras writes"),
        ("\u001F\u008B", "a gzip archive"),
        ("BZh", "a bzip2 archive"),
        ("\u00FD7zXZ\0", "an xz archive"),
        ("\0\0\0\u000CjP  ", "a JPEG 2000 image"),
        ("%PDF", "a PDF document"),
    ];

    /// <summary>The kind of a file, such as <c>a PNG image</c>; null if it is not known.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public static string? NameOf(string path)
    {
        using var file = InputFile.Open(path);
        return NameOf(file);
    }

    /// <summary>The kind of an open file, read from its beginning.</summary>
    internal static string? NameOf(FileStream file)
    {
        Span<byte> start = stackalloc byte[Length];
        return NameOf(start[..RandomAccess.Read(file.SafeFileHandle, start, 0)]);
    }

    /// <summary>The kind of a file by its first <see cref="Length"/> bytes.</summary>
    internal static string? NameOf(ReadOnlySpan<byte> start)
    {
        if (start.Length >= Length && StartsWith(start[TarAt..], "ustar")) return "a tar archive";
        if (start.Length > BoxAt && StartsWith(start[BoxAt..], "ftyp")) return "a HEIC or AVIF image, or a video";
        foreach (var (text, name) in Starts)
        {
            if (StartsWith(start, text)) return name;
        }

        // ONNX: the version of the format, a small number in field 1, then another field of the model.
        if (start is [8, > 0 and < 32, 0x12 or 0x1A or 0x22 or 0x2A or 0x32 or 0x3A or 0x42, not 0, ..]) return Onnx;
        return IsText(start[..Math.Min(start.Length, TextLength)]) ? Text : null;
    }

    private static bool StartsWith(ReadOnlySpan<byte> start, string text)
    {
        if (start.Length < text.Length) return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (start[i] != text[i]) return false;
        }

        return true;
    }

    private static bool IsText(ReadOnlySpan<byte> start)
    {
        foreach (var value in start)
        {
            if (value is < (byte)' ' and not ((byte)'\n' or (byte)'\r' or (byte)'\t') or 0x7F) return false;
        }

        return true;
    }
}
