using System.Runtime.InteropServices;

namespace Dst.Images;

/// <summary>
/// TIFF through libtiff: the first image of a file, grey or RGB, unsigned 8 or 16 bits or 32-bit floats, in strips or tiles, with any
/// compression that the system's libtiff supports. Float samples are divided by the file's largest.
/// </summary>
internal static unsafe partial class TiffFile
{
    private const int FormatUnsigned = 1;
    private const int FormatFloat = 3;
    private const int PhotometricWhiteIsZero = 0;
    private const int PhotometricRgb = 2;
    private const int PlanesSeparate = 2;

    /// <summary>Decodes a file, which libtiff opens itself.</summary>
    /// <exception cref="InputException">The file is corrupt, truncated, too large or of another kind, or libtiff is missing.</exception>
    public static Image Decode(string path)
    {
        ImageLibrary.Tiff.Require(path);
        Silence();
        var tiff = TIFFOpen(path, "rm");
        if (tiff == 0) throw Unreadable(path, "its header is corrupt");
        try
        {
            return Read(path, tiff);
        }
        finally
        {
            TIFFClose(tiff);
        }
    }

    private static Image Read(string path, nint tiff)
    {
        var width = Field(path, tiff, Tag.Width);
        var height = Field(path, tiff, Tag.Height);
        Image.CheckSize(path, width, height);
        int bits = (int)Field(path, tiff, Tag.BitsPerSample, 1), channels = (int)Field(path, tiff, Tag.SamplesPerPixel, 1);
        int format = (int)Field(path, tiff, Tag.SampleFormat, FormatUnsigned), photometric = (int)Field(path, tiff, Tag.Photometric);
        if (channels is not (1 or 3) || photometric > PhotometricRgb || photometric == PhotometricRgb != (channels == 3)
            || (format, bits) is not ((FormatUnsigned, 8) or (FormatUnsigned, 16) or (FormatFloat, 32)))
            throw new InputException(
                $"file '{path}' is a TIFF of {channels} samples of {bits} bits (sample format {format}, photometric {photometric}); "
                + "grey or RGB of unsigned 8 or 16 bits or 32-bit floats was expected");

        var planar = ReadPlanes(path, tiff, channels, (int)height, (int)width, bits / 8);
        if (photometric == PhotometricWhiteIsZero && format == FormatUnsigned)
        {
            for (var i = 0; i < planar.Length; i++) planar[i] = (byte)~planar[i];
        }

        return format == FormatUnsigned
            ? new(channels, (int)height, (int)width, bits, planar)
            : Image.FromMagnitudes(path, channels, (int)height, (int)width, MemoryMarshal.Cast<byte, float>(planar));
    }

    // Strips and tiles are both blocks of rows; libtiff turns samples into the machine's byte order.
    private static byte[] ReadPlanes(string path, nint tiff, int channels, int height, int width, int sampleBytes)
    {
        var tiled = TIFFIsTiled(tiff) != 0;
        var blockWidth = tiled ? Field(path, tiff, Tag.TileWidth) : (uint)width;
        var blockHeight = tiled
            ? Field(path, tiff, Tag.TileHeight)
            : Math.Min(Field(path, tiff, Tag.RowsPerStrip, uint.MaxValue), (uint)height);
        Image.CheckSize(path, blockWidth, blockHeight);
        var separate = Field(path, tiff, Tag.PlanarConfiguration, 1) == PlanesSeparate;
        int planes = separate ? channels : 1, interleaved = separate ? 1 : channels;

        var planar = new byte[(long)channels * height * width * sampleBytes];
        var block = new byte[blockWidth * blockHeight * (long)interleaved * sampleBytes];
        for (var plane = 0; plane < planes; plane++)
        {
            for (var top = 0; top < height; top += (int)blockHeight)
            {
                for (var left = 0; left < width; left += (int)blockWidth)
                {
                    var rows = Math.Min((int)blockHeight, height - top);
                    var expected = (tiled ? blockHeight : rows) * blockWidth * interleaved * sampleBytes;
                    var read = tiled
                        ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, (uint)left, (uint)top, 0, (ushort)plane), block, (nint)expected)
                        : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, (uint)top, (ushort)plane), block, (nint)expected);
                    if (read != expected) throw Unreadable(path, $"the data at row {top} is corrupt or truncated");
                    var columns = Math.Min((int)blockWidth, width - left);
                    for (var c = 0; c < interleaved; c++)
                    {
                        for (var y = 0; y < rows; y++)
                        {
                            var from = block.AsSpan((y * (int)blockWidth * interleaved + c) * sampleBytes);
                            var to = planar.AsSpan((((plane + c) * height + top + y) * width + left) * sampleBytes, columns * sampleBytes);
                            CopySamples(from, interleaved * sampleBytes, to, sampleBytes);
                        }
                    }
                }
            }
        }

        return planar;
    }

    private static void CopySamples(ReadOnlySpan<byte> source, int stride, Span<byte> destination, int sampleBytes)
    {
        if (stride == sampleBytes)
        {
            source[..destination.Length].CopyTo(destination);
            return;
        }

        for (var (from, to) = (0, 0); to < destination.Length; from += stride, to += sampleBytes)
            source.Slice(from, sampleBytes).CopyTo(destination[to..]);
    }

    private static uint Field(string path, nint tiff, Tag tag, uint? absent = null)
    {
        // 8 bytes hold every integer type; a short field writes only the low two.
        ulong value = 0;
        if (TIFFGetField(tiff, (uint)tag, &value) != 0) return (uint)value;
        return absent ?? throw Unreadable(path, $"its {tag} is missing");
    }

    private static InputException Unreadable(string path, string reason) => new($"file '{path}' is not a readable TIFF: {reason}");

    // Without handlers libtiff prints nothing to stderr.
    private static void Silence()
    {
        TIFFSetErrorHandler(0);
        TIFFSetWarningHandler(0);
    }

    private enum Tag : uint
    {
        Width = 256,
        Height = 257,
        BitsPerSample = 258,
        Photometric = 262,
        SamplesPerPixel = 277,
        RowsPerStrip = 278,
        PlanarConfiguration = 284,
        TileWidth = 322,
        TileHeight = 323,
        SampleFormat = 339,
    }

    [LibraryImport(ImageLibrary.TiffFile, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint TIFFOpen(string path, string mode);

    [LibraryImport(ImageLibrary.TiffFile)]
    private static partial void TIFFClose(nint tiff);

    // The function is variadic. By the calling conventions of Linux on x86-64 and AArch64 a pointer is passed as to any other function.
    [LibraryImport(ImageLibrary.TiffFile)]
    private static partial int TIFFGetField(nint tiff, uint tag, ulong* value);

    [LibraryImport(ImageLibrary.TiffFile)]
    private static partial int TIFFIsTiled(nint tiff);

    [LibraryImport(ImageLibrary.TiffFile)]
    private static partial uint TIFFComputeStrip(nint tiff, uint row, ushort sample);

    [LibraryImport(ImageLibrary.TiffFile)]
    private static partial uint TIFFComputeTile(nint tiff, uint x, uint y, uint z, ushort sample);

    [LibraryImport(ImageLibrary.TiffFile)]
    private static partial nint TIFFReadEncodedStrip(nint tiff, uint strip, [Out] byte[] buffer, nint size);

    [LibraryImport(ImageLibrary.TiffFile)]
    private static partial nint TIFFReadEncodedTile(nint tiff, uint tile, [Out] byte[] buffer, nint size);

    [LibraryImport(ImageLibrary.TiffFile)]
    private static partial nint TIFFSetErrorHandler(nint handler);

    [LibraryImport(ImageLibrary.TiffFile)]
    private static partial nint TIFFSetWarningHandler(nint handler);
}
