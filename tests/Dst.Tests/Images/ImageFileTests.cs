using System.Buffers.Binary;
using Dst.Images;
using Dst.Tests.Foundations;

namespace Dst.Tests.Images;

public sealed class ImageFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void GreyJpegHasOneChannel()
    {
        var image = Read(TestImages.GreyJpeg);
        Assert.Equal((1, 8, 16, 8), (image.Channels, image.Height, image.Width, image.BitsPerSample));
        for (var i = 0; i < 8 * 16; i++) Assert.Equal(i % 16 < 8 ? 40 : 200, image.Data.Span[i]);
    }

    [Fact]
    public void ColourJpegIsPlanar()
    {
        var image = Read(TestImages.ColourJpeg);
        Assert.Equal((3, 8, 8), (image.Channels, image.Height, image.Width));
        int[] expected = [200, 40, 90];
        for (var i = 0; i < 3 * 64; i++) Assert.InRange(image.Data.Span[i], expected[i / 64] - 3, expected[i / 64] + 3);
    }

    [Fact]
    public void GreyPngIsExact()
    {
        var image = Read(TestImages.GreyPng(5, 3, (y, x) => (byte)(50 * y + x)));
        Assert.Equal((1, 3, 5), (image.Channels, image.Height, image.Width));
        for (var i = 0; i < 15; i++) Assert.Equal(50 * (i / 5) + i % 5, image.Data.Span[i]);
    }

    [Fact]
    public void PngWithGammaIsReadAsStored()
    {
        var gamma = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(gamma, 100000);
        Assert.Equal([10, 200], Read(TestImages.Png(2, 1, 8, 0, [10, 200], ("gAMA", gamma))).Data.ToArray());
        var deep = Read(TestImages.Png(2, 1, 16, 0, [0x12, 0x34, 0xFE, 0xDC], ("gAMA", [0, 0, 0xB1, 0x8F])));
        Assert.Equal([0x1234, 0xFEDC], deep.Samples<ushort>().ToArray());
    }

    [Fact]
    public void PngKindsGiveTheirChannelsAndBits()
    {
        var colour = Read(TestImages.Png(2, 1, 8, 2, [1, 2, 3, 4, 5, 6]));
        Assert.Equal(3, colour.Channels);
        Assert.Equal([1, 4, 2, 5, 3, 6], colour.Data.ToArray());
        var palette = Read(TestImages.Png(2, 1, 8, 3, [1, 0], ("PLTE", [9, 8, 7, 60, 50, 40])));
        Assert.Equal([60, 9, 50, 8, 40, 7], palette.Data.ToArray());
        var deepColour = Read(TestImages.Png(1, 1, 16, 2, [1, 2, 3, 4, 5, 6]));
        Assert.Equal([0x0102, 0x0304, 0x0506], deepColour.Samples<ushort>().ToArray());
        Assert.Equal([0, 255, 0, 255], Read(TestImages.Png(4, 1, 1, 0, [0b0101_0000])).Data.ToArray());
    }

    [Fact]
    public void EncodedPngReadsBack()
    {
        byte[] interleaved = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        var image = Read(PngFile.Encode("x", 3, 2, 2, interleaved));
        Assert.Equal((3, 2, 2), (image.Channels, image.Height, image.Width));
        Assert.Equal([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12], image.Data.ToArray());
    }

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
    public void FloatTiffIsScaledByItsLargestSample()
    {
        var bytes = new byte[12];
        foreach (var (i, value) in new[] { 2f, -1f, 8f }.Index()) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), value);
        Assert.Equal([16384, 0, 65535], Read(TestImages.Tiff(false, 3, 1, 32, bytes, format: 3)).Samples<ushort>().ToArray());
        BinaryPrimitives.WriteSingleLittleEndian(bytes, float.NaN);
        Assert.Contains("NaN", Fails(TestImages.Tiff(false, 3, 1, 32, bytes, format: 3)));
    }

    [Fact]
    public void MstarMagnitudesAreScaledByTheirLargest()
    {
        var image = Read(TestImages.Mstar(2, 3, (y, x) => 0.25f * (y * 3 + x)));
        Assert.Equal((1, 2, 3, 16), (image.Channels, image.Height, image.Width, image.BitsPerSample));
        Assert.Equal([0, 13107, 26214, 39321, 52428, 65535], image.Samples<ushort>().ToArray());
        Assert.All(Read(TestImages.Mstar(2, 3, (_, _) => 0)).Data.ToArray(), sample => Assert.Equal(0, sample));
    }

    [Fact]
    public void MstarHeaderErrorsNameTheKey()
    {
        var file = TestImages.Mstar(2, 3, (_, _) => 1);
        Assert.Contains("truncated", Fails(file[..(300 + 23)]));
        Assert.Contains("NumberOfRows", Fails(Replace(file, "NumberOfRows", "NumberOfRaws")));
        Assert.Contains("'x'", Fails(Replace(file, "NumberOfColumns= 3", "NumberOfColumns= x")));
        Assert.Contains("99999x2", Fails(Replace(file, "NumberOfColumns= 3", "NumberOfColumns= 99999")));
    }

    [Fact]
    public void FormatIsToldByContentNotName()
    {
        File.WriteAllBytes(_folder.File("x.jpeg"), TestImages.GreyPng(2, 2, (_, _) => 7));
        Assert.Equal(2, ImageFile.Read(_folder.File("x.jpeg")).Width);
    }

    [Fact]
    public void EveryTruncationIsRefused()
    {
        foreach (var file in Compressed())
        {
            // A TIFF's last four bytes point to the next image; libtiff reads the file without them.
            for (var length = 0; length < file.Length - 4; length++) Fails(file[..length]);
        }
    }

    [Fact]
    public void DamagedFilesAreReadOrRefused()
    {
        byte[][] files = [.. Compressed(), TestImages.Tiff(true, 4, 4, 8, new byte[16], rowsPerStrip: 1)];
        var random = new Random(1);
        var refused = 0;
        foreach (var file in files)
        {
            for (var trial = 0; trial < 200; trial++)
            {
                var damaged = file.ToArray();
                for (var i = 0; i < 3; i++) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                try
                {
                    Read(damaged);
                }
                catch (InputException)
                {
                    refused++;
                }
            }
        }

        Assert.InRange(refused, 100, 999);
    }

    [Fact]
    public void HugeDeclaredSizesAreRefused()
    {
        Assert.Contains("20000x1 pixels", Fails(TestImages.Png(20000, 1, 8, 0, [])));
        Assert.Contains("16000x16000 pixels", Fails(TestImages.Tiff(false, 16000, 16000, 8, [1, 2])));
        var jpeg = TestImages.GreyJpeg.ToArray();
        var frame = jpeg.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 5), 60000);
        Assert.Contains("x60000 pixels", Fails(jpeg));
    }

    [Fact]
    public void UnreadKindsAreNamed()
    {
        Assert.Contains("CMYK", Fails(TestImages.CmykJpeg));
        Assert.Contains("4 samples of 8 bits", Fails(TestImages.Tiff(false, 1, 1, 8, [1, 2, 3, 4], channels: 4, photometric: 2)));
        Assert.Contains("not an image: it starts with 68656C6C", Fails("hello"u8.ToArray()));
    }

    [Fact]
    public void MissingEmptyAndFolderAreNamed()
    {
        Assert.Contains("does not exist", Assert.Throws<InputException>(() => ImageFile.Read(_folder.File("none.png"))).Message);
        Assert.Contains("is empty", Fails([]));
        Assert.Contains("is a folder", Assert.Throws<InputException>(() => ImageFile.Read(_folder.Path)).Message);
    }

    [Fact]
    public void MissingLibraryNamesItsPackage()
    {
        var library = new ImageLibrary("XYZ", "libnotthere.so.9", "libnotthere9");
        Assert.False(library.IsPresent);
        Assert.Contains("apt-get install libnotthere9", Assert.Throws<InputException>(() => library.Require("a.xyz")).Message);
        Assert.All(ImageLibrary.All, present => Assert.True(present.IsPresent, present.Package));
    }

    private static byte[][] Compressed() =>
        [TestImages.GreyJpeg, TestImages.ColourJpeg, TestImages.GreyPng(9, 9, (y, x) => (byte)(y * x)), TestImages.LzwTiff];

    private Image Read(byte[] file)
    {
        var path = _folder.File("image");
        File.WriteAllBytes(path, file);
        return ImageFile.Read(path);
    }

    private string Fails(byte[] file)
    {
        var message = Assert.Throws<InputException>(() => Read(file)).Message;
        Assert.Contains(_folder.File("image"), message);
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private static byte[] Replace(byte[] file, string old, string value)
    {
        var at = file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(old));
        return [.. file[..at], .. System.Text.Encoding.ASCII.GetBytes(value), .. file[(at + old.Length)..]];
    }
}
