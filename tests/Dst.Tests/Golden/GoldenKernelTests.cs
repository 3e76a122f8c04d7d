using System.Runtime.CompilerServices;
using System.Text.Json;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Tests.Kernels;

namespace Dst.Tests.Golden;

/// <summary>Convolutions in the frequency domain and poolings, against PyTorch in double precision (make_kernels.py).</summary>
public sealed class GoldenKernelTests
{
    private const int Images = 2, Channels = 3, Filters = 4, Height = 12, Width = 11, Kernel = 9;
    private const float Retain = 0.375f;
    private const double Tolerance = 2e-5;

    private static readonly JsonElement Golden = Read();
    private static readonly WindowShape Window = new(Channels, Height, Width, 3, 3, 2, 1);

    [Theory]
    [TierData(Scalar = false)] // which has no form in the frequency domain
    public void Convolutions_and_their_gradients(SimdTier tier)
    {
        foreach (var form in ConvolutionForm.Fft)
        {
            Conv2dShape shape = new(Channels, Height, Width, Filters, Kernel, Kernel, 1, Kernel / 2);
            Conv2dShape depthwise = shape with { Filters = Channels, Groups = Channels };
            if (form.Supports(tier, shape, kept: null)) Expect("convolution", new FftCase(Images, shape, form), shape, tier);
            if (form.Supports(tier, depthwise, kept: null))
                Expect("depthwise", new DepthwiseFftCase(Images, depthwise, form), depthwise, tier);
        }
    }

    [Theory]
    [TierData]
    public unsafe void Poolings_in_inference(SimdTier tier)
    {
        using var x = Blocked.FromNchw(Images, Channels, Height, Width, Values("x", Images * Channels * Height * Width));
        using var y = Blocked.Garbage(Images, Channels, Window.OutHeight, Window.OutWidth);
        MaxPoolDropout.Mean(tier, Window, x.Pointer, Images, Retain, y.Pointer);
        AssertClose(Golden.GetProperty("weighted"), y.ToNchw());
        StochasticPool.Mean(tier, Window, x.Pointer, Images, y.Pointer);
        AssertClose(Golden.GetProperty("stochastic"), y.ToNchw());
    }

    [Theory]
    [TierData]
    public void Spectral_poolings_and_their_gradients(SimdTier tier)
    {
        foreach (var (height, width) in new[] { (6, 4), (7, 5) })
        {
            var pool = new SpectralPoolCase(Images, new(Channels, Height, Width), height, width);
            var golden = Golden.GetProperty("spectral").GetProperty($"{height}x{width}");
            using var x = Blocked.FromNchw(Images, Channels, Height, Width, Values("x", Images * Channels * Height * Width));
            using var y = pool.Forward([x], tier);
            AssertClose(golden.GetProperty("y"), y.ToNchw());
            using var dy = Blocked.FromNchw(Images, Channels, height, width, Values("dy", Images * Channels * height * width));
            using var dx = Blocked.Garbage(Images, Channels, Height, Width);
            pool.Backward([x], y, dy, [dx], accumulate: false, tier);
            AssertClose(golden.GetProperty("dx"), dx.ToNchw());
        }
    }

    private static void Expect(string name, OperationCase operation, Conv2dShape shape, SimdTier tier)
    {
        using var x = Blocked.FromNchw(Images, Channels, Height, Width, Values("x", Images * Channels * Height * Width));
        var count = shape.Filters * shape.RowLength;
        using var weights = Blocked.FromNchw(1, count, 1, 1, Values("w", count));
        using var y = operation.Forward([x, weights], tier);
        AssertClose(Golden.GetProperty(name).GetProperty("y"), y.ToNchw());
        using var dy = Blocked.FromNchw(
            Images, shape.Filters, shape.OutHeight, shape.OutWidth,
            Values("dy", Images * shape.Filters * shape.OutHeight * shape.OutWidth));
        using var dx = Blocked.Garbage(Images, Channels, Height, Width);
        using var dw = new Blocked(1, count, 1, 1);
        operation.Backward([x, weights], y, dy, [dx, dw], accumulate: false, tier);
        AssertClose(Golden.GetProperty(name).GetProperty("dx"), dx.ToNchw());
        AssertClose(Golden.GetProperty(name).GetProperty("dw"), dw.ToNchw());
    }

    private static void AssertClose(JsonElement expected, float[] actual)
    {
        var values = expected.EnumerateArray().Select(value => value.GetDouble()).ToArray();
        Assert.Equal(values.Length, actual.Length);
        var largest = values.Max(Math.Abs);
        Assert.All(values.Zip(actual), pair => Assert.InRange(pair.Second - pair.First, -Tolerance * largest, Tolerance * largest));
    }

    private static float[] Values(string name, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (float)GoldenInputs.Uniform(name, i))];

    private static JsonElement Read([CallerFilePath] string thisFile = "")
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(thisFile)!, "kernels.json")));
        return json.RootElement.Clone();
    }
}
