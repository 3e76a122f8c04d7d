using System.Text;
using Dst.Foundations;

namespace Dst.Tests.Foundations;

/// <summary>Unicode NFC and byte order marks.</summary>
public sealed class TextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory] // values of Python's unicodedata.normalize("NFC", ...)
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("\u00e9", "\u00e9")]
    [InlineData("a\u0323\u0302", "\u1ead")] // two marks
    [InlineData("\u1112\u1161\u11ab", "\ud55c")] // Hangul
    [InlineData("\u1112\u1161", "\ud558")]
    [InlineData("\u304b\u3099", "\u304c")] // kana
    [InlineData("\u0438\u0306x", "\u0439x")]
    [InlineData("x\u0301 plain", "x\u0301 plain")] // there is no such letter
    [InlineData("\u0301", "\u0301")]
    [InlineData("", "")]
    public void Letters_and_marks_are_composed(string text, string expected) => Assert.Equal(expected, ComposedText.Of(text));

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void A_byte_order_mark_is_no_part_of_a_text(string encoding)
    {
        File.WriteAllText(_folder.File("x.txt"), "caf\u00e9\nb", Encoding.GetEncoding(encoding));
        Assert.Equal("caf\u00e9\nb", InputFile.ReadText(_folder.File("x.txt")));
        Assert.Equal("caf\u00e9", InputFile.TextOf("x", Encoding.UTF8.GetBytes("caf\u00e9")));
    }

    [Fact]
    public void A_text_of_another_encoding_is_refused_by_line()
    {
        File.WriteAllBytes(_folder.File("x.txt"), Encoding.Latin1.GetBytes("a\nb\ncaf\u00e9\n"));
        var message = Assert.Throws<InputException>(() => InputFile.ReadText(_folder.File("x.txt"))).Message;
        Assert.StartsWith($"line 3 of file '{_folder.File("x.txt")}' is not UTF-8; save the file as UTF-8", message);
        byte[] half = [0xFF, 0xFE, (byte)'a', 0, (byte)'b'];
        Assert.Contains("is not UTF-16", Assert.Throws<InputException>(() => InputFile.TextOf("x", half)).Message);
        Assert.Equal("", InputFile.TextOf("x", [0xEF, 0xBB, 0xBF]));
    }
}
