namespace Dst.Tests.Images;

/// <summary>BMP: rows that are missing, and the fourth byte of a pixel.</summary>
public sealed partial class ImageFileTests
{
    [Fact]
    public void ABmpWithoutAllItsRowsIsRefused()
    {
        byte[] rows = [4, 5, 6, 7, 8, 9, 0, 0, 1, 2, 3, 1, 2, 3, 0, 0];
        Assert.Equal([3, 3, 6, 9, 2, 2, 5, 8, 1, 1, 4, 7], Read(TestImages.Bmp(2, 2, 24, rows)).Data.ToArray());
        foreach (var saysSize in new[] { true, false })
        {
            Assert.Equal(3, Read(TestImages.Bmp(2, 2, 24, rows[..14], saysSize)).Channels); // the last row's padding is no loss
            for (var length = 0; length < 14; length++)
                Assert.Contains("its data end before the last pixel", Fails(TestImages.Bmp(2, 2, 24, rows[..length], saysSize)));
        }
    }

    [Theory]
    [InlineData(40, 0, 0)]
    [InlineData(40, 200, 0)]
    [InlineData(108, 0, 0)]
    [InlineData(108, 90, 200)]
    public void TheFourthByteOfABmpIsNoAlpha(int headerBytes, byte first, byte second)
    {
        byte[] rows = [1, 2, 3, first, 4, 5, 6, second];
        Assert.Equal([3, 6, 2, 5, 1, 4], Read(TestImages.Bmp(2, 1, 32, rows, headerBytes: headerBytes)).Data.ToArray());
    }

    [Fact]
    public void AMaskOfABmpMakesAlpha()
    {
        var masked = TestImages.Bmp(1, 1, 32, [50, 100, 200, 128], headerBytes: 108, masks: [0xFF0000, 0xFF00, 0xFF, 0xFF000000]);
        Assert.Equal([100, 50, 25], Read(masked).Data.ToArray());
    }
}
