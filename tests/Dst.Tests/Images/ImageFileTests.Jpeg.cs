using System.Buffers.Binary;
using Dst.Images;
using Dst.Images.Decoding;

namespace Dst.Tests.Images;

/// <summary>EXIF in any state, and JPEG files whose scans are too short.</summary>
public sealed partial class ImageFileTests
{
    [Fact]
    public void StrayBytesInAJpegAreAWarning()
    {
        var frame = TestImages.GreyJpeg.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        byte[] file = [.. TestImages.GreyJpeg[..frame], 1, 2, 3, .. TestImages.GreyJpeg[frame..]];
        var image = Read(file);
        Assert.Contains("3 stray bytes", image.Warning);
        Assert.Equal(Read(TestImages.GreyJpeg).Data.ToArray(), image.Data.ToArray());
        Assert.Null(Read([.. TestImages.GreyJpeg, 1, 2, 3]).Warning); // what follows the end is not looked at
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TheOrientationIsReadFromAnyExif(bool isBigEndian)
    {
        Assert.Equal(6, ExifBlock.OrientationOf(Exif(isBigEndian, (0x010F, 2, 6), (0x0112, 3, 6))));
        Assert.Equal(8, ExifBlock.OrientationOf([.. ExifBlock.Prefix, .. Exif(isBigEndian, (0x0112, 3, 8))]));
        Assert.Equal(1, ExifBlock.OrientationOf(Exif(isBigEndian, (0x010F, 2, 6)))); // the maker alone
        Assert.Equal(1, ExifBlock.OrientationOf(Exif(isBigEndian, (0x0112, 4, 6)))); // not of the legal type
        Assert.Equal(1, ExifBlock.OrientationOf(Exif(isBigEndian)));
        var block = Exif(isBigEndian, (0x010F, 2, 6), (0x0112, 3, 6));
        for (var length = 0; length < block.Length; length++)
            Assert.InRange(ExifBlock.OrientationOf(block.AsSpan(0, length)), 0, 6); // 0 is as good as upright
        block.AsSpan(4, 4).Fill(0xFF); // the directory lies behind the end
        Assert.Equal(1, ExifBlock.OrientationOf(block));
    }

    [Fact]
    public void AJpegIsTurnedAsItsFirstExifSays()
    {
        byte[] file =
        [
            .. TestImages.GreyJpeg[..2], .. App1("http://ns.adobe.com/xap/1.0/\0"u8),
            .. App1([.. ExifBlock.Prefix, .. Exif(true, (0x0112, 3, 6))]),
            .. App1([.. ExifBlock.Prefix, .. Exif(true, (0x0112, 3, 1))]), .. TestImages.GreyJpeg[2..],
        ];
        var image = Read(file);
        Assert.Equal((16, 8), (image.Height, image.Width));
        Assert.Equal((40, 200), (image.Data.Span[0], image.Data.Span[^1]));
        Assert.Equal(new(1, 16, 8), ImageFile.Measure(_folder.File("image")));
        byte[] broken = [.. TestImages.GreyJpeg[..2], .. App1([.. ExifBlock.Prefix, 1, 2, 3]), .. TestImages.GreyJpeg[2..]];
        Assert.Equal(Read(TestImages.GreyJpeg).Data.ToArray(), Read(broken).Data.ToArray());
    }

    [Theory]
    [InlineData(0xC0, 12)] // two bits of each block
    [InlineData(0xC1, 12)]
    [InlineData(0xC2, 24)] // progressive: one
    public void AJpegWithFewerBitsThanItsBlocksNeedIsTruncated(byte frame, int blocks)
    {
        var file = TestImages.GreyJpeg.ToArray(); // with three bytes of data
        var header = file.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        file[header + 1] = frame;
        SetWidth(8 * blocks);
        Assert.Equal(0, new JpegMarkers("it", file, followsCodes: false).StrayBytes);
        SetWidth(8 * blocks + 1);
        Assert.Contains("is not a readable JPEG: it is truncated", Fails(file));
        BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(header + 5), 8000);
        SetWidth(8000);
        Assert.Contains("is not a readable JPEG: it is truncated", Fails(file));

        void SetWidth(int width) => BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(header + 7), (ushort)width);
    }

    [Fact]
    public void AJpegWhoseDataEndBeforeTheLastBlockIsTruncated()
    {
        var file = TestImages.WavesJpeg;
        Assert.Null(Read(file).Warning);
        var start = file.AsSpan().IndexOf<byte>([0xFF, 0xDA]) + 14;
        for (var end = start; end < file.Length - 4; end += 7)
            Assert.Contains("is not a readable JPEG: it is truncated", Fails([.. file[..end], 0xFF, 0xD9]));
        Assert.Equal(new(3, 24, 40), ImageFile.Measure(_folder.File("image"))); // which does not follow the codes
    }

    [Fact]
    public void EachScanOfAProgressiveJpegIsFollowed()
    {
        var file = TestImages.ProgressiveJpeg;
        var whole = Read(file);
        Assert.Null(whole.Warning);
        var (first, refining) = (0, 0);
        for (var at = 2; file[at + 1] != 0xD9;)
        {
            var end = at + 2 + BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 2));
            if (file[at + 1] == 0xDA)
            {
                var (start, isRefining) = (end, file[end - 1] >> 4 != 0);
                while (file[end] != 0xFF || file[end + 1] == 0) end++;
                if (isRefining) refining++;
                else first++;
                foreach (var cut in new[] { start, (start + end) / 2, end - 1 })
                    Assert.Contains("it is truncated", Fails([.. file[..cut], .. file[end..]]));
            }

            at = end;
        }

        Assert.Equal((5, 5), (first, refining));
    }

    [Fact]
    public void RestartsOfAJpegAreFollowed()
    {
        var grey = TestImages.GreyJpeg;
        var scan = grey.AsSpan().IndexOf<byte>([0xFF, 0xDA]);
        byte[] header = [.. grey[..scan], 0xFF, 0xDD, 0, 4, 0, 1, .. grey[scan..(scan + 10)]]; // a restart behind each block
        Assert.Equal(Read(grey).Data.ToArray(), Read([.. header, 0x0A, 0x3F, 0xFF, 0xD0, 0x60, 0x3F, 0xFF, 0xD9]).Data.ToArray());
        foreach (var cut in new byte[][] { [0x0A, 0x3F, 0xFF, 0xD0, 0x60], [0x0A, 0x3F, 0x60, 0x3F], [0x0A, 0x3F, 0xFF, 0xD0] })
            Assert.Contains("it is truncated", Fails([.. header, .. cut, 0xFF, 0xD9]));
    }

    [Fact]
    public void AJpegWithTwoComponentsOfOneIdIsRefused()
    {
        var file = TestImages.ColourJpeg.ToArray();
        var frame = file.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        var scan = file.AsSpan().IndexOf<byte>([0xFF, 0xDA]);
        file[frame + 16] = file[scan + 9] = 2;
        Assert.Contains("is not a readable JPEG: two of its components have the id 2", Fails(file));
    }

    [Fact]
    public void TheBlocksOfAScanAreCountedAsTheyAreSampled()
    {
        byte[] components = [1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
        var frame = JpegFrame.Parse(0xC0, [8, 0, 17, 0, 33, 3, .. components])!; // 33x17: 5x3 blocks, 3x2 units of 16x16
        Assert.Equal(2 * 6 * (4 + 1 + 1), frame.LeastBits([3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0]));
        Assert.Equal(2 * 5 * 3, frame.LeastBits([1, 1, 0, 0, 63, 0]));
        Assert.Equal(2 * 3 * 2, frame.LeastBits([1, 2, 0, 0, 63, 0]));
        Assert.Equal(0, frame.LeastBits([1, 9, 0, 0, 63, 0])); // no such component
        Assert.Equal(0, frame.LeastBits([3, 1, 0]));
        var progressive = JpegFrame.Parse(0xC2, [8, 0, 17, 0, 33, 3, .. components])!;
        Assert.Equal(6 * 6, progressive.LeastBits([3, 1, 0, 2, 0x11, 3, 0x11, 0, 0, 0x01]));
        Assert.Equal(0, progressive.LeastBits([1, 1, 0, 1, 63, 0]));
        Assert.Null(JpegFrame.Parse(0xC0, [8, 0, 17, 0, 33, 3, 1]));
        Assert.Null(JpegFrame.Parse(0xC4, [8, 0, 17, 0, 33, 3, .. components]));
    }

    // Tags of one value each, which is given as it lies in the entry if it has two bytes.
    private static byte[] Exif(bool isBigEndian, params (int Tag, int Type, int Value)[] tags)
    {
        byte[] Two(int value) => isBigEndian ? [(byte)(value >> 8), (byte)value] : [(byte)value, (byte)(value >> 8)];
        byte[] Four(int value) => isBigEndian ? [0, 0, .. Two(value)] : [.. Two(value), 0, 0];
        return
        [
            .. isBigEndian ? "MM\0*"u8 : "II*\0"u8, .. Four(8), .. Two(tags.Length),
            .. tags.SelectMany(tag => (byte[])[.. Two(tag.Tag), .. Two(tag.Type), .. Four(1), .. Two(tag.Value), 0, 0]), .. Four(0),
        ];
    }

    private static byte[] App1(ReadOnlySpan<byte> content) => [0xFF, 0xE1, 0, (byte)(content.Length + 2), .. content];
}
