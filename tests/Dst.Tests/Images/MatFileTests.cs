using Dst.Images;

namespace Dst.Tests.Images;

/// <summary>MATLAB files, written by SciPy (Golden/make_mat.py).</summary>
public class MatFileTests
{
    private static readonly byte[] Packed = Convert.FromBase64String("""
        TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFRodSBOb3YgMjYgMDU6NTk6MjUgMjAyNgAAAAAAAAAAAAAAAAAAAAAA
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0PAAAAKwAAAHic42NgYHAAYjYg5oDSIMAK5TMiYXYgTqzKzC0tyWDghMpDgKYDAF3/A/YP
        AAAANQAAAHic42NgYHAAYjYg5gBiFgYIYIXyGYGYGUpzA3FJYlF6akl8XmJuKlidAFA2xNyIAQB25gXVDwAAAEoAAAB4nONjYGCoAGI2IOYAYnYQAQSsUD4T
        EDMDMSMQcwNxcn5uQU5qRXxmbjpYHTsQS4BZDg4McNBgz8BwwAFVvgFJHgwcQQQALRQI1A8AAAAvAAAAeJzjY2Bg2ADEbEDMAaVBgBXKZ4FiRiCZXpSZwglk
        NzDAwAd7BqIA9dUBAPM6B9g=
        """);

    private static readonly byte[] Doubles = Convert.FromBase64String("""
        TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFRodSBOb3YgMjYgMDU6NTk6MjUgMjAyNgAAAAAAAAAAAAAAAAAAAAAA
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0OAAAAYAAAAAYAAAAIAAAABgAAAAAAAAAFAAAACAAAAAMAAAACAAAAAQABAHgAAAAJAAAA
        MAAAAAAAAAAAAPi/AAAAAAAACEAAAAAAAAAUQAAAAAAAAABAAAAAAAAAEEAAAAAAAAAYQA==
        """);

    private static readonly byte[] Bytes = Convert.FromBase64String("""
        TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFRodSBOb3YgMjYgMDU6NTk6MjUgMjAyNgAAAAAAAAAAAAAAAAAAAAAA
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0OAAAAOAAAAAYAAAAIAAAACQAAAAAAAAAFAAAACAAAAAIAAAADAAAAAQABAHgAAAACAAAA
        BgAAAAEEAgUDBgAADgAAADgAAAAGAAAACAAAAAYAAAAAAAAABQAAAAgAAAABAAAAAQAAAAEAAQB5AAAACQAAAAgAAAAAAAAAAADwPw==
        """);

    private static readonly byte[] Two = Convert.FromBase64String("""
        TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFRodSBOb3YgMjYgMDU6NTk6MjUgMjAyNgAAAAAAAAAAAAAAAAAAAAAA
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0OAAAAUAAAAAYAAAAIAAAABgAAAAAAAAAFAAAACAAAAAIAAAACAAAAAQABAHgAAAAJAAAA
        IAAAAAAAAAAAAPA/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAPA/DgAAAHgAAAAGAAAACAAAAAYAAAAAAAAABQAAAAgAAAADAAAAAwAAAAEAAQB5AAAACQAAAEgA
        AAAAAAAAAADwPwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPA/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA8D8=
        """);

    [Fact]
    public void A_complex_chip_becomes_magnitudes_divided_by_the_largest()
    {
        var image = Image.Decode(Packed);
        Assert.Equal((1, 2, 3, 16), (image.Channels, image.Height, image.Width, image.BitsPerSample));
        Assert.Equal([32768, 0, 65535, 0, 6554, 0], image.Samples<ushort>().ToArray());
    }

    [Fact]
    public void Real_numbers_keep_their_values()
    {
        var image = Image.Decode(Doubles);
        Assert.Equal((1, 3, 2, 32), (image.Channels, image.Height, image.Width, image.BitsPerSample));
        Assert.Equal([-1.5f, 2, 3, 4, 5, 6], image.Samples<float>().ToArray());
        Assert.Equal([1, 2, 3, 4, 5, 6], Image.Decode(Bytes).Samples<float>().ToArray());
    }

    [Fact]
    public void Other_files_are_refused()
    {
        Assert.Contains("2 arrays of rows and columns", Fails(Two));
        Assert.Contains("version 7.3", Fails([.. "MATLAB 7.3 MAT-file"u8]));
        Assert.Contains("0 arrays", Fails(Doubles[..128]));
        for (var length = 129; length < Doubles.Length; length += 7) Assert.Contains("truncated", Fails(Doubles[..length]));
    }

    [Fact]
    public void Damaged_files_are_read_or_refused()
    {
        var random = new Random(1);
        for (var trial = 0; trial < 300; trial++)
        {
            var file = (trial % 2 == 0 ? Packed : Doubles).ToArray();
            for (var i = 0; i < 3; i++) file[random.Next(100, file.Length)] = (byte)random.Next(256);
            if (Record.Exception(() => Image.Decode(file)) is { } failure) Assert.IsType<InputException>(failure);
        }
    }

    private static string Fails(byte[] file) => Assert.Throws<InputException>(() => Image.Decode(file)).Message;
}
