using System.Runtime.InteropServices;

namespace Dst.Images;

/// <summary>A library of the system that decodes one image format.</summary>
/// <param name="Format">The format, such as <c>JPEG</c>.</param>
/// <param name="FileName">The shared object's name.</param>
/// <param name="Package">The Debian or Ubuntu package that contains it.</param>
public sealed record ImageLibrary(string Format, string FileName, string Package)
{
    internal const string TurboJpegFile = "libturbojpeg.so.0";
    internal const string PngFile = "libpng16.so.16";
    internal const string TiffFile = "libtiff.so.6";

    private readonly Lazy<bool> _isPresent = new(() => NativeLibrary.TryLoad(FileName, out _));

    /// <summary>Reads JPEG.</summary>
    public static ImageLibrary TurboJpeg { get; } = new("JPEG", TurboJpegFile, "libturbojpeg0");

    /// <summary>Reads and writes PNG.</summary>
    public static ImageLibrary Png { get; } = new("PNG", PngFile, "libpng16-16");

    /// <summary>Reads TIFF.</summary>
    public static ImageLibrary Tiff { get; } = new("TIFF", TiffFile, "libtiff6");

    /// <summary>All libraries that are used.</summary>
    public static IReadOnlyList<ImageLibrary> All { get; } = [TurboJpeg, Png, Tiff];

    /// <summary>Whether the system has it.</summary>
    public bool IsPresent => _isPresent.Value;

    /// <summary>Fails if the library is missing.</summary>
    /// <exception cref="InputException">The library is missing; the message names the package.</exception>
    internal void Require(string path)
    {
        if (!IsPresent)
            throw new InputException(
                $"file '{path}' needs {FileName} for {Format}, which is not installed; install it with: apt-get install {Package}");
    }
}
