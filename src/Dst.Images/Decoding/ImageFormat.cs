namespace Dst.Images.Decoding;

/// <summary>A format of image files that is read.</summary>
/// <param name="Name">The name, such as <c>JPEG</c>.</param>
/// <param name="Recognises">Whether a file's first bytes are of this format.</param>
/// <param name="Decode">Decodes a file; the text is what messages call it.</param>
/// <param name="Measure">Bands and size of a file.</param>
internal sealed record ImageFormat(
    string Name, Func<byte[], bool> Recognises, Func<string, byte[], Image> Decode, Func<string, byte[], ImageShape> Measure)
{
    /// <summary>Size of a file without decoding it. The bands are right only where <see cref="Measure"/> does not decode either.</summary>
    public Func<string, byte[], ImageShape> MeasureSides { get; init; } = Measure;

    /// <summary>All formats. TGA has no signature, so it is the last that is tried.</summary>
    public static IReadOnlyList<ImageFormat> All { get; } =
    [
        new("JPEG", file => file.AsSpan().StartsWith<byte>([0xFF, 0xD8, 0xFF]), JpegFile.Decode, JpegFile.Measure),
        new("PNG", file => file.AsSpan().StartsWith(PngFile.Signature), PngFile.Decode, PngFile.Measure)
        {
            MeasureSides = PngFile.MeasureSides,
        },
        new("GIF", file => file.AsSpan().StartsWith("GIF8"u8), PaletteFiles.DecodeGif, PaletteFiles.MeasureGif)
        {
            MeasureSides = PaletteFiles.MeasureGifSides,
        },
        new("BMP", file => file.AsSpan().StartsWith("BM"u8), PaletteFiles.DecodeBmp, PaletteFiles.MeasureBmp)
        {
            MeasureSides = PaletteFiles.MeasureBmpSides,
        },
        new("WebP", WebpFile.Recognises, WebpFile.Decode, WebpFile.Measure),
        new("PGM", PnmFile.Recognises, PnmFile.Decode, PnmFile.Measure),
        new("TIFF", TiffDirectory.Recognises, TiffFile.Decode, TiffFile.Measure) { MeasureSides = TiffFile.MeasureSides },
        new("MSTAR", file => file.AsSpan().StartsWith(MstarFile.Signature), MstarFile.Decode, MstarFile.Measure),
        new("MATLAB", file => file.AsSpan().StartsWith(MatFile.Signature), MatFile.Decode, MatFile.Measure)
        {
            MeasureSides = MatFile.MeasureSides,
        },
        new("TGA", TgaFile.Recognises, TgaFile.Decode, TgaFile.Measure),
    ];
}
