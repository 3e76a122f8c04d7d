using System.Runtime.InteropServices;
using Dst.Graph;
using Dst.Images;

namespace Dst.Tests.Images;

public class PreprocessorTests
{
    [Fact]
    public void CentreCropIsTakenAndNormalised()
    {
        // 5 x 6 of the values 10 y + x; the centre 2 x 2 starts at row 1, column 2.
        var image = Grey(5, 6, (y, x) => 10 * y + x);
        var result = Prepare(image, new(0, AmplitudeTransform.None, [0.1f], [0.5f]), new(1, 2, 2));
        float[] expected = [12, 13, 22, 23];
        for (var i = 0; i < 4; i++) Assert.Equal((expected[i] / 255 - 0.1) / 0.5, result[i], 5);
    }

    [Fact]
    public void SmallImageIsPaddedWithZerosAllAround()
    {
        var result = Prepare(Grey(1, 2, (_, _) => 255), Plain(1), new(1, 3, 4));
        Assert.Equal([0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], result);
    }

    [Fact]
    public void TallImageIsCroppedAndPadded()
    {
        var result = Prepare(Grey(4, 1, (y, _) => y == 1 ? 255 : 0), Plain(1), new(1, 2, 3));
        Assert.Equal([0, 1, 0, 0, 0, 0], result);
    }

    [Theory]
    [InlineData(AmplitudeTransform.None, 0.5)]
    [InlineData(AmplitudeTransform.Sqrt, 0.70710678)]
    [InlineData(AmplitudeTransform.Log, 0.87569)] // ln(1 + 255 / 2) / ln 256
    public void AmplitudeIsTransformed(AmplitudeTransform amplitude, double expected)
    {
        var image = new Image(1, 1, 3, 16, MemoryMarshal.AsBytes<ushort>([0, 32768, 65535]).ToArray());
        var result = Prepare(image, Plain(1) with { Amplitude = amplitude }, new(1, 1, 3));
        Assert.Equal(0, result[0], 6);
        Assert.Equal(expected, result[1], 4);
        Assert.Equal(1, result[2], 6);
    }

    [Fact]
    public void ChannelsAreConverted()
    {
        var colour = new Image(3, 1, 1, 8, new byte[] { 200, 100, 50 });
        Assert.Equal((int)Math.Round(0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 255.0, Prepare(colour, Plain(1), new(1, 1, 1))[0], 6);
        Assert.Equal([0.2f, 0.2f, 0.2f], Prepare(Grey(1, 1, (_, _) => 51), Plain(3), new(3, 1, 1)));
    }

    [Fact]
    public void FloatsArePaddedWithTheSmallestOfTheirBand()
    {
        var image = Image.FromFloats(2, 1, 2, [-20, -3, 7, 5]);
        Assert.Equal([-20, -20, -3, -20, 5, 7, 5, 5], Prepare(image, Plain(2), new(2, 1, 4)));
        var colour = Image.FromFloats(3, 1, 1, [1, 2, 4]);
        Assert.Equal(
            [1, 0.299f + 0.587f * 2 + 0.114f * 4], Prepare(colour, Plain(1), new(1, 1, 2)).Select(v => MathF.Round(v, 4)));
    }

    [Theory]
    [InlineData(AmplitudeTransform.None, -1)]
    [InlineData(AmplitudeTransform.Sqrt, 0)]
    [InlineData(AmplitudeTransform.Log, 0)]
    public void FloatsAreTransformed(AmplitudeTransform amplitude, float ofMinusOne)
    {
        var result = Prepare(Image.FromFloats(1, 1, 3, [-1, 0.25f, 4]), Plain(1) with { Amplitude = amplitude }, new(1, 1, 3));
        Assert.Equal(ofMinusOne, result[0]);
        foreach (var (value, actual) in new[] { (0.25, result[1]), (4.0, result[2]) })
        {
            var expected = amplitude switch
            {
                AmplitudeTransform.Sqrt => Math.Sqrt(value),
                AmplitudeTransform.Log => Math.Log(1 + 255 * value) / Math.Log(256),
                _ => value,
            };
            Assert.Equal(expected, actual, 5);
        }
    }

    [Fact]
    public void FloatsAreResizedAsFloats()
    {
        var resized = Resampler.Resize(Image.FromFloats(1, 2, 2, [-10, -10, 1000, 1000]), 1, ResizeFit.Stretch, 1, 1);
        Assert.Equal((1, 1, 32), (resized.Height, resized.Width, resized.BitsPerSample));
        Assert.Equal(495, resized.Samples<float>()[0], 3);
    }

    [Fact]
    public void BandsThatDoNotFitAreRefused() =>
        Assert.Contains(
            "2 bands and the network takes 3",
            Assert.Throws<InputException>(() => Prepare(Image.FromFloats(2, 1, 1, [1, 2]), Plain(3), new(3, 1, 1))).Message);

    [Fact]
    public void ChannelsHaveTheirOwnNormalisation()
    {
        var colour = new Image(3, 1, 1, 8, new byte[] { 51, 102, 153 });
        var result = Prepare(colour, new(0, AmplitudeTransform.None, [0.2f, 0, 0.5f], [1, 2, 0.1f]), new(3, 1, 1));
        Assert.Equal([0, 0.2, 1], result.Select(v => Math.Round(v, 5)));
    }

    [Fact]
    public void SmoothingSpreadsADotBinomially()
    {
        var result = Prepare(Grey(5, 5, (y, x) => (y, x) == (2, 2) ? 255 : 0), Plain(1) with { Smooth = true }, new(1, 5, 5));
        int[] row = [0, 1, 2, 1, 0];
        for (var i = 0; i < 25; i++) Assert.Equal(row[i / 5] * row[i % 5] / 16f, result[i]);
        Assert.All(Prepare(Grey(3, 4, (_, _) => 255), Plain(1) with { Smooth = true }, new(1, 3, 4)), v => Assert.Equal(1, v));
    }

    [Fact]
    public void PerImageNormalisationUsesTheImageItself()
    {
        var normalisation = new InputNormalisation(0, AmplitudeTransform.None, [9], [9], PerImage: true);
        Assert.Equal(
            [-1, 1, 1, -1], Prepare(Grey(2, 2, (y, x) => y == x ? 10 : 90), normalisation, new(1, 2, 2)).Select(v => Math.Round(v, 4)));
        Assert.All(Prepare(Grey(2, 2, (_, _) => 51), normalisation, new(1, 2, 2)), v => Assert.Equal(0, v));
    }

    [Fact]
    public void WrongNormalisationIsRefused()
    {
        Assert.Throws<InputException>(() => Prepare(Grey(1, 1, (_, _) => 0), Plain(3), new(1, 1, 1)));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Prepare(Grey(1, 1, (_, _) => 0), Plain(1) with { Amplitude = (AmplitudeTransform)9 }, new(1, 1, 1)));
        Assert.Throws<ArgumentException>(() => Preprocessor.Prepare(Grey(1, 1, (_, _) => 0), Plain(1), new(1, 1, 1), new float[2]));
    }

    [Fact]
    public void ShrinkingTwofoldWeighsNeighbours()
    {
        // Triangle of half width 2 about 2: pixels 0 to 3 weigh 1, 3, 3, 1; at the edge the first weight is dropped.
        var resized = Resampler.Resize(Grey(6, 6, (_, x) => x is 2 ? 240 : 0), 3, ResizeFit.Stretch, 3, 3);
        Assert.Equal((3, 3, 16), (resized.Height, resized.Width, resized.BitsPerSample));
        var row = resized.Samples<ushort>()[..3].ToArray();
        Assert.Equal(240 * 257 / 7.0, row[0], 1.0);
        Assert.Equal(240 * 257 * 3 / 8.0, row[1], 1.0);
        Assert.Equal(0, row[2]);
    }

    [Fact]
    public void ResizeKeepsConstantsAndCorners()
    {
        var constant = Resampler.Resize(Grey(7, 5, (_, _) => 100), 9, ResizeFit.Stretch, 9, 9);
        Assert.All(constant.Samples<ushort>().ToArray(), v => Assert.Equal(100 * 257, v));
        var enlarged = Resampler.Resize(Grey(2, 2, (y, x) => 100 * y + 50 * x), 4, ResizeFit.Stretch, 4, 4).Samples<ushort>().ToArray();
        Assert.Equal(0, enlarged[0]);
        Assert.Equal(150 * 257, enlarged[15]);
        Assert.Equal(12.5 * 257, enlarged[1], 1.0);
        var same = Grey(3, 3, (_, _) => 1);
        Assert.Same(same, Resampler.Resize(same, 3, ResizeFit.Stretch, 3, 3));
    }

    [Theory]
    [InlineData(9, 4, 5)]
    [InlineData(40, 7, 3)]
    [InlineData(9, 12, 5)] // larger than the image: the whole image
    public void TheWindowOfAResizedImageIsThatOfTheWholeOne(int side, int height, int width)
    {
        var image = Grey(7, 11, (y, x) => (37 * y + 91 * x) % 256);
        var shape = new FeatureShape(1, height, width);
        var expected = Framing.Frame(Resampler.Resize(image, side, ResizeFit.Stretch, side, side), shape);
        Assert.Equal(expected.Samples<ushort>().ToArray(), Framing.Frame(image, shape, side).Samples<ushort>().ToArray());
    }

    [Fact]
    public void AnyResizeTakesTheMemoryOfItsWindow()
    {
        var image = Grey(64, 64, (y, x) => y + x);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Framing.Frame(image, new(1, 32, 32), 16384);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void ResizeComesBeforeTheCrop()
    {
        var result = Prepare(Grey(8, 8, (_, x) => x < 4 ? 0 : 255), Plain(1) with { Resize = 4 }, new(1, 2, 2));
        Assert.Equal(result[0], result[2]);
        Assert.InRange(result[0], 0, 0.2);
        Assert.InRange(result[1], 0.8, 1);
    }

    private static Image Grey(int height, int width, Func<int, int, int> pixel) =>
        new(1, height, width, 8, Enumerable.Range(0, height * width).Select(i => (byte)pixel(i / width, i % width)).ToArray());

    private static InputNormalisation Plain(int channels) =>
        new(0, AmplitudeTransform.None, new float[channels], [.. Enumerable.Repeat(1f, channels)]);

    private static float[] Prepare(Image image, InputNormalisation normalisation, FeatureShape shape)
    {
        var result = new float[shape.Count];
        Preprocessor.Prepare(image, normalisation, shape, result);
        return result;
    }
}
