using Dst.Graph;
using Dst.Images;

namespace Dst.Tests.Images;

/// <summary>Resizes that stretch, cut or pad, on odd sizes, against a slow reference in double precision.</summary>
public class ResizeFitTests
{
    private const float Dark = -3;

    public static TheoryData<ResizeFit, ImageSize, ImageSize, ImageSize> Cases
    {
        get
        {
            var cases = new TheoryData<ResizeFit, ImageSize, ImageSize, ImageSize>();
            foreach (var fit in Enum.GetValues<ResizeFit>())
            {
                foreach (var image in new ImageSize[] { new(7, 11), new(11, 7), new(5, 5), new(1, 9), new(23, 4) })
                {
                    cases.Add(fit, image, new(6, 9), new(6, 9));
                    cases.Add(fit, image, new(9, 6), new(5, 3)); // the centre of the resized image
                    cases.Add(fit, image, new(7, 5), new(8, 4)); // larger in one direction, smaller in the other
                    cases.Add(fit, image, new(3, 12), new(10, 13)); // larger than the resized image
                    cases.Add(fit, image, 8, 8);
                    cases.Add(fit, image, image, image);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AnImageIsWhatTheReferenceMakes(ResizeFit fit, ImageSize size, ImageSize resize, ImageSize input)
    {
        var image = Image.FromFloats(
            1, size.Height, size.Width, [.. Enumerable.Range(0, size.Height * size.Width).Select(i => i == 2 ? Dark : (37 * i + 11) % 23)]);
        var shape = new FeatureShape(1, input.Height, input.Width);
        var expected = Reference(image, fit, resize, input);
        var prepared = new float[shape.Count];
        Preprocessor.Prepare(image, InputNormalisation.None(1) with { Resize = resize, Fit = fit }, shape, prepared);
        var framed = Framing.Frame(image, shape, resize, fit).Samples<float>();
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], prepared[i], 1e-4);
            Assert.Equal(prepared[i], framed[i]);
        }
    }

    [Fact]
    public void PaddingOfBytesIsZero()
    {
        var image = new Image(1, 2, 4, 8, Enumerable.Repeat((byte)255, 8).ToArray());
        var result = new float[16];
        Preprocessor.Prepare(image, InputNormalisation.None(1) with { Resize = 4, Fit = ResizeFit.Pad }, new(1, 4, 4), result);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0], result);
    }

    [Theory]
    [InlineData(ResizeFit.Crop)]
    [InlineData(ResizeFit.Pad)]
    public void AnExtremeRatioTakesTheMemoryOfItsWindow(ResizeFit fit)
    {
        var image = new Image(1, 1, 16384, 8, new byte[16384]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Framing.Frame(image, new(1, 32, 32), 4096, fit);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 << 20);
    }

    // The resized image whole, cut to the size about its centre; then the input about the centre of that.
    private static double[] Reference(Image image, ResizeFit fit, ImageSize resize, ImageSize input)
    {
        double rows = (double)resize.Height / image.Height, columns = (double)resize.Width / image.Width;
        var scale = fit == ResizeFit.Crop ? Math.Max(rows, columns) : Math.Min(rows, columns);
        if (fit != ResizeFit.Stretch) (rows, columns) = (scale, scale);
        int height = Rounded(image.Height * rows), width = Rounded(image.Width * columns);
        var values = image.Samples<float>().ToArray();
        var whole = new double[height, width];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++) whole[y, x] = Filtered(values, image.Height, image.Width, height, width, y, x);
        }

        int keptHeight = Math.Min(height, resize.Height), keptWidth = Math.Min(width, resize.Width);
        var kept = new double[keptHeight, keptWidth];
        for (var y = 0; y < keptHeight; y++)
        {
            for (var x = 0; x < keptWidth; x++) kept[y, x] = whole[y + (height - keptHeight) / 2, x + (width - keptWidth) / 2];
        }

        var darkest = kept.Cast<double>().Min();
        var result = new double[input.Height * input.Width];
        for (var i = 0; i < result.Length; i++)
        {
            var y = i / input.Width + (int)Math.Floor((keptHeight - input.Height) / 2.0);
            var x = i % input.Width + (int)Math.Floor((keptWidth - input.Width) / 2.0);
            result[i] = y >= 0 && y < keptHeight && x >= 0 && x < keptWidth ? kept[y, x] : darkest;
        }

        return result;
    }

    private static int Rounded(double extent) => Math.Max(1, (int)Math.Floor(extent + 0.5 + 1e-9));

    // The mean of all pixels, weighted by a triangle in each direction.
    private static double Filtered(float[] values, int height, int width, int toHeight, int toWidth, int y, int x)
    {
        var (sum, weights) = (0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            var weight = Weight(i / width, height, toHeight, y) * Weight(i % width, width, toWidth, x);
            (sum, weights) = (sum + weight * values[i], weights + weight);
        }

        return sum / weights;
    }

    private static double Weight(int from, int extent, int toExtent, int to)
    {
        var ratio = (double)extent / toExtent;
        return Math.Max(0, 1 - Math.Abs(from + 0.5 - (to + 0.5) * ratio) / Math.Max(ratio, 1));
    }
}
