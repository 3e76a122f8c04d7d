using Dst.Foundations;
using Dst.Graph;
using Dst.Images;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

/// <summary>Inputs that are not square: what a network sees in training and prediction, and augmentation.</summary>
public sealed class OblongInputTests : IDisposable
{
    private static readonly ImageSize Size = new(12, 18);

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    public OblongInputTests()
    {
        for (var i = 0; i < 12; i++) Write(_folder, i, TestImages.GreyPng(20 + i, 31 - 2 * i, (y, x) => (byte)(31 * y + 17 * x + 20 * i)));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ResizeFit.Stretch)]
    [InlineData(ResizeFit.Crop)]
    [InlineData(ResizeFit.Pad)]
    public void TrainingSeesWhatAPredictionSees(ResizeFit fit)
    {
        var data = Load(new() { Resize = Size, Crop = new(11, 15), Fit = fit, Rotate = 20, Shift = 3, Pad = 2 });
        Assert.Equal(new FeatureShape(1, 11, 15), data.Shape);
        Assert.Equal((Size, fit), (data.Normalisation.Resize, data.Normalisation.Fit));
        var expected = new float[data.Shape.Count];
        foreach (var split in data.Splits)
        {
            using var loader = new BatchLoader(data, split, split.Count, augment: false, seed: 1);
            var batch = loader.Epoch(0).Single();
            for (var i = 0; i < batch.Count; i++)
            {
                Preprocessor.Prepare(Image.Read(split.Samples[i].Name), data.Normalisation, data.Shape, expected);
                Assert.Equal(expected, batch.Images.AsSpan(i * expected.Length, expected.Length).ToArray());
            }
        }
    }

    [Fact]
    public void TheLineOnSizesSaysWhetherImagesAreStretched()
    {
        Load(new() { Resize = 16 });
        Assert.Contains(
            "data: 12 images: 12 grey, 12 sizes from 9x31 to 31x20; resized to 16x16, stretched 1.6 times (data.fit: stretch)", _log);
        Load(new() { Resize = 16, Fit = ResizeFit.Crop });
        Assert.Contains("data: 12 images: 12 grey, 12 sizes from 9x31 to 31x20; resized to cover 16x16 and cut to it", _log);
        Assert.Contains(_log, line => line.StartsWith("data: 12 images are cut by data.fit crop: the centre is seen, "));
        Assert.DoesNotContain(_log, line => line.Contains("larger than"));
        Load(new() { Resize = 16, Fit = ResizeFit.Pad });
        Assert.Contains("data: 12 images: 12 grey, 12 sizes from 9x31 to 31x20; resized to fit inside 16x16", _log);
        Assert.Contains(_log, line => line.StartsWith("data: 3 images are, resized to fit inside 16x16, smaller than the input of 16x16"));
    }

    [Fact]
    public void ImagesOfOneSizeAreNamedIfTheyAreStretched()
    {
        using var folder = new TemporaryFolder();
        for (var i = 0; i < 8; i++) Write(folder, i, TestImages.GreyPng(30, 20, (y, x) => (byte)(y * x + i)));
        void LoadOther(DataOptions options) => DataSet.Load(options with { Path = folder.Path }, 1, _log.Add);
        LoadOther(new() { Resize = new(16, 24) });
        Assert.DoesNotContain(_log, line => line.Contains("resized"));
        LoadOther(new() { Resize = 16 });
        Assert.Contains("data: 8 images: 8 grey, all 20x30; resized to 16x16, stretched 1.5 times (data.fit: stretch)", _log);
    }

    [Fact]
    public void AFitWithoutAResizeIsRefused()
    {
        var error = Assert.Throws<InputException>(() => Load(new() { Crop = 9, Fit = ResizeFit.Pad }));
        Assert.Equal("data.fit is pad, and images are not resized; data.resize was expected too", error.Message);
        Assert.Equal(64, Load(new() { Fit = ResizeFit.Pad }).Options.Resize); // images of several sizes are resized
    }

    [Fact]
    public void WhatTheFitCutsIsNotComparedWithTheInput()
    {
        var normalisation = InputNormalisation.None(1) with { Resize = 16, Fit = ResizeFit.Crop };
        ImageSize[] sizes = [new(32, 64), new(40, 40)]; // the second has the ratio of the size
        IEnumerable<string> Remarks(int side) => CropRemarks.Of(sizes, normalisation, new(1, side, side));
        Assert.Equal(["1 image is cut by data.fit crop: the centre is seen, 50.0 % of the pixels, and the rest is not"], Remarks(20));
        Assert.Equal(
            [
                "1 image is cut by data.fit crop, and to the input of 8x8: the centre is seen, 12.5 % of the pixels, and the rest is not",
                "1 image is, resized to cover 16x16 and cut to it, larger than the input of 8x8: the centre is seen, 25.0 % of the pixels, "
                    + "and the rest is not",
            ],
            Remarks(8));
    }

    [Theory]
    [InlineData(0, 64, "0x64")]
    [InlineData(64, 0, "64x0")]
    [InlineData(-1, -1, "-1x-1")]
    [InlineData(8, -1, "8x-1")]
    public void ASizeWithoutPixelsIsRefused(int height, int width, string text)
    {
        var size = new ImageSize(height, width);
        foreach (var (name, options) in new[] { ("resize", new DataOptions { Resize = size }), ("crop", new() { Crop = size }) })
        {
            var error = Assert.Throws<InputException>(() => Load(options));
            Assert.Equal($"data.{name} is {text}; 0, or at least one pixel a side was expected", error.Message);
        }
    }

    [Theory]
    [InlineData(ResizeFit.Stretch)]
    [InlineData(ResizeFit.Crop)]
    [InlineData(ResizeFit.Pad)]
    public void EveryAugmentationTakesAnOblongInput(ResizeFit fit)
    {
        var options = new DataOptions
        {
            Resize = Size,
            Fit = fit,
            Rotate = 180,
            Shift = 4,
            Pad = 4,
            Flip = true,
            Gain = 0.2,
            Contrast = 0.2,
            Speckle = 0.1,
            Smooth = true,
            Erase = 0.5,
            Mixup = 0.5,
            Cutmix = 1,
        };
        var data = Load(options);
        using var loader = new BatchLoader(data, data.Training, 4, augment: true, seed: 1);
        for (var epoch = 0; epoch < 10; epoch++)
            Assert.All(loader.Epoch(epoch), batch => Assert.All(batch.Images, value => Assert.InRange(value, -20, 20)));
    }

    [Fact]
    public void CutMixExchangesOneBoxOfAnOblongInput()
    {
        var plain = Load(new() { Resize = Size });
        var mixed = Load(new() { Resize = Size, Cutmix = 1 });
        using var before = new BatchLoader(plain, plain.Training, plain.Training.Count, augment: true, seed: 1);
        using var after = new BatchLoader(mixed, mixed.Training, mixed.Training.Count, augment: true, seed: 1);
        for (var epoch = 0; epoch < 20; epoch++)
        {
            var (one, other) = (before.Epoch(epoch).Single(), after.Epoch(epoch).Single());
            var pixels = Size.Height * Size.Width;
            var taken = Enumerable.Range(0, pixels).Where(i => one.Images[i] != other.Images[i]).ToList();
            Assert.All(taken, i => Assert.Equal(one.Images[(one.Count - 1) * pixels + i], other.Images[i]));
            var box = taken.Select(i => (Y: i / Size.Width, X: i % Size.Width)).ToList();
            if (box.Count == 0) continue;
            var area = (box.Max(p => p.Y) - box.Min(p => p.Y) + 1) * (box.Max(p => p.X) - box.Min(p => p.X) + 1);
            Assert.Equal(1 - area / (float)pixels, other.Share, 0.05f); // a few pixels of the two images may be equal
        }
    }

    [Fact]
    public void ShiftReachesEveryPlaceOfAnOblongImageAndNoOther()
    {
        // One bright pixel at the centre of 7 x 11: its place in the crop of 5 x 7 shows the displacement.
        var image = Dot(7, 11, 3, 5);
        var seen = Places(new() { Shift = 8 }, image, 5, 7);
        Assert.Equal(3 * 5, seen.Count);
        Assert.DoesNotContain(-1, seen);
        Assert.Equal(5 * 7, Places(new() { Shift = 8, Pad = 1 }, image, 5, 7).Count);
    }

    [Fact]
    public void FlipMirrorsColumnsOfAnOblongImage() =>
        Assert.Equal([3 * 2 + 0, 3 * 2 + 2], Places(new() { Flip = true }, Dot(5, 3, 2, 0), 5, 3).Order());

    [Fact]
    public void RotationKeepsTheCentreOfAnOblongImageAndReadsBeyondTheCrop()
    {
        var options = new DataOptions { Rotate = 180 };
        var flat = new Image(1, 31, 31, 8, Enumerable.Repeat((byte)255, 31 * 31).ToArray());
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(1, Write(options, Dot(31, 31, 15, 15), 5, 13, i)[2 * 13 + 6], 1e-4);
            Assert.All(Write(options, flat, 5, 13, i), v => Assert.Equal(1, v, 1e-5));
        }
    }

    private static void Write(TemporaryFolder folder, int number, byte[] image)
    {
        var ofClass = Directory.CreateDirectory(folder.File(number % 2 == 0 ? "a" : "b"));
        File.WriteAllBytes(Path.Combine(ofClass.FullName, $"{number}.png"), image);
    }

    private DataSet Load(DataOptions options) =>
        DataSet.Load(options with { Path = _folder.Path, Validation = 0.3, Test = 0.3 }, 1, _log.Add);

    private static Image Dot(int height, int width, int y, int x)
    {
        var data = new byte[height * width];
        data[y * width + x] = 255;
        return new(1, height, width, 8, data);
    }

    private static HashSet<int> Places(DataOptions options, Image image, int height, int width) =>
        [.. Enumerable.Range(0, 600).Select(i => Array.FindIndex(Write(options, image, height, width, i), v => v > 0))];

    // The augmented image number i, without normalisation, from the window that a data set keeps.
    private static float[] Write(DataOptions options, Image image, int height, int width, int i)
    {
        var (marginY, marginX) = (Augmenter.Margin(options, width), Augmenter.Margin(options, height));
        var window = Framing.Frame(image, new(1, height + 2 * marginY, width + 2 * marginX));
        var augmenter = new Augmenter(options, InputNormalisation.None(1), new(1, height, width));
        var result = new float[height * width];
        augmenter.Write(new(new("image", 0, () => image), image, window), new(1, RandomPurpose.Augment, 0, i), result);
        return result;
    }
}
