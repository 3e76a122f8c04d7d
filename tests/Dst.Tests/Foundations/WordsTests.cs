using Dst.Foundations;
using Dst.Training.Masks;

namespace Dst.Tests.Foundations;

public sealed class WordsTests
{
    [Fact]
    public void A_long_list_is_cut()
    {
        Assert.Equal("a, b", Words.First(["a", "b"]));
        Assert.Equal("a, b, c, d, e and 2 more", Words.First(["a", "b", "c", "d", "e", "f", "g"]));
        Assert.Equal("", Words.First([]));
    }

    [Fact]
    public void Every_value_has_a_word_by_which_it_is_found()
    {
        Assert.Equal(["one_shot", "gradual", "sr_ste", "random_channels"], Words.All<PruningMethod>());
        Assert.Equal("one_shot, gradual, sr_ste or random_channels", Words.Choice(Words.All<PruningMethod>()));
        foreach (var method in Enum.GetValues<PruningMethod>()) Assert.Equal(method, Words.Find<PruningMethod>(Words.Of(method)));
        foreach (var wrong in new[] { "SrSte", "sr-ste", "2", "" }) Assert.Null(Words.Find<PruningMethod>(wrong));
    }

    [Fact]
    public void A_long_text_is_cut()
    {
        Assert.Equal("abc", Words.Shorten("abc", 3));
        Assert.Equal("abc…", Words.Shorten("abcd", 3));
    }

    [Theory]
    [InlineData(0, "0 epochs")]
    [InlineData(1, "1 epoch")]
    [InlineData(2, "2 epochs")]
    public void One_thing_is_singular(long number, string expected) => Assert.Equal(expected, Words.Count(number, "epoch"));
}
