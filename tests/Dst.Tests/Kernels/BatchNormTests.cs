using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

public unsafe class BatchNormTests
{
    [Theory]
    [TierData]
    public void Statistics_survive_a_mean_far_larger_than_the_deviation(SimdTier tier)
    {
        const int images = 3, channels = 17, side = 19;
        const long count = images * side * side;
        using var x = Blocked.Random(images, channels, side, side, seed: 1);
        for (var i = 0; i < x.Images * x.Channels * x.Pixels; i++) x.Pointer[x.IndexOfPlain(i)] += 5000;
        var plain = x.ToNchw();
        var (mean, inverse) = Statistics(tier, x);
        for (var c = 0; c < channels; c++)
        {
            var values = plain.Where((_, i) => i / x.Pixels % channels == c).Select(v => (double)v).ToArray();
            var expected = values.Average();
            var variance = values.Sum(v => (v - expected) * (v - expected)) / count;
            Assert.Equal(expected, mean[c], 1e-3);
            Assert.Equal(1, inverse[c] * Math.Sqrt(variance + 1e-5), 1e-5);
        }

        Assert.All(mean[channels..], m => Assert.Equal(0, m));
        Assert.All(inverse[channels..], d => Assert.Equal(0, d));
    }

    [Theory]
    [TierData]
    public void Constant_channel_becomes_the_shift(SimdTier tier)
    {
        using var x = new Blocked(2, 1, 2, 2);
        for (var i = 0; i < 8; i++) x.Pointer[i * Layout.Block] = 0.1f;
        var (mean, inverse) = Statistics(tier, x);
        var (scale, shift) = (new float[16], new float[16]);
        BatchNorm.Fold([2f], [3f], mean, inverse, scale, shift);
        BatchNorm.Apply(tier, x.Pointer, scale, shift, 2, 1, 4, relu: false, x.Pointer);
        x.AssertSound();
        Assert.All(x.ToNchw(), y => Assert.Equal(3, y, 1e-4));
    }

    /// <summary>Values 1, 2, 3, 6: mean 3, biased variance 3.5, unbiased 14/3.</summary>
    [Theory]
    [TierData]
    public void Running_statistics_move_by_the_momentum_with_the_unbiased_variance(SimdTier tier)
    {
        using var x = Blocked.FromNchw(1, 1, 2, 2, [1, 2, 3, 6]);
        var sums = new double[BatchNorm.SumLength(1)];
        BatchNorm.Sum(tier, x.Pointer, 1, 1, 4, sums);
        float[] runningMean = [1], runningVariance = [2];
        BatchNorm.UpdateRunning(sums, 4, 0.1f, runningMean, runningVariance);
        Assert.Equal(0.9 * 1 + 0.1 * 3, runningMean[0], 1e-6);
        Assert.Equal(0.9 * 2 + 0.1 * 14 / 3, runningVariance[0], 1e-6);
    }

    [Fact]
    public void Running_variance_of_a_single_value_is_zero()
    {
        float[] runningMean = [0], runningVariance = [1];
        var sums = new double[BatchNorm.SumLength(1)];
        (sums[0], sums[16]) = (5, 25);
        BatchNorm.UpdateRunning(sums, 1, 0.5f, runningMean, runningVariance);
        Assert.Equal((2.5f, 0.5f), (runningMean[0], runningVariance[0]));
    }

    [Theory]
    [TierData]
    public void Inference_uses_the_running_statistics(SimdTier tier)
    {
        using var x = Blocked.FromNchw(1, 2, 1, 2, [1, 2, -3, 5]);
        var (scale, shift) = (new float[16], new float[16]);
        BatchNorm.FoldRunning([2, 0.5f], [1, -1], [0.5f, 2], [3, 8], 1f, scale, shift);
        BatchNorm.Apply(tier, x.Pointer, scale, shift, 1, 2, 2, relu: false, x.Pointer);
        x.AssertSound();
        float[] expected = [2 * 0.5f / 2 + 1, 2 * 1.5f / 2 + 1, 0.5f * -5 / 3 - 1, 0.5f * 3 / 3 - 1];
        Assert.Equal(expected, x.ToNchw(), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        using var x = new Blocked(1, 3, 1, 1);
        Assert.Throws<ArgumentException>(() => BatchNorm.Sum(SimdTiers.Best, x.Pointer, 1, 3, 1, new double[16]));
        Assert.Throws<ArgumentException>(
            () => BatchNorm.Apply(SimdTiers.Best, x.Pointer, new float[3], new float[16], 1, 3, 1, relu: false, x.Pointer));
        Assert.Throws<ArgumentException>(
            () => BatchNorm.Fold(new float[3], new float[2], new float[16], new float[16], new float[16], new float[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchNorm.Finalise(new double[32], 0, 3, 1e-5f, new float[16], new float[16]));
    }

    private static (float[] Mean, float[] InverseDeviation) Statistics(SimdTier tier, Blocked x)
    {
        var sums = new double[BatchNorm.SumLength(x.Channels)];
        var mean = new float[Layout.PaddedChannels(x.Channels)];
        var inverse = new float[mean.Length];
        BatchNorm.Sum(tier, x.Pointer, x.Images, x.Channels, x.Pixels, sums);
        BatchNorm.Finalise(sums, (long)x.Images * x.Pixels, x.Channels, 1e-5f, mean, inverse);
        return (mean, inverse);
    }
}
