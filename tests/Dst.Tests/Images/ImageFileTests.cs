using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Dst.Images;
using Dst.Images.Decoding;
using Dst.Tests.Foundations;

namespace Dst.Tests.Images;

public sealed partial class ImageFileTests : IDisposable
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
        var greys = Read(TestImages.Png(2, 1, 8, 3, [1, 0], ("PLTE", [9, 9, 9, 60, 60, 60])));
        Assert.Equal(1, greys.Channels);
        Assert.Equal([60, 9], greys.Data.ToArray());
        var deepColour = Read(TestImages.Png(1, 1, 16, 2, [1, 2, 3, 4, 5, 6]));
        Assert.Equal([0x0102, 0x0304, 0x0506], deepColour.Samples<ushort>().ToArray());
        Assert.Equal([0, 255, 0, 255], Read(TestImages.Png(4, 1, 1, 0, [0b0101_0000])).Data.ToArray());
    }

    [Fact]
    public void EncodedPngReadsBack()
    {
        byte[] interleaved = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        var image = Read(PngFile.Encode(3, 2, 2, interleaved));
        Assert.Equal((3, 2, 2), (image.Channels, image.Height, image.Width));
        Assert.Equal([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12], image.Data.ToArray());
    }

    [Theory]
    [InlineData("P1\n# a bitmap\n4 1\n0101", 8, new[] { 255, 0, 255, 0 })]
    [InlineData("P2 3 1 15 0 15 # last\n 5", 8, new[] { 0, 255, 85 })]
    [InlineData("P2 3 1 4095 0 4095 1365", 16, new[] { 0, 65535, 21845 })]
    [InlineData("P2 3 1 100 0 100 1", 16, new[] { 0, 65535, 655 })]
    [InlineData("P5 2 1 127\n\u0001\u007f", 16, new[] { 516, 65535 })]
    [InlineData("P5 2 1 85\n\u0001\u0055", 8, new[] { 3, 255 })]
    [InlineData("P3 1 1 255 1 2 3", 8, new[] { 1, 2, 3 })]
    [InlineData("P4\n4 1\n\u0050", 8, new[] { 255, 0, 255, 0 })]
    [InlineData("P5\n2 1\n255\n\u0007\n", 8, new[] { 7, 10 })]
    [InlineData("P5 1 1 1000\n\u0003\u00e8", 16, new[] { 65535 })]
    [InlineData("P6\n1 1\n255\n\u0001\u0002\u0003", 8, new[] { 1, 2, 3 })]
    [InlineData("P5\r\n2 1\r\n255\r\n\u0001\u0002", 8, new[] { 1, 2 })]
    [InlineData("P5\n2 1\n255\r\n\u0002", 8, new[] { 10, 2 })] // the \n is a pixel
    [InlineData("P5\n2 1\n255#end\n\u0001\u0002", 8, new[] { 1, 2 })]
    [InlineData("P4\r\n9 1\r\n\u0050\u0080", 8, new[] { 255, 0, 255, 0, 255, 255, 255, 255, 0 })]
    public void NetpbmSamplesAreScaledByTheirMaximum(string text, int bits, int[] expected)
    {
        var image = Read(System.Text.Encoding.Latin1.GetBytes(text));
        Assert.Equal((bits, null), (image.BitsPerSample, image.Warning));
        Assert.Equal(
            expected, bits == 8 ? image.Data.ToArray().Select(v => (int)v) : image.Samples<ushort>().ToArray().Select(v => (int)v));
    }

    [Theory]
    [InlineData("P5 2 1 255\n\u0001", "truncated")]
    [InlineData("P2 2 1 15 3 16", "16 is above the maximum 15")]
    [InlineData("P2 2 1 0 0 0", "maximum is 0")]
    [InlineData("P5 60000 60000 255\n", "60000x60000 pixels")]
    [InlineData("P5 x 2 255\n", "a number is missing")]
    [InlineData("P1 1 1 2", "neither 0 nor 1")]
    [InlineData("P5 2 1 255x\u0001\u0002", "no space ends its header")]
    public void NetpbmErrorsSayWhatIsWrong(string text, string expected) =>
        Assert.Contains(expected, Fails(System.Text.Encoding.Latin1.GetBytes(text)));

    [Theory]
    [InlineData("P5 1 1 255\n\u0007abc", 3)]
    [InlineData("P2 1 1 255 7 # end\n 8 9\n", 4)]
    public void BytesBehindTheLastPixelAreAWarning(string text, int bytes)
    {
        var image = Read(System.Text.Encoding.Latin1.GetBytes(text));
        Assert.Equal([7], image.Data.ToArray());
        Assert.Contains($"{bytes} bytes behind its last pixel", image.Warning);
    }

    [Fact]
    public void AlphaOfAGreyTgaIsBlended()
    {
        byte[] tga = [0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 16, 0x28, 200, 128, 90, 0];
        Assert.Equal([100, 0], Read(tga).Data.ToArray());
        tga[17] = 0x20;
        Assert.Contains("grey TGA of 16 bits with 0 bits of alpha", Fails(tga));
    }

    [Theory]
    [InlineData("\0\0\0\u0018ftypheic\0\0\0\0", "it is a HEIC or AVIF image, or a video, and a JPEG")]
    [InlineData("\0\0\0\u000CjP  \r\n", "it is a JPEG 2000 image, and a JPEG")]
    [InlineData("<!DOCTYPE html><html>", "it is a text file, and a JPEG")]
    [InlineData("%PDF-1.7 ", "it is a PDF document, and a JPEG")]
    [InlineData("\u0001\u0002\u0003\u0004\u0005", "it starts with 01020304, and a JPEG")]
    public void AFileOfAnotherFormatIsNamed(string content, string words) =>
        Assert.Contains(words, Fails(System.Text.Encoding.Latin1.GetBytes(content)));

    [Fact]
    public void TheTransparentColourOfAPngIsBlack()
    {
        byte[] deep = [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 7];
        var image = Read(TestImages.Png(2, 1, 16, 2, deep, ("tRNS", deep[..6])));
        Assert.Equal([0, 0x0102, 0, 0x0304, 0, 0x0507], image.Samples<ushort>().ToArray());
        Assert.Equal([0, 4, 0, 5, 0, 6], Read(TestImages.Png(2, 1, 8, 2, [1, 2, 3, 4, 5, 6], ("tRNS", [0, 1, 0, 2, 0, 3]))).Data.ToArray());
        Assert.Equal([0, 0x0304], Read(TestImages.Png(2, 1, 16, 0, deep[..4], ("tRNS", deep[..2]))).Samples<ushort>().ToArray());
        Assert.Equal([0, 2], Read(TestImages.Png(2, 1, 8, 0, [1, 2], ("tRNS", [0, 1]))).Data.ToArray());
    }

    [Fact]
    public void ADamagedChunkOfAPngIsRefused()
    {
        var file = TestImages.Png(2, 1, 8, 3, [1, 0], ("PLTE", [9, 8, 7, 60, 50, 40]), ("tRNS", [255, 9]), ("tEXt", [65, 0, 66]));
        foreach (var chunk in new[] { "IHDR", "PLTE", "tRNS", "tEXt", "IDAT" })
        {
            var start = file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(chunk));
            foreach (var at in new[] { start, start + 4 })
            {
                var damaged = file.ToArray();
                damaged[at] ^= 0x20; // of a type it makes a capital letter a small one, and back
                Assert.Contains($"its chunk at byte {start - 4} is damaged", Fails(damaged));
            }
        }
    }

    [Fact]
    public void MemoryAndStreamsReadAsFilesDo()
    {
        var expected = Read(TestImages.GreyJpeg).Data.ToArray();
        Assert.Equal(expected, Image.Decode(TestImages.GreyJpeg).Data.ToArray());
        using var stream = new MemoryStream([1, 2, .. TestImages.GreyJpeg]) { Position = 2 };
        Assert.Equal(expected, Image.Decode(stream).Data.ToArray());
        Assert.True(stream.CanRead);
        Assert.Contains("the image is empty", Assert.Throws<InputException>(() => Image.Decode([])).Message);
    }

    [Fact]
    public async Task AStreamThatIsReadAsynchronouslyOnlyIsDecoded()
    {
        await using var stream = new AsynchronousStream(TestImages.GreyJpeg);
        Assert.Throws<InvalidOperationException>(() => Image.Decode(stream));
        var image = await Image.DecodeAsync(stream);
        Assert.Equal(Read(TestImages.GreyJpeg).Data.ToArray(), image.Data.ToArray());
        stream.Position = 0;
        var error = await Assert.ThrowsAsync<InputException>(() => Image.DecodeAsync(stream, maxPixels: 127));
        Assert.Equal("the image has 8x16 pixels; at most 127 were expected", error.Message);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Image.DecodeAsync(stream, cancellation: new CancellationToken(canceled: true)));
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
        Assert.Contains("2x99999", Fails(Replace(file, "NumberOfColumns= 3", "NumberOfColumns= 99999")));
    }

    [Fact]
    public void FormatIsToldByContentNotName()
    {
        File.WriteAllBytes(_folder.File("x.jpeg"), TestImages.GreyPng(2, 2, (_, _) => 7));
        Assert.Equal(2, ImageFile.Read(_folder.File("x.jpeg")).Width);
    }

    [Fact]
    public void DataThatEndBeforeTheLastPixelAreRefused()
    {
        var picture = TestImages.Png(3, 2, 8, 0, [1, 2, 3]); // the header says two rows
        Assert.Contains("its data end before the last pixel", Fails(picture));
        // 4x1 of two greys. Codes: clear, pixels, end; of three bits, then of four as the table grows.
        byte[] gif =
        [
            .. "GIF89a"u8, 4, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, (byte)',', 0, 0, 0, 0, 4, 0, 1, 0, 0, 2,
            3, 0, 0, 0, 0, (byte)';',
        ];
        WriteCodes(4, 0 << 3, 1 << 6, 0 << 9, 1 << 12, 5 << 16);
        Assert.Equal([0, 255, 0, 255], Read(gif).Data.ToArray());
        WriteCodes(4, 0 << 3, 1 << 6, 0 << 9, 5 << 12);
        Assert.Contains("its data end before the last pixel", Fails(gif));
        // 4x1 grey, packed: a run of two, then two single ones.
        byte[] tga = [0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 8, 0, 0x81, 9, 1, 7, 8];
        Assert.Equal([9, 9, 7, 8], Read(tga).Data.ToArray());
        for (var length = 19; length < tga.Length; length++) Assert.Contains("it is truncated", Fails(tga[..length]));

        void WriteCodes(params int[] codes)
        {
            for (var i = 0; i < 3; i++) gif[^(5 - i)] = (byte)(codes.Sum() >> (8 * i));
        }
    }

    [Fact]
    public void EveryTruncationIsRefused()
    {
        foreach (var file in Compressed())
        {
            // A TIFF's last four bytes point to the next image; it is read without them.
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

        Assert.InRange(refused, 100, files.Length * 200 - 1);
    }

    [Fact]
    public void HugeDeclaredSizesAreRefused()
    {
        Assert.Contains("1x20000 pixels", Fails(TestImages.Png(20000, 1, 8, 0, [])));
        Assert.Contains("16000x16000 pixels", Fails(TestImages.Tiff(false, 16000, 16000, 8, [1, 2])));
        var jpeg = TestImages.GreyJpeg.ToArray();
        var frame = jpeg.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 5), 60000);
        Assert.Contains("60000x16 pixels", Fails(jpeg));
    }

    [Fact]
    public void ATagBeyondTheFileIsRefusedBeforeMemoryIsTaken()
    {
        var tiff = TestImages.Tiff(false, 2, 1, 8, [1, 2]);
        var offsets = tiff.AsSpan().IndexOf<byte>([0x11, 1, 4, 0]); // the tag of the strips' offsets
        BinaryPrimitives.WriteInt32LittleEndian(tiff.AsSpan(offsets + 4), int.MaxValue);
        Assert.Contains("tag 273 lie outside of the file", Fails(tiff));
        tiff = TestImages.Tiff(false, 2, 4, 8, new byte[8]);
        tiff[tiff.AsSpan().IndexOf<byte>([0x16, 1, 4, 0]) + 8] = 1; // rows of a strip
        Assert.Contains("1 blocks of data; 4 were expected", Fails(tiff));
        tiff = TestImages.Tiff(false, 2, 1, 8, [1, 2]);
        var counts = tiff.AsSpan().IndexOf<byte>([0x17, 1, 4, 0]); // bytes of each strip
        BinaryPrimitives.WriteInt32LittleEndian(tiff.AsSpan(counts + 8), int.MaxValue);
        Assert.Contains($"its StripByteCounts say {int.MaxValue} bytes, and the file has {tiff.Length}", Fails(tiff));
    }

    [Fact]
    public void EndlessScansAreRefused()
    {
        var scan = TestImages.GreyJpeg.AsSpan().IndexOf<byte>([0xFF, 0xDA]);
        var scans = Enumerable.Repeat(TestImages.GreyJpeg[scan..^2], 101).SelectMany(bytes => bytes);
        Assert.Contains("more than 100 scans", Fails([.. TestImages.GreyJpeg[..scan], .. scans, 0xFF, 0xD9]));
    }

    [Fact]
    public void UnreadKindsAreNamed()
    {
        Assert.Contains("1 sample of 16 bits (sample format 3", Fails(TestImages.Tiff(false, 1, 1, 16, [1, 2], format: 3)));
        Assert.Contains("1 sample of 24 bits", Fails(TestImages.Tiff(false, 1, 1, 24, [1, 2, 3])));
        Assert.Contains("of no format that is read: it is a text file, and", Fails("hello"u8.ToArray()));
        Assert.Contains("of no format that is read: it is a WebP image or another RIFF file", Fails("RIFF12"u8.ToArray()));
    }

    [Fact]
    public void MissingEmptyAndFolderAreNamed()
    {
        Assert.Contains("does not exist", Assert.Throws<InputException>(() => ImageFile.Read(_folder.File("none.png"))).Message);
        Assert.Contains("is empty", Fails([]));
        Assert.Contains("is a folder", Assert.Throws<InputException>(() => ImageFile.Read(_folder.Path)).Message);
    }

    private static byte[][] Compressed() =>
        [TestImages.GreyJpeg, TestImages.ColourJpeg, TestImages.GreyPng(9, 9, (y, x) => (byte)(y * x)), TestImages.LzwTiff];

    private static byte[] FloatTiff(float[] samples, string? noData = null) =>
        TestImages.Tiff(false, samples.Length, 1, 32, MemoryMarshal.AsBytes<float>(samples).ToArray(), format: 3, noData: noData);

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

    /// <summary>Refuses to be read as the body of a web request does.</summary>
    private sealed class AsynchronousStream(byte[] content) : MemoryStream(content)
    {
        public override int Read(byte[] buffer, int offset, int count) => throw new InvalidOperationException("synchronous");

        public override int Read(Span<byte> buffer) => throw new InvalidOperationException("synchronous");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation = default)
        {
            cancellation.ThrowIfCancellationRequested();
            var rest = ToArray().AsSpan((int)Position);
            var count = Math.Min(buffer.Length, rest.Length);
            rest[..count].CopyTo(buffer.Span);
            Position += count;
            return ValueTask.FromResult(count);
        }
    }

    private static byte[] Replace(byte[] file, string old, string value)
    {
        var at = file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(old));
        return [.. file[..at], .. System.Text.Encoding.ASCII.GetBytes(value), .. file[(at + old.Length)..]];
    }
}
