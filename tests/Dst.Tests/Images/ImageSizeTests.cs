namespace Dst.Tests.Images;

/// <summary>Sizes as they are written, and what becomes of them in a resize.</summary>
public class ImageSizeTests
{
    [Theory]
    [InlineData("0", 0, 0)]
    [InlineData("32", 32, 32)]
    [InlineData("128x64", 128, 64)]
    [InlineData("1x4096", 1, 4096)]
    public void A_side_or_height_x_width_is_read(string text, int height, int width)
    {
        Assert.True(ImageSize.TryParse(text, out var size));
        Assert.Equal(new(height, width), size);
        Assert.Equal(height == 0, size.IsNone);
        Assert.Equal($"{height}x{width}", size.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("0x5")]
    [InlineData("5x0")]
    [InlineData("0x0")]
    [InlineData("12x")]
    [InlineData("x12")]
    [InlineData("axb")]
    [InlineData("-3")]
    [InlineData("-3x4")]
    [InlineData("12x12x12")]
    [InlineData("12 x 12")]
    [InlineData("12X12")]
    [InlineData("1e2")]
    [InlineData("12.5")]
    [InlineData("99999999999x1")]
    public void Other_texts_are_no_sizes(string? text) => Assert.False(ImageSize.TryParse(text, out _));

    [Theory]
    [InlineData(40, 60, 24, 36, "24x36", "24x36", "24x36")]
    [InlineData(40, 60, 32, 32, "32x32", "32x48", "21x32")]
    [InlineData(60, 40, 32, 32, "32x32", "48x32", "32x21")]
    [InlineData(7, 5, 9, 9, "9x9", "13x9", "9x6")] // 12.6 and 6.43, rounded
    [InlineData(1, 16384, 4096, 4096, "4096x4096", "4096x67108864", "1x4096")]
    [InlineData(16384, 1, 4, 9, "4x9", "147456x9", "4x1")]
    public void One_side_becomes_that_of_the_size_and_the_other_keeps_the_ratio(
        int height, int width, int toHeight, int toWidth, string stretch, string crop, string pad)
    {
        var (own, target) = (new ImageSize(height, width), new ImageSize(toHeight, toWidth));
        Assert.Equal(
            [stretch, crop, pad], Enum.GetValues<ResizeFit>().Select(fit => own.ResizedTo(target, fit).ToString()));
    }
}
