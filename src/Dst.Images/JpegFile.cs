using System.Runtime.InteropServices;

namespace Dst.Images;

/// <summary>JPEG through libturbojpeg: grey files give one channel, colour files three.</summary>
internal static unsafe partial class JpegFile
{
    private const int PixelFormatRgb = 0;
    private const int PixelFormatGrey = 6;
    private const int ColourSpaceGrey = 2;
    private const int ColourSpaceCmyk = 3;

    // A damaged file is an error, and so is one with endless progressive scans.
    private const int StopOnWarning = 8192;
    private const int LimitScans = 32768;

    /// <summary>Decodes a whole file.</summary>
    /// <exception cref="InputException">The file is corrupt, truncated, too large or CMYK, or the library is missing.</exception>
    public static Image Decode(string path, byte[] file)
    {
        ImageLibrary.TurboJpeg.Require(path);
        var decoder = tjInitDecompress();
        if (decoder == 0) throw new InsufficientMemoryException("libturbojpeg has no memory for a decoder");
        try
        {
            var size = new CULong((uint)file.Length);
            Check(decoder, path, tjDecompressHeader3(decoder, file, size, out var width, out var height, out _, out var colourSpace));
            Image.CheckSize(path, width, height);
            if (colourSpace >= ColourSpaceCmyk) throw new InputException($"file '{path}' is a CMYK JPEG; grey or RGB was expected");
            var channels = colourSpace == ColourSpaceGrey ? 1 : 3;
            var pixels = new byte[(long)channels * width * height];
            var format = channels == 1 ? PixelFormatGrey : PixelFormatRgb;
            const int flags = StopOnWarning | LimitScans;
            Check(decoder, path, tjDecompress2(decoder, file, size, pixels, width, width * channels, height, format, flags));
            return Image.FromInterleaved(channels, height, width, 8, pixels);
        }
        finally
        {
            _ = tjDestroy(decoder);
        }
    }

    private static void Check(nint decoder, string path, int result)
    {
        if (result == 0) return;
        var reason = Marshal.PtrToStringUTF8((nint)tjGetErrorStr2(decoder));
        throw new InputException($"file '{path}' is not a readable JPEG: {reason}");
    }

    [LibraryImport(ImageLibrary.TurboJpegFile)]
    private static partial nint tjInitDecompress();

    [LibraryImport(ImageLibrary.TurboJpegFile)]
    private static partial int tjDecompressHeader3(
        nint handle, byte[] jpeg, CULong size, out int width, out int height, out int subsampling, out int colourSpace);

    [LibraryImport(ImageLibrary.TurboJpegFile)]
    private static partial int tjDecompress2(
        nint handle, byte[] jpeg, CULong size, [Out] byte[] destination, int width, int pitch, int height, int pixelFormat, int flags);

    [LibraryImport(ImageLibrary.TurboJpegFile)]
    private static partial byte* tjGetErrorStr2(nint handle);

    [LibraryImport(ImageLibrary.TurboJpegFile)]
    private static partial int tjDestroy(nint handle);
}
