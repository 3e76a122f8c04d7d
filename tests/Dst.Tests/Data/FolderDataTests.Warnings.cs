using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

/// <summary>Classes and images that a user is warned of.</summary>
public sealed partial class FolderDataTests
{
    [Fact]
    public void ClassesOfFewImagesAreNamedInOneLine()
    {
        for (var i = 0; i < 6; i++) WriteGrey($"train/a/1{i}.png", $"train/b/2{i}.png", $"train/c/3{i}.png");
        WriteGrey("val/a/4.png", "val/b/5.png", "test/a/6.png", "test/b/7.png", "train/d/8.png", "val/d/9.png", "test/d/0.png");
        Load();
        Assert.Equal(
            "warning: 2 classes have too few images to learn from or to measure on: 'c' (6 training, 0 validation, 0 test), "
            + "'d' (1 training, 1 validation, 1 test)", Assert.Single(_log, line => line.Contains("too few")));
        Directory.Delete(_folder.File("train/c"), recursive: true);
        Load();
        Assert.Contains("warning: 1 class has too few images", Assert.Single(_log, line => line.Contains("too few")));
        Directory.Delete(_folder.File("val"), recursive: true);
        Load(new() { ValidationFrom = ValidationSource.None });
        Assert.Contains("'d' (1 training, 1 test)", Assert.Single(_log, line => line.Contains("too few")));
    }

    [Fact]
    public void FoldersThatAClassTakesTogetherAreNamed()
    {
        WriteGrey("edgy/rect/1.png", "edgy/tri/2.png", "round/circle/3.png", "round/4.png");
        Load(new() { Test = 0.5, Validation = 0 });
        Assert.Equal(
            "data: images of several folders are taken together in 1 class, such as 'edgy' (rect, tri)",
            Assert.Single(_log, line => line.Contains("together")));
    }

    [Fact]
    public void ImagesWithoutFoldersAreCounted()
    {
        WriteGrey("1.png", "2.png");
        Assert.EndsWith(
            "holds 0 class folders; at least 2 were expected; it holds 2 images: put those of each class into a folder of its own",
            Fails());
    }

    [Theory]
    [InlineData("train/b/same.png")]
    [InlineData("test/b/same.png")]
    public void AnImageInTwoClassesIsNamed(string copy)
    {
        WriteGrey("train/a/1.png", "train/a/2.png", "train/b/3.png", "test/a/4.png", "test/b/5.png");
        Write("train/a/again.png", File.ReadAllBytes(_folder.File("train/a/1.png"))); // of one class, so nothing contradicts
        Load(new() { Validation = 0 });
        Assert.DoesNotContain(_log, line => line.Contains("contradict"));
        Write(copy, File.ReadAllBytes(_folder.File("train/a/1.png")));
        Load(new() { Validation = 0 });
        Assert.Equal(
            $"warning: 1 image is in two classes, such as '{_folder.File("train/a/1.png")}' = '{_folder.File(copy)}'; their labels "
            + "contradict", Assert.Single(_log, line => line.Contains("contradict")));
    }

    [Fact]
    public void UnreadableImagesAreLeftOutWhereTheSettingsSaySo()
    {
        var whole = TestImages.GreyPng(16, 16, (y, x) => (byte)(16 * y + x));
        for (var i = 0; i < 20; i++) Write($"{(i < 10 ? "a" : "b")}/{i:00}.png", whole);
        Write("a/03.png", whole[..40]); // its header tells a size
        Write("b/12.png", []);
        var (options, first) = (new DataOptions { Unreadable = UnreadableImages.Skip }, _folder.File("a/03.png"));
        using var unlabelled = new TemporaryFolder();
        File.WriteAllBytes(unlabelled.File("bad.png"), whole[..40]);
        File.WriteAllBytes(unlabelled.File("good.png"), whole);
        var data = Load(options with { Unlabelled = unlabelled.Path });
        Assert.Equal((18, 1), (data.Training.Count + data.Validation.Count + data.Test.Count, data.Unlabelled.Count));
        Assert.Single(_log, line => line.StartsWith(
            $"warning: 2 images are left out of 20, because data.unreadable is skip; the first: file '{first}'", StringComparison.Ordinal));
        Assert.Single(_log, line => line.StartsWith("warning: 1 image is left out of 2, because", StringComparison.Ordinal));
        Assert.Equal(18, DataSurvey.Of(options with { Path = _folder.Path }).Images);
        for (var i = 0; i < 20; i++) Write($"{(i < 10 ? "a" : "b")}/{i:00}.png", []);
        Assert.StartsWith($"file '{_folder.File("a/00.png")}'", Fails(options));
    }

    [Theory]
    [InlineData("9x12 9x12 6x12 9x12 12x9", 0.75)] // four in five are wider than high
    [InlineData("9x12 9x12 9x12 12x9", 1)]
    [InlineData("12x12 12x12 12x12 12x6", 1)]
    [InlineData("12x6 12x6 12x6 12x8", 2)]
    public void TheSurveyTellsTheRatioOfMostImages(string sizes, double ratio)
    {
        foreach (var (i, text) in sizes.Split(' ').Index())
        {
            Assert.True(ImageSize.TryParse(text, out var size));
            Write($"{(i % 2 == 0 ? "a" : "b")}/{i}.png", TestImages.GreyPng(size.Width, size.Height, (y, x) => (byte)(16 * i + y)));
        }

        Assert.Equal(ratio, DataSurvey.Of(new() { Path = _folder.Path }).MedianRatio);
    }

    [Fact]
    public void ASplitOfWhichNoImageCanBeReadIsAnError()
    {
        WriteGrey("train/a/1.png", "train/a/2.png", "train/b/3.png", "train/b/4.png");
        foreach (var name in new[] { "a", "b" }) Write($"test/{name}/5.png", []);
        Assert.StartsWith("of the 2 test images of ", Fails(new() { Unreadable = UnreadableImages.Skip }));
    }
}
