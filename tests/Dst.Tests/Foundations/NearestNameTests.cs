using Dst.Foundations;

namespace Dst.Tests.Foundations;

public class NearestNameTests
{
    [Theory]
    [InlineData("resnet21", "resnet20")]
    [InlineData("VGG-8", "vgg8")]
    [InlineData("foo", null)]
    [InlineData("", null)]
    public void A_name_that_is_far_from_all_has_none_near(string name, string? expected) =>
        Assert.Equal(expected, NearestName.Find(name, ["resnet20", "vgg8"]));

    [Fact]
    public void Of_many_names_few_are_shown()
    {
        string[] names = [.. Enumerable.Range(1, 70).Select(i => $"conv{i}")];
        Assert.Equal("did you mean 'conv1'?", NearestName.Advise("cnv1", names));
        Assert.Equal("one of conv1, conv2, conv3, conv4, conv5 and 65 more was expected", NearestName.Advise("avgpool", names));
    }
}
