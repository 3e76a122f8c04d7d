using System.Text;
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
        var image = Image.Decode(Packed, maxPixels: 6);
        Assert.Throws<InputException>(() => Image.Decode(Packed, maxPixels: 5));
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
    public void A_third_dimension_is_bands()
    {
        var image = Image.Decode([.. Header, .. Array("img", [2, 3, 3], [.. Enumerable.Range(0, 18).Select(i => (byte)i)])]);
        Assert.Equal((3, 2, 3, 32), (image.Channels, image.Height, image.Width, image.BitsPerSample));
        Assert.Equal([0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11, 12, 14, 16, 13, 15, 17], image.Samples<float>().ToArray());
        Assert.Equal(1, Image.Decode([.. Header, .. Array("img", [2, 2, 1], [1, 2, 3, 4])]).Channels);
    }

    [Fact]
    public void A_mask_beside_an_image_is_not_read_in_its_place()
    {
        var (mask, rgb) = (Array("mask", [2, 2], new byte[4]), Array("img", [2, 2, 3], new byte[12]));
        Assert.Contains("2 arrays of rows and columns: img (2x2x3), mask (2x2); one was expected", Fails([.. Header, .. rgb, .. mask]));
        var stack = Array("stack", [1, 2, 2, 20], new byte[80]);
        Assert.Contains("2 arrays of rows and columns: stack (1x2x2x20), mask", Fails([.. Header, .. stack, .. mask]));
        Assert.Contains("has the array stack (1x2x2x20); rows and columns", Fails([.. Header, .. stack]));
        Assert.Contains("20 bands; 1 to 16", Fails([.. Header, .. Array("img", [2, 2, 20], new byte[80])]));
        var chip = Array("complex_img", [2, 2], [1, 2, 3, 4]);
        Assert.Equal([1, 3, 2, 4], Image.Decode([.. Header, .. stack, .. chip]).Samples<float>().ToArray());
        var many = Enumerable.Range(0, 7).SelectMany(i => Array($"a{i}", [2, 2], new byte[4]));
        const string Names = "7 arrays of rows and columns: a0 (2x2), a1 (2x2), a2 (2x2), a3 (2x2), a4 (2x2) and 2 more;";
        Assert.Contains(Names, Fails([.. Header, .. many]));
    }

    [Fact]
    public void Other_files_are_refused()
    {
        Assert.Contains("2 arrays of rows and columns: x (2x2), y (3x3)", Fails(Two));
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

    private static byte[] Header => Doubles[..128];

    // An array of unsigned bytes as level 5 has it: flags, sizes, name, numbers.
    private static byte[] Array(string name, int[] sizes, byte[] numbers)
    {
        byte[] content =
        [
            .. Element(6, [9, 0, 0, 0, 0, 0, 0, 0]), .. Element(5, [.. sizes.SelectMany(BitConverter.GetBytes)]),
            .. Element(1, Encoding.ASCII.GetBytes(name)), .. Element(2, numbers),
        ];
        return Element(14, content);
    }

    private static byte[] Element(int type, byte[] data) =>
        [.. BitConverter.GetBytes(type), .. BitConverter.GetBytes(data.Length), .. data, .. new byte[(8 - data.Length % 8) % 8]];

    private static string Fails(byte[] file) => Assert.Throws<InputException>(() => Image.Decode(file)).Message;
}
