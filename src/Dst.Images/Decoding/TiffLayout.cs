using System.Globalization;
using Dst.Foundations;

namespace Dst.Images.Decoding;

/// <summary>How a TIFF stores its samples, from its directory, with every size checked.</summary>
internal sealed class TiffLayout
{
    private const int PhotometricWhiteIsZero = 0;
    private const int PhotometricRgb = 2;
    private const int PlanesSeparate = 2;
    private const int FirstCcitt = 2, LastCcitt = 4;
    private const int AlphaPremultiplied = 1;
    private const int AlphaPlain = 2;

    /// <summary>Reads and checks what the directory says.</summary>
    /// <exception cref="InputException">A tag is missing, a size is too large, or the samples are of a kind that is not read.</exception>
    public TiffLayout(string name, TiffDirectory directory)
    {
        Directory = directory;
        var (width, height) = (directory.Number(TiffTag.Width), directory.Number(TiffTag.Height));
        var (channels, bits) = (directory.Number(TiffTag.SamplesPerPixel, 1), directory.Number(TiffTag.BitsPerSample, 1));
        Image.CheckSize(name, width, height, channels, (int)Math.Clamp(bits / 8, 1, 8));
        (Width, Height, Channels, SampleBytes) = ((int)width, (int)height, (int)channels, (int)bits / 8);
        Orientation = (int)directory.Number(TiffTag.Orientation, Decoding.Orientation.Upright);
        var (format, photometric) = ((TiffSampleFormat)directory.Number(TiffTag.SampleFormat, 1), directory.Number(TiffTag.Photometric, 1));
        Format = format == TiffSampleFormat.Undefined ? TiffSampleFormat.Unsigned : format;
        IsInverted = photometric == PhotometricWhiteIsZero && IsCompact;
        HasInvertedFloats = photometric == PhotometricWhiteIsZero && !IsCompact;
        IsCcitt = directory.Number(TiffTag.Compression, 1) is >= FirstCcitt and <= LastCcitt;
        Kind = $"a TIFF of {Phrases.Count(channels, "sample")} of {bits} bits (sample format {(int)format}, photometric {photometric})";

        var isUniform = directory.Numbers(TiffTag.BitsPerSample).All(b => b == bits);
        var colours = photometric == PhotometricRgb ? 3 : 1;
        IsDirect = isUniform && photometric <= PhotometricRgb && Channels >= colours && (Format, bits)
            is (TiffSampleFormat.Unsigned or TiffSampleFormat.Signed, 8 or 16 or 32) or (TiffSampleFormat.Float, 32 or 64);
        if (!IsDirect && (Format != TiffSampleFormat.Unsigned || bits > 16))
            throw new InputException(
                $"{name} is {Kind}; unsigned or signed integers of 8, 16 or 32 bits or floats of 32 or 64 bits were expected");
        var extra = directory.Numbers(TiffTag.ExtraSamples);
        HasAlpha = IsCompact && Channels == colours + 1 && extra is [AlphaPremultiplied or AlphaPlain];
        IsAlphaApplied = extra is [AlphaPremultiplied];
        NoData = double.TryParse(directory.Text(TiffTag.NoData), CultureInfo.InvariantCulture, out var noData) ? noData : null;
        (IsTiled, BlockWidth, BlockHeight) = ReadBlocks(name);
        Interleaved = directory.Number(TiffTag.PlanarConfiguration, 1) == PlanesSeparate ? 1 : Channels;
        CheckBlocks(name);
    }

    /// <summary>The directory.</summary>
    public TiffDirectory Directory { get; }

    /// <summary>Columns as stored.</summary>
    public int Width { get; }

    /// <summary>Rows as stored.</summary>
    public int Height { get; }

    /// <summary>Samples of a pixel, alpha included.</summary>
    public int Channels { get; }

    /// <summary>Bands of the image that is read.</summary>
    public int Bands => HasAlpha ? Channels - 1 : Channels;

    /// <summary>Bytes of a sample.</summary>
    public int SampleBytes { get; }

    /// <summary>What a sample is.</summary>
    public TiffSampleFormat Format { get; }

    /// <summary>Orientation, 1 to 8.</summary>
    public int Orientation { get; }

    /// <summary>Whether samples are read as they are stored; else LibTiff makes RGB of them.</summary>
    public bool IsDirect { get; }

    /// <summary>Whether samples are unsigned of 8 or 16 bits, which stay as they are.</summary>
    public bool IsCompact => Format == TiffSampleFormat.Unsigned && SampleBytes <= 2;

    /// <summary>Whether 0 is white.</summary>
    public bool IsInverted { get; }

    /// <summary>Whether the file says that 0 is white, but its samples keep their values.</summary>
    public bool HasInvertedFloats { get; }

    /// <summary>Whether the data are packed as fax machines do.</summary>
    public bool IsCcitt { get; }

    /// <summary>Whether the last sample of a pixel is alpha.</summary>
    public bool HasAlpha { get; }

    /// <summary>Whether the colours are multiplied by alpha already.</summary>
    public bool IsAlphaApplied { get; }

    /// <summary>Value of a sample without data, or null.</summary>
    public double? NoData { get; }

    /// <summary>Whether blocks are tiles; else strips.</summary>
    public bool IsTiled { get; }

    /// <summary>Columns of a block.</summary>
    public int BlockWidth { get; }

    /// <summary>Rows of a block.</summary>
    public int BlockHeight { get; }

    /// <summary>Samples of a pixel that lie side by side in a block.</summary>
    public int Interleaved { get; }

    /// <summary>What the file is, for messages.</summary>
    public string Kind { get; }

    private (bool IsTiled, int Width, int Height) ReadBlocks(string name)
    {
        var isTiled = Directory.Count(TiffTag.TileWidth) > 0;
        var width = isTiled ? Directory.Number(TiffTag.TileWidth) : Width;
        var height = isTiled
            ? Directory.Number(TiffTag.TileHeight)
            : Math.Min(Directory.Number(TiffTag.RowsPerStrip, uint.MaxValue), Height);
        Image.CheckSize(name, width, height, Channels, Math.Max(SampleBytes, 1));
        return (isTiled, (int)width, (int)height);
    }

    // LibTiff makes tables of as many blocks as the sizes say, so the file must have as many.
    private void CheckBlocks(string name)
    {
        var planes = Channels / Interleaved;
        var blocks = (long)((Width + BlockWidth - 1) / BlockWidth) * ((Height + BlockHeight - 1) / BlockHeight) * planes;
        var found = Directory.Count(IsTiled ? TiffTag.TileOffsets : TiffTag.StripOffsets);
        if (found < blocks)
            throw new InputException($"{name} is not a readable TIFF: it has {found} blocks of data; {blocks} were expected");
        Directory.CheckByteCounts(IsTiled ? TiffTag.TileByteCounts : TiffTag.StripByteCounts);
    }
}

/// <summary>What a sample of a TIFF is.</summary>
internal enum TiffSampleFormat
{
    Unsigned = 1,
    Signed = 2,
    Float = 3,
    Undefined = 4,
}
