using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>Transformed weights as integers of 16 bits.</summary>
public unsafe class RoundedWeightsTests
{
    private static readonly Conv2dShape Shape = new(36, 7, 9, 40, 3, 3, 1, 1);

    private static readonly KeptTaps Halved = DirectConvolutionCase.Half(Shape, Layout.Block, group: 4, unitLength: 9);

    public static TheoryData<SimdTier, string> Forms =>
        Tiers.With(tier => ConvolutionForm.Winograd.Where(form => form.Supports(tier, Shape, kept: null))
            .SelectMany(form => new[] { form.Name, $"masked {form.Name}" }));

    [Theory]
    [MemberData(nameof(Forms))]
    public void Integers_times_scales_are_the_weights_within_half_a_step_and_the_rounding_of_a_division(SimdTier tier, string form)
    {
        var kernel = Plan(tier, form);
        using var u = Packed(kernel);
        using var rounded = new AlignedBuffer((kernel.WeightLength + 1) / 2);
        using var scales = new AlignedBuffer(kernel.ScalesLength);
        var integers = (short*)rounded.Pointer;
        kernel.RoundWeights(u.Pointer, integers, scales.Pointer);
        var largest = new int[kernel.ScalesLength];
        foreach (var (weight, scale) in ScaleOfEach(tier, kernel))
        {
            Assert.InRange(u.Pointer[weight] - (double)integers[weight] * scales.Pointer[scale], -Half(scale), Half(scale));
            largest[scale] = Math.Max(largest[scale], Math.Abs((int)integers[weight]));
        }

        for (var scale = 0; scale < kernel.ScalesLength; scale++)
        {
            var isFilter = scale % Layout.PaddedChannels(Shape.Filters) < Shape.Filters;
            Assert.Equal(isFilter ? short.MaxValue : 0, largest[scale]);
            if (!isFilter) Assert.Equal(0, scales.Pointer[scale]);
        }

        double Half(int scale) => 0.505 * scales.Pointer[scale];
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Products_are_those_of_the_rounded_weights(SimdTier tier, string form)
    {
        var kernel = Plan(tier, form);
        using var u = Packed(kernel);
        using var rounded = new AlignedBuffer((kernel.WeightLength + 1) / 2);
        using AlignedBuffer scales = new(kernel.ScalesLength), v = new(kernel.InputTilesLength);
        using AlignedBuffer expected = new(kernel.OutputTilesLength), actual = new(kernel.OutputTilesLength);
        var integers = (short*)rounded.Pointer;
        kernel.RoundWeights(u.Pointer, integers, scales.Pointer);
        foreach (var (weight, scale) in ScaleOfEach(tier, kernel)) u.Pointer[weight] = integers[weight] * scales.Pointer[scale];
        using var x = Blocked.Random(1, Shape.Channels, Shape.Height, Shape.Width, seed: 3);
        var rows = new TileRows(0, 0, kernel.RowsPerImage);
        kernel.TransformInput(rows, x.Pointer, v.Pointer);
        kernel.Multiply(0, kernel.Positions, rows, v.Pointer, u.Pointer, expected.Pointer);
        kernel.MultiplyRounded(0, 2, rows, v.Pointer, integers, scales.Pointer, actual.Pointer);
        kernel.MultiplyRounded(2, kernel.Positions, rows, v.Pointer, integers, scales.Pointer, actual.Pointer);
        var most = expected.Span.ToArray().Max(Math.Abs);
        Assert.True(most > 0.1);
        for (var i = 0; i < expected.Length; i++) Assert.InRange(actual.Pointer[i] - expected.Pointer[i], -2e-6 * most, 2e-6 * most);
    }

    private static WinogradConvolution Plan(SimdTier tier, string form)
    {
        var winograd = ConvolutionForm.Winograd.Single(candidate => form.EndsWith(candidate.Name, StringComparison.Ordinal));
        return new(tier, winograd, Shape, form.StartsWith("masked", StringComparison.Ordinal) ? Halved : null, winograd.RowsOf(Shape));
    }

    private static AlignedBuffer Packed(WinogradConvolution kernel)
    {
        using var weights = Blocked.Random(1, Shape.Filters * Shape.RowLength, 1, 1, seed: 2);
        var u = new AlignedBuffer(kernel.WeightLength);
        for (var block = 0; block < Shape.FilterBlocks; block++)
            kernel.PackWeights(block, weights.Span[..(Shape.Filters * Shape.RowLength)], u.Pointer);
        return u;
    }

    /// <summary>
    /// Each weight and its scale, [position][O/16][16]. Weights are [position][O/16][units][16]; on 512 bits neighbours take turns.
    /// Units of a block are equally many.
    /// </summary>
    private static IEnumerable<(int Weight, int Scale)> ScaleOfEach(SimdTier tier, WinogradConvolution kernel)
    {
        var (units, blocks) = (kernel.WeightLength / kernel.ScalesLength, Shape.FilterBlocks);
        var inPairs = tier == SimdTier.V512 ? blocks / 2 * 2 * units : 0;
        for (var weight = 0; weight < kernel.WeightLength; weight++)
        {
            var (position, vector) = Math.DivRem(weight / Layout.Block, blocks * units);
            var block = vector < inPairs ? vector / (2 * units) * 2 + vector % 2 : vector / units;
            yield return (weight, (position * blocks + block) * Layout.Block + weight % Layout.Block);
        }
    }
}
