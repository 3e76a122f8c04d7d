using Dst.Foundations;
using Dst.Graph;
using Dst.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

/// <summary>Contrast, saturation and random erasing.</summary>
public class AugmentationTests
{
    private static readonly FeatureShape Colour = new(3, 8, 8);

    [Fact]
    public void BandsThatAreNotColourAreJitteredOneByOne()
    {
        float[] image = [0, 1, 10, 30];
        ColourJitter.Apply(image, 2, contrast: 0.5f, saturation: 1);
        Assert.Equal([0.25f, 0.75f, 15, 25], image);
    }

    [Fact]
    public void OutsideOfARotatedWindowOfFloatsIsDark()
    {
        var image = Image.FromFloats(1, 4, 4, [.. Enumerable.Repeat(-5f, 15), -30]);
        var augmenter = new Augmenter(new() { Rotate = 45 }, new(0, AmplitudeTransform.None, [0], [1]), new(1, 4, 4));
        var sample = new Sample(new("image", 0, () => image), image, image);
        var result = new float[16];
        augmenter.Write(sample, new RandomStream(1, RandomPurpose.Augment, 0, 0), result);
        Assert.Equal(-30, result[0]); // the corner lies outside
        Assert.All(result, value => Assert.InRange(value, -30, -5));
    }

    [Fact]
    public void ContrastAndSaturationFollowTheirFormula()
    {
        float[] image = [0.2f, 0.9f, 0.4f, 0.1f, 0.6f, 0.8f]; // red, green and blue of two pixels
        double[] grey = [0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.6, 0.299 * 0.9 + 0.587 * 0.1 + 0.114 * 0.8];
        var mean = grey.Average();
        var expected = image.Select((x, i) => mean + 1.3 * (grey[i % 2] + 0.6 * (x - grey[i % 2]) - mean)).ToArray();
        ColourJitter.Apply(image, 3, contrast: 1.3f, saturation: 0.6f);
        for (var i = 0; i < 6; i++) Assert.Equal(expected[i], image[i], 1e-6);

        float[] single = [0.1f, 0.2f, 0.6f];
        ColourJitter.Apply(single, 1, contrast: 0.5f, saturation: 1);
        Assert.Equal([0.2f, 0.25f, 0.45f], single.Select(x => MathF.Round(x, 6)));
    }

    [Fact]
    public void WithoutSaturationAnImageIsGreyAndContrastKeepsItsMean()
    {
        var random = new RandomStream(1, RandomPurpose.Augment);
        var image = Enumerable.Range(0, 192).Select(_ => (float)random.NextDouble()).ToArray();
        var before = image.ToArray();
        ColourJitter.Apply(image, 3, contrast: 1, saturation: 0);
        for (var p = 0; p < 64; p++) Assert.Equal((image[p], image[p]), (image[64 + p], image[128 + p]));
        Assert.Equal(Mean(before), Mean(image), 1e-6);
        ColourJitter.Apply(before, 3, contrast: 1.7f, saturation: 0.4f);
        Assert.Equal(Mean(image), Mean(before), 1e-6);

        static double Mean(float[] values) =>
            Enumerable.Range(0, 64).Average(p => 0.299 * values[p] + 0.587 * values[64 + p] + 0.114 * values[128 + p]);
    }

    [Fact]
    public void FactorsAreUniformWithinTheirRanges()
    {
        // Grey 0.2, 0.4 and 0.6 of one channel: contrast c gives a range of 0.4·c.
        var image = new Image(1, 1, 3, 8, new byte[] { 51, 102, 153 });
        var ranges = Enumerable.Range(0, 1000).Select(i => Write(new() { Contrast = 0.5 }, image, i) is var v ? (v[2] - v[0]) / 0.4 : 0);
        Assert.Equal((0.5, 1.5, 1.0), (ranges.Min(), ranges.Max(), ranges.Average()), Near(0.02));
        // One red pixel of 1: the difference of red and green is the saturation.
        var red = new Image(3, 1, 1, 8, new byte[] { 255, 0, 0 });
        var colours = Enumerable.Range(0, 1000).Select(i => Write(new() { Saturation = 1 }, red, i) is var v ? (double)(v[0] - v[1]) : 0);
        Assert.Equal((0.0, 2.0, 1.0), (colours.Min(), colours.Max(), colours.Average()), Near(0.04));

        static IEqualityComparer<(double, double, double)> Near(double tolerance) => EqualityComparer<(double, double, double)>.Create(
            (a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) + Math.Abs(a.Item3 - b.Item3) < 3 * tolerance, _ => 0);
    }

    [Fact]
    public void ErasingSetsOneRectangleOfAllChannelsToTheMean()
    {
        var erased = new HashSet<int>();
        for (var i = 0; i < 300; i++)
        {
            var image = Enumerable.Repeat(1f, 192).ToArray();
            var random = new RandomStream(1, RandomPurpose.Augment, 0, i);
            RandomErasing.Erase(image, Colour, ref random);
            var holes = Enumerable.Range(0, 64).Where(p => image[p] == 0).ToList();
            for (var c = 1; c < 3; c++) Assert.Equal(holes, Enumerable.Range(0, 64).Where(p => image[64 * c + p] == 0));
            Assert.All(image, value => Assert.True(value is 0 or 1));
            var (rows, columns) = (holes.Select(p => p / 8).ToHashSet(), holes.Select(p => p % 8).ToHashSet());
            Assert.Equal(rows.Count * columns.Count, holes.Count);
            Assert.Equal((rows.Max() - rows.Min() + 1, columns.Max() - columns.Min() + 1), (rows.Count, columns.Count));
            Assert.InRange(holes.Count, 1, 30); // 2 to 40 % of 64 pixels, with sides rounded
            erased.UnionWith(holes);
        }

        Assert.Equal(64, erased.Count);
    }

    [Fact]
    public void ErasingHappensWithItsProbabilityAndLeavesTheOtherStepsAlone()
    {
        var image = new Image(1, 8, 8, 8, Enumerable.Range(100, 64).Select(v => (byte)v).ToArray());
        var options = new DataOptions { Flip = true, Gain = 0.2, Speckle = 0.1 };
        var touched = 0;
        for (var i = 0; i < 400; i++)
        {
            var (plain, erased) = (Write(options, image, i), Write(options with { Erase = 0.3 }, image, i));
            for (var p = 0; p < 64; p++) Assert.True(erased[p] == plain[p] || erased[p] == 0);
            if (!erased.SequenceEqual(plain)) touched++;
        }

        Assert.InRange(touched, 90, 150);
    }

    [Theory]
    [InlineData("saturation", "data.saturation is 0.5, and the network's input has 1 channel")]
    [InlineData("contrast", "data.contrast is 0.5 with data.normalise image")]
    [InlineData("gain", "data.gain is 0.5 with data.normalise image")]
    public void AugmentationWithoutEffectIsRefused(string setting, string expected)
    {
        var grey = new DataOptions();
        var options = setting switch
        {
            "saturation" => grey with { Saturation = 0.5 },
            "contrast" => grey with { Contrast = 0.5, Normalise = NormalisationSource.Image },
            _ => grey with { Gain = 0.5, Normalise = NormalisationSource.Image },
        };
        var message = Assert.Throws<InputException>(() => options.CheckAugmentation(channels: 1)).Message;
        Assert.StartsWith(expected, message, StringComparison.Ordinal);
    }

    // The augmented image number i, without normalisation.
    private static float[] Write(DataOptions options, Image image, int i)
    {
        var (zeros, ones) = (new float[image.Channels], Enumerable.Repeat(1f, image.Channels).ToArray());
        var shape = new FeatureShape(image.Channels, image.Height, image.Width);
        var augmenter = new Augmenter(options, new InputNormalisation(0, AmplitudeTransform.None, zeros, ones), shape);
        var result = new float[shape.Count];
        augmenter.Write(new(new("image", 0, () => image), image, image), new RandomStream(1, RandomPurpose.Augment, 0, i), result);
        return result;
    }
}
