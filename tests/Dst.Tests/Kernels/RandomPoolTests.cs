using System.Numerics;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>Max-pooling dropout and stochastic pooling: what chance decides, and the means over it.</summary>
public unsafe class RandomPoolTests
{
    private const ulong Key = 0x1234;

    private static readonly float[] Four = [3, 0.5f, 2, 1];

    public static TheoryData<SimdTier, int> Shapes => Tiers.With(_ => Enumerable.Range(0, AllShapes.Length));

    private static readonly WindowShape[] AllShapes =
    [
        new(17, 8, 8, 2, 2, 2), new(3, 7, 6, 3, 3, 2, 1), new(33, 5, 4, 3, 3, 1, 1), new(1, 9, 7, 2, 2, 3), new(16, 1, 1, 1, 1),
        new(17, 6, 8, 3, 3, 2, 1, CeilMode: true), new(17, 6, 9, 3, 2, 2) { StrideWidth = 3, Sides = new(1, 0, 2, 1) },
        WindowShape.WholeMap(5, 8, 8),
    ];

    [Theory]
    [TierData(0.1f)]
    [TierData(0.5f)]
    [TierData(0.9f)]
    [TierData(1f)]
    public void Weighted_pooling_is_the_mean_over_all_sets_of_retained_units(SimdTier tier, float retain)
    {
        using var x = Blocked.FromNchw(1, 1, 2, 3, [3, -0.5f, 2, 1, 2, -4]);
        using var y = Blocked.Garbage(1, 1, 1, 2);
        MaxPoolDropout.Mean(tier, new(1, 2, 3, 2, 2) { Sides = new(0, 0, 0, 0) }, x.Pointer, 1, retain, y.Pointer);
        y.AssertSound();
        Assert.Equal([MeanOverSets([3, -0.5, 1, 2], retain), MeanOverSets([-0.5, 2, 2, -4], retain)], y.ToNchw().Select(v => (double)v),
            (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Means_equal_their_references_on_each_tier(SimdTier tier, int number)
    {
        var shape = AllShapes[number];
        using var x = Blocked.Random(2, shape.Channels, shape.Height, shape.Width, seed: 1);
        using Blocked expected = Output(shape, 2), actual = Output(shape, 2);
        new WeightedPoolForward(shape, x.Pointer, 2, 0.3f, expected.Pointer).Reference();
        MaxPoolDropout.Mean(tier, shape, x.Pointer, 2, 0.3f, actual.Pointer);
        Blocked.AssertClose(expected, actual, 2e-6);
        actual.AssertSound();
        new StochasticPoolMean(shape, x.Pointer, 2, expected.Pointer).Reference();
        StochasticPool.Mean(tier, shape, x.Pointer, 2, actual.Pointer);
        Blocked.AssertClose(expected, actual, 2e-6);
        actual.AssertSound();
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_retained_share_of_one_is_max_pooling(SimdTier tier, int number)
    {
        var shape = AllShapes[number];
        using var x = Blocked.Random(2, shape.Channels, shape.Height, shape.Width, seed: 1);
        using var retained = new AlignedBuffer(x.Length);
        using Blocked largest = Output(shape, 2), training = Output(shape, 2), mean = Output(shape, 2);
        MaxPool.Forward(tier, shape, x.Pointer, 2, largest.Pointer);
        MaxPoolDropout.Forward(tier, shape, x.Pointer, 2, new(Key, 1, 0), retained.Pointer, training.Pointer);
        MaxPoolDropout.Mean(tier, shape, x.Pointer, 2, 1, mean.Pointer);
        Assert.Equal(largest.ToNchw(), training.ToNchw());
        Assert.Equal(largest.ToNchw(), mean.ToNchw());
    }

    [Theory]
    [TierData(0.3f)]
    [TierData(0.7f)]
    public void Training_gives_each_value_with_its_probability(SimdTier tier, float retain)
    {
        var shape = new WindowShape(16, 2, 2, 2, 2);
        const int images = 2000;
        using var x = Repeated(images);
        using var retained = new AlignedBuffer(x.Length);
        using var y = Output(shape, images);
        MaxPoolDropout.Forward(tier, shape, x.Pointer, images, new(Key, retain, 0), retained.Pointer, y.Pointer);
        var (p, q) = ((double)retain, 1.0 - retain);
        ExpectShares(y, [(3, p), (2, p * q), (1, p * q * q), (0.5f, p * q * q * q), (0, q * q * q * q)]);
    }

    [Theory]
    [TierData]
    public void Stochastic_pooling_gives_each_value_in_proportion_to_it(SimdTier tier)
    {
        var shape = new WindowShape(16, 2, 2, 2, 2);
        const int images = 2000;
        using var x = Repeated(images);
        using Blocked y = Output(shape, images), mean = Output(shape, images);
        StochasticPool.Forward(tier, shape, x.Pointer, images, Key, 0, y.Pointer);
        ExpectShares(y, [(3, 3 / 6.5), (2, 2 / 6.5), (1, 1 / 6.5), (0.5f, 0.5 / 6.5)]);
        StochasticPool.Mean(tier, shape, x.Pointer, images, mean.Pointer);
        Assert.Equal(14.25 / 6.5, mean[3, 5, 0, 0], 1e-5);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Stochastic_pooling_picks_the_same_units_on_each_tier_and_gives_them_the_gradient(SimdTier tier, int number)
    {
        var shape = AllShapes[number];
        using var x = Blocked.Random(2, shape.Channels, shape.Height, shape.Width, seed: 1);
        using Blocked expected = Output(shape, 2), actual = Output(shape, 2);
        using var dy = Blocked.Random(2, shape.Channels, shape.OutHeight, shape.OutWidth, seed: 2);
        using Blocked dx = new(2, shape.Channels, shape.Height, shape.Width), summed = new(2, shape.Channels, shape.Height, shape.Width);
        new StochasticPoolTraining(shape, x.Pointer, 2, new(Key, 16), expected.Pointer, null, null).Reference();
        StochasticPool.Forward(tier, shape, x.Pointer, 2, Key, 16, actual.Pointer);
        Assert.Equal(expected.ToNchw(), actual.ToNchw());
        actual.AssertSound();
        for (var o = 0L; o < shape.OutputLength(2); o++)
        {
            var value = expected.Pointer[o];
            if (value == 0) continue;
            var picked = Enumerable.Range(0, shape.Area).Select(tap => shape.InputOf(o, tap)).Single(i => i >= 0 && x.Pointer[i] == value);
            summed.Pointer[picked] += dy.Pointer[o];
        }

        StochasticPool.Backward(tier, shape, x.Pointer, dy.Pointer, 2, Key, 16, dx.Pointer, accumulate: false);
        Blocked.AssertClose(summed, dx, 1e-6);
        StochasticPool.Backward(tier, shape, x.Pointer, dy.Pointer, 2, Key, 16, dx.Pointer, accumulate: true);
        for (var i = 0; i < summed.Length; i++) summed.Pointer[i] *= 2;
        Blocked.AssertClose(summed, dx, 2e-6);
    }

    [Theory]
    [TierData]
    public void Windows_without_a_positive_value_give_zero_and_no_gradient(SimdTier tier)
    {
        var shape = new WindowShape(17, 2, 2, 2, 2);
        using Blocked x = new(1, 17, 2, 2), dx = Blocked.Garbage(1, 17, 2, 2), y = Output(shape, 1), dy = Output(shape, 1);
        for (var c = 0; c < 17; c++) (x[0, c, 0, 0], x[0, c, 1, 1], dy[0, c, 0, 0]) = (-c, -1, 1);
        StochasticPool.Forward(tier, shape, x.Pointer, 1, Key, 0, y.Pointer);
        StochasticPool.Backward(tier, shape, x.Pointer, dy.Pointer, 1, Key, 0, dx.Pointer, accumulate: false);
        Assert.All(y.ToNchw().Concat(dx.ToNchw()), value => Assert.Equal(0, value));
        StochasticPool.Mean(tier, shape, x.Pointer, 1, y.Pointer);
        Assert.All(y.ToNchw(), value => Assert.Equal(0, value));
    }

    [Theory]
    [TierData]
    public void Choices_do_not_depend_on_the_parts(SimdTier tier)
    {
        var shape = new WindowShape(17, 6, 5, 3, 3, 2, 1);
        using var x = Blocked.Random(3, 17, 6, 5, seed: 1);
        using var retained = new AlignedBuffer(x.Length);
        using Blocked whole = Output(shape, 3), parts = Output(shape, 3);
        int input = x.Length / 3, output = whole.Length / 3;
        MaxPoolDropout.Forward(tier, shape, x.Pointer, 3, new(Key, 0.5f, 0), retained.Pointer, whole.Pointer);
        for (var n = 2; n >= 0; n--)
            MaxPoolDropout.Forward(
                tier, shape, x.Pointer + n * input, 1, new(Key, 0.5f, n * input), retained.Pointer, parts.Pointer + n * output);
        Assert.Equal(whole.ToNchw(), parts.ToNchw());
        StochasticPool.Forward(tier, shape, x.Pointer, 3, Key, 0, whole.Pointer);
        for (var n = 2; n >= 0; n--)
            StochasticPool.Forward(tier, shape, x.Pointer + n * input, 1, Key, n * output, parts.Pointer + n * output);
        Assert.Equal(whole.ToNchw(), parts.ToNchw());
    }

    [Fact]
    public void Illegal_arguments_are_refused()
    {
        var tier = SimdTiers.Best;
        var shape = new WindowShape(1, 4, 4, 2, 2, 2);
        foreach (var share in new[] { 0, -0.5f, 1.5f, float.NaN })
        {
            Assert.ThrowsAny<ArgumentException>(() => MaxPoolDropout.Mean(tier, shape, null, 0, share, null));
            Assert.ThrowsAny<ArgumentException>(() => MaxPoolDropout.Forward(tier, shape, null, 0, new(Key, share, 0), null, null));
        }

        Assert.Throws<ArgumentException>(() => MaxPoolDropout.Mean(tier, WindowShape.WholeMap(1, 13, 5), null, 0, 0.5f, null));
        Assert.Throws<ArgumentException>(() => StochasticPool.Mean(tier, new(1, 2, 4, 3, 3), null, 0, null));
    }

    /// <summary>The mean maximum over all 2ⁿ sets of retained values, of which the empty one gives 0.</summary>
    private static double MeanOverSets(double[] values, float retain) => Enumerable.Range(0, 1 << values.Length).Sum(set =>
    {
        var kept = BitOperations.PopCount((uint)set);
        var probability = Math.Pow(retain, kept) * Math.Pow(1.0 - retain, values.Length - kept);
        return probability * values.Where((_, i) => (set >> i & 1) == 1).DefaultIfEmpty(0).Max();
    });

    private static void ExpectShares(Blocked y, (float Value, double Share)[] expected)
    {
        var values = y.ToNchw();
        Assert.All(values, value => Assert.Contains(value, expected.Select(e => e.Value)));
        foreach (var (value, share) in expected)
        {
            var deviation = Math.Sqrt(share * (1 - share) / values.Length);
            Assert.InRange(values.Count(v => v == value) / (double)values.Length, share - 4 * deviation, share + 4 * deviation);
        }
    }

    /// <summary>Windows of 2x2 with the values <see cref="Four"/>, 16 an image.</summary>
    private static Blocked Repeated(int images) =>
        Blocked.FromNchw(images, 16, 2, 2, Enumerable.Range(0, images * 64).Select(i => Four[i % 4]).ToArray());

    private static Blocked Output(WindowShape shape, int images) =>
        Blocked.Garbage(images, shape.Channels, shape.OutHeight, shape.OutWidth);
}
