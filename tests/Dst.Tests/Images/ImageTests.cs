using Dst.Images;

namespace Dst.Tests.Images;

public class ImageTests
{
    [Fact]
    public void Interleaved_samples_become_planes()
    {
        Assert.Equal([1, 4, 2, 5, 3, 6], Image.FromInterleaved(3, 1, 2, 8, [1, 2, 3, 4, 5, 6]).Data.ToArray());
        Assert.Equal(
            [1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6, 0], Image.FromInterleaved(3, 2, 1, 16, [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]).Data.ToArray());
        Assert.Equal([1, 2], Image.FromInterleaved(1, 1, 2, 8, [1, 2]).Data.ToArray());
    }

    [Theory]
    [InlineData(PixelOrder.Grey, new byte[] { 1, 2, 0, 3, 4, 0 }, 3, new byte[] { 1, 2, 3, 4 })]
    [InlineData(PixelOrder.Rgb, new byte[] { 1, 3, 5, 2, 4, 6, 7, 7, 7, 8, 8, 8 }, 0, new byte[] { 1, 2, 7, 8, 3, 4, 7, 8, 5, 6, 7, 8 })]
    [InlineData(PixelOrder.Bgr, new byte[] { 5, 3, 1, 6, 4, 2, 0, 7, 7, 7, 8, 8, 8 }, 7, new byte[] { 1, 2, 7, 8, 3, 4, 7, 8, 5, 6, 7, 8 })]
    public void Frames_become_planes_of_red_green_and_blue(PixelOrder order, byte[] pixels, int stride, byte[] planes) =>
        Assert.Equal(planes, Image.FromFrame(order, 2, 2, pixels, stride).Data.ToArray());

    [Theory]
    [InlineData(PixelOrder.Rgba, new byte[] { 100, 0, 128, 0, 255, 0 })]
    [InlineData(PixelOrder.Bgra, new byte[] { 255, 0, 128, 0, 100, 0 })]
    [InlineData(PixelOrder.Rgbx, new byte[] { 100, 9, 128, 8, 255, 7 })]
    [InlineData(PixelOrder.Bgrx, new byte[] { 255, 7, 128, 8, 100, 9 })]
    public void Alpha_is_blended_with_black_and_another_fourth_byte_is_not_read(PixelOrder order, byte[] planes) =>
        Assert.Equal(planes, Image.FromFrame(order, 1, 2, [100, 128, 255, 255, 9, 8, 7, 0]).Data.ToArray());

    [Fact]
    public void A_frame_of_another_layout_is_refused()
    {
        var length = Assert.Throws<ArgumentException>(() => Image.FromFrame(PixelOrder.Bgr, 2, 2, new byte[16]));
        Assert.Equal("16 bytes for 2x2 pixels of 3 bytes with a stride of 6; 12 bytes expected", length.Message);
        var stride = Assert.Throws<ArgumentException>(() => Image.FromFrame(PixelOrder.Bgr, 2, 2, new byte[8], stride: 4));
        Assert.Equal("8 bytes for 2x2 pixels of 3 bytes with a stride of 4; a stride of at least 6 expected", stride.Message);
        Assert.Throws<ArgumentOutOfRangeException>("order", () => Image.FromFrame((PixelOrder)7, 1, 1, new byte[3]));
        Assert.Throws<ArgumentOutOfRangeException>("height", () => Image.FromFrame(PixelOrder.Grey, 0, 1, []));
    }

    [Fact]
    public void Floats_keep_their_values()
    {
        var image = Image.FromFloats(2, 1, 2, [-30, 1e6f, 0.5f, 1e-9f]);
        Assert.Equal((2, 1, 2, 32), (image.Channels, image.Height, image.Width, image.BitsPerSample));
        Assert.Equal([-30, 1e6f, 0.5f, 1e-9f], image.Samples<float>().ToArray());
        Assert.Equal([0.5f, 1e-9f, -30, 1e6f], image.Select([1, 0]).Samples<float>().ToArray());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Floats_must_be_finite(float value) =>
        Assert.Contains(
            $"sample 2 of an image is {value}", Assert.Throws<InputException>(() => Image.FromFloats(1, 1, 3, [0, 1, value])).Message);

    [Fact]
    public void A_wrong_length_is_named_with_the_expected_one()
    {
        var bytes = Assert.Throws<ArgumentException>(() => new Image(3, 32, 32, 8, new byte[10]));
        Assert.Equal("10 bytes for 3x32x32 samples of 8 bits; 3072 bytes expected", bytes.Message);
        var floats = Assert.Throws<ArgumentException>(() => Image.FromFloats(3, 32, 32, [1, 2]));
        Assert.Equal("2 floats for 3x32x32 samples; 3072 floats expected", floats.Message);
        var huge = Assert.Throws<ArgumentException>(() => new Image(16, 1 << 30, 1 << 30, 8, Array.Empty<byte>()));
        Assert.EndsWith("; 18446744073709551616 bytes expected", huge.Message);
    }

    [Fact]
    public void Decoding_a_stream_allocates_little_more_than_decoding_bytes()
    {
        var ofBytes = Allocated(() => Image.Decode(TestImages.GreyJpeg));
        Assert.InRange(Allocated(() => Image.Decode(new MemoryStream(TestImages.GreyJpeg))), 0, ofBytes + 16 * 1024);

        static long Allocated(Action action)
        {
            action(); // fills the pools
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public async Task Nulls_and_limits_below_1_are_refused_at_the_entry()
    {
        Assert.Throws<ArgumentNullException>("path", () => Image.Read(null!));
        Assert.Throws<ArgumentNullException>("path", () => ImageFile.Read(null!));
        Assert.Throws<ArgumentNullException>("path", () => Image.Measure((string)null!));
        Assert.Throws<ArgumentNullException>("file", () => Image.Decode((Stream)null!));
        await Assert.ThrowsAsync<ArgumentNullException>("file", () => Image.DecodeAsync(null!));
        Assert.Throws<ArgumentNullException>("data", () => Image.FromInterleaved(3, 1, 2, 8, null!));
        Assert.Throws<ArgumentOutOfRangeException>("maxPixels", () => Image.Decode(TestImages.GreyJpeg, maxPixels: 0));
    }

    [Fact]
    public void Sizes_must_fit()
    {
        Assert.Throws<ArgumentException>(() => Image.FromInterleaved(3, 1, 2, 8, [1, 2, 3, 4, 5]));
        Assert.Throws<ArgumentException>(() => Image.FromInterleaved(0, 1, 2, 8, [1, 2]));
        Assert.Throws<ArgumentException>(() => Image.FromInterleaved(17, 1, 1, 8, new byte[17]));
        Assert.Throws<ArgumentException>(() => Image.FromFloats(1, 2, 2, [0, 0, 0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Image.FromFloats(1, 0, 2, []));
    }
}
