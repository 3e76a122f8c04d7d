using Dst.Cli.Usage;

namespace Dst.Tests.Cli;

public sealed class ShellTextTests
{
    [Theory]
    [InlineData("runs/a_b-c+d,e:f=g@h%i.safetensors", "runs/a_b-c+d,e:f=g@h%i.safetensors")]
    [InlineData("", "''")]
    [InlineData("my runs", "'my runs'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("$(rm x)&;*~", "'$(rm x)&;*~'")]
    public void A_word_that_a_shell_reads_otherwise_is_quoted(string word, string expected) =>
        Assert.Equal(expected, ShellText.Quote(word));
}
