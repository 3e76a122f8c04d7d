using BitMiracle.LibTiff.Classic;

namespace Dst.Images.Decoding;

/// <summary>
/// TIFF and BigTIFF through LibTiff.NET: the first image of a file, in strips or tiles, with any compression that the library knows.
/// Grey, RGB and up to 16 bands of unsigned 8 or 16 bits keep their samples; all other integers and floats become floats of the same value.
/// Palettes, YCbCr, CMYK, and greys of fewer bits become 8-bit RGB or grey.
/// </summary>
internal static class TiffFile
{
    private const string Format = "TIFF";
    private const string ReadWithoutChopping = "rc"; // else LibTiff cuts a single strip into several, and blocks are not those of the file

    static TiffFile() => Tiff.SetErrorHandler(new TiffMessages());

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InputException">It is corrupt, truncated, too large or of a kind that is not read.</exception>
    public static Image Decode(string name, byte[] file)
    {
        var layout = new TiffLayout(name, new(name, file));
        return SharpDecoder.Guard(name, Format, () =>
        {
            using var tiff = Tiff.ClientOpen(name, ReadWithoutChopping, new MemoryStream(file), new TiffStream())
                ?? throw layout.Directory.Unreadable("its header is corrupt");
            TiffMessages.Clear();
            var image = layout.IsDirect ? TiffSamples.ToImage(name, layout, ReadPlanes(tiff, layout)) : ReadColours(tiff, layout);
            return Orientation.Apply(WithMessages(name, layout, image), layout.Orientation);
        });
    }

    /// <summary>Reads bands and size only; a palette and the like is decoded.</summary>
    /// <exception cref="InputException">It is corrupt, truncated, too large or of a kind that is not read.</exception>
    public static ImageShape Measure(string name, byte[] file)
    {
        var layout = new TiffLayout(name, new(name, file));
        return layout.IsDirect ? SidesOf(layout) : ImageShape.Of(Decode(name, file));
    }

    /// <summary>Reads the size only.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large or of a kind that is not read.</exception>
    public static ImageShape MeasureSides(string name, byte[] file) => SidesOf(new(name, new(name, file)));

    private static ImageShape SidesOf(TiffLayout layout) =>
        Orientation.Apply(new ImageShape(layout.Bands, layout.Height, layout.Width), layout.Orientation);

    // A warning about CCITT means that a row has pixels too many or too few, and those behind it are wrong.
    private static Image WithMessages(string name, TiffLayout layout, Image image)
    {
        if ((TiffMessages.Error ?? (layout.IsCcitt ? TiffMessages.Warning : null)) is { } error)
            throw layout.Directory.Unreadable($"its data is corrupt: {error}");
        if (layout.Directory.HasPages) image = image.Warn($"{name} has several pages; its first page is read");
        return TiffMessages.Warning is { } warning ? image.Warn($"{name}: {warning}") : image;
    }

    // Strips and tiles are both blocks of rows; LibTiff turns samples into the machine's byte order.
    private static byte[] ReadPlanes(Tiff tiff, TiffLayout layout)
    {
        var planar = new byte[(long)layout.Channels * layout.Height * layout.Width * layout.SampleBytes];
        var block = new byte[(long)layout.BlockWidth * layout.BlockHeight * layout.Interleaved * layout.SampleBytes];
        for (var plane = 0; plane < layout.Channels; plane += layout.Interleaved)
        {
            for (var top = 0; top < layout.Height; top += layout.BlockHeight)
            {
                for (var left = 0; left < layout.Width; left += layout.BlockWidth)
                {
                    var rows = Math.Min(layout.BlockHeight, layout.Height - top);
                    var bytes = (layout.IsTiled ? layout.BlockHeight : rows) * layout.BlockWidth * layout.Interleaved * layout.SampleBytes;
                    var read = layout.IsTiled
                        ? tiff.ReadEncodedTile(tiff.ComputeTile(left, top, 0, (short)plane), block, 0, bytes)
                        : tiff.ReadEncodedStrip(tiff.ComputeStrip(top, (short)plane), block, 0, bytes);
                    if (read != bytes) throw layout.Directory.Unreadable($"the data at row {top} is corrupt or truncated");
                    CopyBlock(block, layout, (plane, top, left, rows), planar);
                }
            }
        }

        return planar;
    }

    private static void CopyBlock(byte[] block, TiffLayout layout, (int Plane, int Top, int Left, int Rows) at, byte[] planar)
    {
        var bytes = layout.SampleBytes;
        var columns = Math.Min(layout.BlockWidth, layout.Width - at.Left);
        for (var c = 0; c < layout.Interleaved; c++)
        {
            for (var y = 0; y < at.Rows; y++)
            {
                var from = block.AsSpan((y * layout.BlockWidth * layout.Interleaved + c) * bytes);
                var pixel = ((at.Plane + c) * layout.Height + at.Top + y) * layout.Width + at.Left;
                CopySamples(from, layout.Interleaved * bytes, planar.AsSpan(pixel * bytes, columns * bytes), bytes);
            }
        }
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

    // LibTiff converts every kind of colour to RGB, with alpha blended with black. The orientation is applied later, as for all images.
    private static Image ReadColours(Tiff tiff, TiffLayout layout)
    {
        tiff.SetField(BitMiracle.LibTiff.Classic.TiffTag.ORIENTATION, BitMiracle.LibTiff.Classic.Orientation.TOPLEFT);
        var pixels = new int[layout.Width * layout.Height];
        if (!tiff.ReadRGBAImageOriented(layout.Width, layout.Height, pixels, BitMiracle.LibTiff.Classic.Orientation.TOPLEFT, true))
            throw layout.Directory.Unreadable($"{layout.Kind} could not be decoded");
        var data = new byte[3 * pixels.Length];
        for (var i = 0; i < pixels.Length; i++)
        {
            data[i] = (byte)Tiff.GetR(pixels[i]);
            data[pixels.Length + i] = (byte)Tiff.GetG(pixels[i]);
            data[2 * pixels.Length + i] = (byte)Tiff.GetB(pixels[i]);
        }

        return SharpDecoder.ReduceGrey(new(3, layout.Height, layout.Width, 8, data));
    }
}
