using Dst.Images;

namespace Dst.Tests.Images;

/// <summary>Files of several frames, of which the first is read.</summary>
public sealed partial class ImageFileTests
{
    // 4x4 pixels of one colour, (200, 40, 90), then of another (made by Pillow): lossless, and lossy with an alpha of 128.
    private static readonly byte[] LosslessAnimation = Convert.FromBase64String("""
        UklGRooAAABXRUJQVlA4WAoAAAACAAAAAwAAAwAAQU5JTQYAAAAAAAAAAABBTk1GKgAAAAAAAAAAAAMAAAMAAAAAAAJWUDhMEQAAAC8DwAAAB1CUIler/4GI
        6H8AAEFOTUYsAAAAAAAAAAAAAwAAAwAAAAAAAFZQOEwUAAAALwPAAAAHUIFUCCAACpr+x4iI/gc=
        """);

    private static readonly byte[] LossyAnimation = Convert.FromBase64String("""
        UklGRsoAAABXRUJQVlA4WAoAAAASAAAAAwAAAwAAQU5JTQYAAAAAAAAAAABBTk1GXgAAAAAAAAAAAAMAAAMAAAAAAAJBTFBICgAAAAEHUMCICERE/wNWUDgg
        NAAAALABAJ0BKgQABAAAAAAloAADXxQWlwAA/v/laVH/BskU3I///6jR//+o0f//qNH/6hkAAABBTk1GOAAAAAAAAAAAAAMAAAMAAAAAAABWUDggIAAAALQB
        AJ0BKgQABAAAAAAlpAADXxQWlwAA/v//wVkAAAAA
        """);

    [Fact]
    public void TheFirstFrameOfAWebpIsRead()
    {
        var image = Read(LosslessAnimation);
        Assert.Equal((3, 4, 4), (image.Channels, image.Height, image.Width));
        byte[] colour = [200, 40, 90];
        Assert.Equal(Enumerable.Range(0, 48).Select(i => colour[i / 16]), image.Data.ToArray());
        Assert.Contains("is an animation; its first frame is read", image.Warning);
        var blended = Read(LossyAnimation).Data.ToArray();
        for (var i = 0; i < 48; i++) Assert.InRange(blended[i], colour[i / 16] * 128 / 255 - 4, colour[i / 16] * 128 / 255 + 4);
        Assert.Equal(new(3, 4, 4), ImageFile.Measure(_folder.File("image")));
    }

    [Fact]
    public void AFrameLiesWhereTheAnimationSays()
    {
        var file = LosslessAnimation.ToArray();
        (file[24], file[27]) = (6, 4); // 7x5 pixels
        var frame = file.AsSpan().IndexOf("ANMF"u8) + 8;
        file[frame] = 1; // from column 2
        var image = Read(file);
        Assert.Equal((5, 7), (image.Height, image.Width));
        Assert.Equal(new(3, 5, 7), ImageFile.Measure(_folder.File("image")));
        for (var i = 0; i < 35; i++) Assert.Equal(i / 7 < 4 && i % 7 is >= 2 and < 6 ? 200 : 0, image.Data.Span[i]);
        file[frame] = 2;
        Assert.Contains("its first frame is larger than the picture", Fails(file));
    }

    [Fact]
    public void ADamagedAnimationIsReadOrRefused()
    {
        for (var length = 0; length < LossyAnimation.Length; length++) Fails(LossyAnimation[..length]);
        var random = new Random(1);
        for (var trial = 0; trial < 300; trial++)
        {
            var file = LossyAnimation.ToArray();
            for (var i = 0; i < 3; i++) file[random.Next(12, file.Length)] = (byte)random.Next(256);
            if (Record.Exception(() => Read(file)) is { } failure) Assert.IsType<InputException>(failure);
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void TheFirstFrameOfAPngIsRead(byte frames, bool isAnimation)
    {
        var image = Read(TestImages.Png(2, 1, 8, 0, [7, 9], ("acTL", [0, 0, 0, frames, 0, 0, 0, 0])));
        Assert.Equal([7, 9], image.Data.ToArray());
        Assert.Equal(isAnimation, image.Warning?.EndsWith("is an animation; its first frame is read", StringComparison.Ordinal) ?? false);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)] // a smaller form
    [InlineData(4, false)] // a mask
    public void TheFirstPageOfATiffIsRead(byte kind, bool isPage)
    {
        var file = TestImages.Tiff(false, 2, 1, 8, [7, 9]);
        var directory = BitConverter.ToInt32(file, 4);
        byte[] second = [1, 0, 254, 0, 4, 0, 1, 0, 0, 0, kind, 0, 0, 0, 0, 0, 0, 0];
        BitConverter.TryWriteBytes(file.AsSpan(directory + 2 + 12 * file[directory]), file.Length);
        var image = Read([.. file, .. second]);
        Assert.Equal([7, 9], image.Data.ToArray());
        Assert.Equal(isPage, image.Warning?.EndsWith("has several pages; its first page is read", StringComparison.Ordinal) ?? false);
        Assert.Null(Read(file).Warning); // the second is not there
    }

    [Fact]
    public void TheFirstFrameOfAGifIsRead()
    {
        byte[] frame = [(byte)',', 0, 0, 0, 0, 4, 0, 1, 0, 0, 2, 3, 0x44, 0x10, 0x05, 0];
        byte[] header = [.. "GIF89a"u8, 4, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255];
        Assert.Null(Read([.. header, .. frame, (byte)';']).Warning);
        byte[] pause = [(byte)'!', 0xF9, 4, 0, 0, 0, 0, 0];
        var image = Read([.. header, .. pause, .. frame, .. pause, .. frame, (byte)';']);
        Assert.Equal([0, 255, 0, 255], image.Data.ToArray());
        Assert.Contains("is an animation; its first frame is read", image.Warning);
    }
}
