using Dst.Foundations;

namespace Dst.Tests.Foundations;

public sealed class PhrasesTests
{
    [Fact]
    public void A_long_list_is_cut()
    {
        Assert.Equal("a, b", Phrases.First(["a", "b"]));
        Assert.Equal("a, b, c, d, e and 2 more", Phrases.First(["a", "b", "c", "d", "e", "f", "g"]));
        Assert.Equal("", Phrases.First([]));
    }

    [Fact]
    public void The_last_of_a_choice_follows_or()
    {
        Assert.Equal("a", Phrases.Choice(["a"]));
        Assert.Equal("a, b or c", Phrases.Choice(["a", "b", "c"]));
    }

    [Fact]
    public void A_long_text_is_cut()
    {
        Assert.Equal("abc", Phrases.Shorten("abc", 3));
        Assert.Equal("abc…", Phrases.Shorten("abcd", 3));
    }

    [Theory]
    [InlineData(0, "0 epochs")]
    [InlineData(1, "1 epoch")]
    [InlineData(2, "2 epochs")]
    public void One_thing_is_singular(long number, string expected) => Assert.Equal(expected, Phrases.Count(number, "epoch"));
}
