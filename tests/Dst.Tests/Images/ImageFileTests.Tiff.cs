using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Dst.Tests.Images;

/// <summary>TIFF files.</summary>
public sealed partial class ImageFileTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TiffOf16BitsReadsInEitherByteOrder(bool bigEndian)
    {
        ushort[] values = [1, 258, 65535, 40000, 7, 8];
        var bytes = new byte[12];
        for (var i = 0; i < 6; i++)
        {
            if (bigEndian) BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2 * i), values[i]);
            else BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), values[i]);
        }

        var image = Read(TestImages.Tiff(bigEndian, 3, 2, 16, bytes));
        Assert.Equal((1, 2, 3, 16), (image.Channels, image.Height, image.Width, image.BitsPerSample));
        Assert.Equal(values, image.Samples<ushort>().ToArray());
    }

    [Fact]
    public void TiffLayoutsGiveTheSamePlanes()
    {
        byte[] planar = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26]; // 3 x 2 x 3
        var interleaved = new byte[18];
        for (var i = 0; i < 18; i++) interleaved[i % 6 * 3 + i / 6] = planar[i];
        Assert.Equal(planar, Read(TestImages.Tiff(false, 3, 2, 8, interleaved, channels: 3)).Data.ToArray());
        Assert.Equal(planar, Read(TestImages.Tiff(false, 3, 2, 8, interleaved, channels: 3, rowsPerStrip: 1)).Data.ToArray());
        Assert.Equal(planar, Read(TestImages.Tiff(false, 3, 2, 8, planar, channels: 3, separatePlanes: true)).Data.ToArray());
    }

    [Theory]
    [InlineData(8, 1, 1, false, 90)]
    [InlineData(8, 1, 1, false, 91)] // LibTiff cuts strips of more than 8192 bytes, unless it is told not to
    [InlineData(8, 1, 1, false, 300)]
    [InlineData(8, 1, 3, false, 64)]
    [InlineData(8, 1, 3, true, 100)]
    [InlineData(16, 1, 1, false, 91)]
    [InlineData(16, 1, 13, false, 64)]
    [InlineData(16, 1, 13, true, 64)]
    [InlineData(16, 2, 2, false, 91)]
    [InlineData(32, 1, 1, false, 91)]
    [InlineData(32, 3, 1, false, 91)]
    [InlineData(32, 3, 4, false, 64)]
    [InlineData(32, 3, 4, true, 64)]
    [InlineData(64, 3, 1, false, 40)]
    public void ALargeStripIsReadWhole(int bits, int format, int channels, bool separatePlanes, int side)
    {
        var (area, sampleBytes) = (side * side, bits / 8);
        var stored = new byte[channels * area * sampleBytes];
        var planar = new double[channels * area];
        for (var i = 0; i < planar.Length; i++)
        {
            var (band, pixel) = (i / area, i % area);
            planar[i] = (pixel * 7 + band * 31) % 120;
            var at = (separatePlanes ? i : pixel * channels + band) * sampleBytes;
            BitConverter.GetBytes(BitsOf(planar[i], format == 3 ? bits : 0)).AsSpan(0, sampleBytes).CopyTo(stored.AsSpan(at));
        }

        foreach (var rows in (int[])[side, side / 2, 1])
        {
            var file = TestImages.Tiff(
                false, side, side, bits, stored, channels, format, rowsPerStrip: rows, separatePlanes: separatePlanes);
            Assert.Equal(planar, SamplesOf(Read(file)));
        }
    }

    [Fact]
    public void ALargeStripThatIsCutOffIsRefused()
    {
        var file = TestImages.Tiff(false, 100, 100, 8, new byte[10_000]);
        var at = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[17, 1, 4, 0, 1, 0, 0, 0]) + 8; // StripOffsets
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), 5_000);
        Assert.Contains("truncated", Fails(file));
    }

    [Fact]
    public void TiledTiffIsPutTogether()
    {
        // 20 x 18 in tiles of 16 x 16: four tiles with unused edges.
        var tiles = new byte[4 * 256];
        for (var y = 0; y < 18; y++)
        {
            for (var x = 0; x < 20; x++) tiles[(y / 16 * 2 + x / 16) * 256 + y % 16 * 16 + x % 16] = (byte)(y * 10 + x);
        }

        var image = Read(TestImages.Tiff(false, 20, 18, 8, tiles, tile: 16));
        for (var i = 0; i < 18 * 20; i++) Assert.Equal(i / 20 * 10 + i % 20, image.Data.Span[i]);
    }

    [Fact]
    public void CompressedTiffReads()
    {
        Assert.Equal(Read(TestImages.GreyJpeg).Data.ToArray(), Read(TestImages.LzwTiff).Data.ToArray());
    }

    [Fact]
    public void WhiteIsZeroTiffIsTurned()
    {
        Assert.Equal([255, 55], Read(TestImages.Tiff(false, 2, 1, 8, [0, 200], photometric: 0)).Data.ToArray());
    }

    [Fact]
    public void WhiteIsZeroOfFloatsIsAWarning()
    {
        var image = Read(TestImages.Tiff(false, 2, 1, 8, [3, 0xFF], format: 2, photometric: 0));
        Assert.Equal([3, -1], image.Samples<float>().ToArray());
        Assert.Contains("0 is white", image.Warning);
        Assert.Equal($"{image.Warning}; another", image.Warn("another").Warning);
        Assert.Null(Read(FloatTiff([1, 2])).Warning);
    }

    [Fact]
    public void DamagedCcittIsRefused()
    {
        var image = Read(TestImages.CcittTiff);
        Assert.Equal((1, 8, 24, null), (image.Channels, image.Height, image.Width, image.Warning));
        for (var i = 0; i < 8 * 24; i++)
        {
            var (y, x) = (i / 24, i % 24);
            Assert.Equal(y is >= 2 and < 6 && x is >= 3 and < 20 && (y, x) != (4, 10) ? 255 : 0, image.Data.Span[i]);
        }

        var messages = new List<string>();
        for (var bit = 0; bit < 24; bit++)
        {
            var damaged = TestImages.CcittTiff.ToArray();
            damaged[8 + bit / 8] ^= (byte)(0x80 >> bit % 8);
            if (Record.Exception(() => Read(damaged)) is { } failure) messages.Add(failure.Message);
        }

        Assert.InRange(messages.Count, 12, 23); // some bits make another picture
        Assert.Contains(messages, message => message.Contains("not a readable TIFF: its data is corrupt: Line length mismatch at line"));
    }

    [Fact]
    public void FloatTiffKeepsItsValues()
    {
        var image = Read(FloatTiff([-25, -3.5f, -11]));
        Assert.Equal((1, 1, 3, 32, 0), (image.Channels, image.Height, image.Width, image.BitsPerSample, image.NoData));
        Assert.Equal([-25, -3.5f, -11], image.Samples<float>().ToArray());
        var doubles = MemoryMarshal.AsBytes<double>([1e5, -2, 0.1]).ToArray();
        Assert.Equal([1e5f, -2, 0.1f], Read(TestImages.Tiff(false, 3, 1, 64, doubles, format: 3)).Samples<float>().ToArray());
    }

    [Theory]
    [InlineData(float.NaN, null)]
    [InlineData(float.PositiveInfinity, null)]
    [InlineData(float.NegativeInfinity, null)]
    [InlineData(3.40282347e38f, null)]
    [InlineData(-3.40282347e38f, "-3.40282346638528860e+38")]
    [InlineData(-9999f, "-9999")]
    [InlineData(0f, "0")]
    public void SamplesWithoutDataAreDarkAndCounted(float mark, string? tag)
    {
        var image = Read(FloatTiff([mark, -7, -20, mark], tag));
        Assert.Equal([-20, -7, -20, -20], image.Samples<float>().ToArray());
        Assert.Equal(2, image.NoData);
        Assert.Contains("without a single sample with data", Fails(FloatTiff([mark, mark], tag)));
    }

    [Fact]
    public void NoDataOfIntegersIsZero()
    {
        var image = Read(TestImages.Tiff(false, 3, 1, 8, [255, 7, 255], noData: "255"));
        Assert.Equal([0, 7, 0], image.Data.ToArray());
        Assert.Equal(2, image.NoData);
        var inverted = Read(TestImages.Tiff(false, 3, 1, 8, [255, 7, 9], photometric: 0, noData: "9"));
        Assert.Equal([0, 248, 0], inverted.Data.ToArray());
        var beyond = Read(TestImages.Tiff(false, 2, 1, 8, [255, 7], noData: "-9999"));
        Assert.Equal([255, 7], beyond.Data.ToArray());
        Assert.Equal(0, beyond.NoData);
    }

    [Theory]
    [InlineData(2, 8, new byte[] { 0xFF, 7 }, new float[] { -1, 7 })]
    [InlineData(2, 16, new byte[] { 0xFE, 0xFF, 0, 1 }, new float[] { -2, 256 })]
    [InlineData(2, 32, new byte[] { 0xFD, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0 }, new float[] { -3, 1 })]
    [InlineData(1, 32, new byte[] { 0, 0, 0, 0x80, 1, 0, 0, 0 }, new float[] { 2147483648, 1 })]
    public void OtherIntegersKeepTheirValues(int format, int bits, byte[] bytes, float[] expected) =>
        Assert.Equal(expected, Read(TestImages.Tiff(false, 2, 1, bits, bytes, format: format)).Samples<float>().ToArray());

    [Fact]
    public void BandsBecomeChannels()
    {
        byte[] five = [1, 2, 3, 4, 5, 11, 12, 13, 14, 15]; // two pixels of five bands
        var image = Read(TestImages.Tiff(false, 2, 1, 8, five, channels: 5));
        Assert.Equal(5, image.Channels);
        Assert.Equal([1, 11, 2, 12, 3, 13, 4, 14, 5, 15], image.Data.ToArray());
        Assert.Contains("17 bands; 1 to 16", Fails(TestImages.Tiff(false, 1, 1, 8, new byte[17], channels: 17)));
    }

    [Fact]
    public void AFourthSampleIsAlphaOnlyIfTheFileSaysSo()
    {
        byte[] pixel = [200, 100, 50, 128];
        Assert.Equal(pixel, Read(TestImages.Tiff(false, 1, 1, 8, pixel, channels: 4, photometric: 2, extra: 0)).Data.ToArray());
        Assert.Equal([200, 100, 50], Read(TestImages.Tiff(false, 1, 1, 8, pixel, channels: 4, photometric: 2, extra: 1)).Data.ToArray());
        Assert.Equal([100, 50, 25], Read(TestImages.Tiff(false, 1, 1, 8, pixel, channels: 4, photometric: 2, extra: 2)).Data.ToArray());
    }

    [Fact]
    public void BigTiffReads()
    {
        var image = Read(TestImages.BigTiff(3, 2, [1, 2, 3, 4, 5, 6]));
        Assert.Equal((1, 2, 3), (image.Channels, image.Height, image.Width));
        Assert.Equal([1, 2, 3, 4, 5, 6], image.Data.ToArray());
    }

    private static long BitsOf(double value, int floatBits) => floatBits switch
    {
        32 => BitConverter.SingleToUInt32Bits((float)value),
        64 => BitConverter.DoubleToInt64Bits(value),
        _ => (long)value,
    };

    private static double[] SamplesOf(Dst.Images.Image image) => image.BitsPerSample switch
    {
        8 => [.. image.Data.ToArray().Select(sample => (double)sample)],
        16 => [.. image.Samples<ushort>().ToArray().Select(sample => (double)sample)],
        _ => [.. image.Samples<float>().ToArray().Select(sample => (double)sample)],
    };
}
