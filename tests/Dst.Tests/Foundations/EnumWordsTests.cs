using Dst.Foundations;
using Dst.Training.Masks;

namespace Dst.Tests.Foundations;

public sealed class EnumWordsTests
{
    [Fact]
    public void Every_value_has_a_word_by_which_it_is_found()
    {
        Assert.Equal(["one_shot", "gradual", "sr_ste", "random_channels"], EnumWords.All<PruningMethod>());
        foreach (var method in Enum.GetValues<PruningMethod>()) Assert.Equal(method, EnumWords.Find<PruningMethod>(EnumWords.Of(method)));
        foreach (var wrong in new[] { "SrSte", "sr-ste", "2", "" }) Assert.Null(EnumWords.Find<PruningMethod>(wrong));
    }
}
