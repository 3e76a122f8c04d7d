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
