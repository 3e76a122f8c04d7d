using Dst.Training.Engine;

namespace Dst.Tests.Engine;

public class ChanceTests
{
    [Fact]
    public void Chance_names_each_class_that_has_images_equally_well()
    {
        Assert.Equal(0.25, new Chance([5, 10, 100, 3]).Level);
        Assert.Equal(0.5, new Chance([5, 0, 10]).Level);
    }

    [Theory]
    [InlineData(0.5, 7, true)] // 14 images of two classes
    [InlineData(0.5, 6, false)] // of 12 images a network that is right in three of four has six right too often
    [InlineData(0.0, 3, true)] // none right of six says more
    [InlineData(0.51, 1000, false)]
    public void It_explains_what_is_no_better_where_the_images_are_enough(double accuracy, int imagesPerClass, bool expected) =>
        Assert.Equal(expected, new Chance([imagesPerClass, imagesPerClass]).Explains(accuracy));

    [Fact]
    public void A_small_class_makes_a_mean_of_recalls_inexact()
    {
        Assert.True(new Chance([50, 50]).Explains(0.5));
        Assert.False(new Chance([98, 2]).Explains(0.5));
    }

    [Fact]
    public void Whoever_names_one_class_alone_is_at_chance_though_most_images_are_of_it()
    {
        var confusion = new ConfusionMatrix(2);
        for (var i = 0; i < 90; i++) confusion.Add(0, 0);
        for (var i = 0; i < 10; i++) confusion.Add(1, 0);
        Assert.True(new Chance([90, 10]).Explains(confusion.BalancedAccuracy));
        Assert.Equal(0.9, confusion.Accuracy);
    }
}
