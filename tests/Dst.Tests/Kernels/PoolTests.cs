using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

public unsafe class PoolTests
{
    [Theory]
    [TierData]
    public void Maximum_is_the_largest_value_of_each_window(SimdTier tier)
    {
        using var x = Blocked.FromNchw(1, 1, 3, 4, [-1, -2, -3, -4, -5, -6, -7, -8, -9, 3, -11, -12]);
        using var y = Blocked.Garbage(1, 1, 2, 2);
        MaxPool.Forward(tier, new(1, 3, 4, 3, 3, 2, 1), x.Pointer, 1, y.Pointer);
        y.AssertSound();
        Assert.Equal([-1, -2, 3, 3], y.ToNchw());
    }

    [Theory]
    [TierData]
    public void Borders_repeat_or_reflect_the_map(SimdTier tier)
    {
        float[] Extended(bool reflects)
        {
            using var x = Blocked.FromNchw(1, 1, 2, 3, [1, 2, 3, 4, 5, 6]);
            using var y = Blocked.Garbage(1, 1, 3, 6);
            Resampling.Extend(new(1, 2, 3), 1, 2, 0, 1, reflects).Forward(tier, x.Pointer, 1, y.Pointer);
            y.AssertSound();
            return y.ToNchw();
        }

        Assert.Equal([1, 1, 1, 2, 3, 3, 1, 1, 1, 2, 3, 3, 4, 4, 4, 5, 6, 6], Extended(reflects: false));
        Assert.Equal([6, 5, 4, 5, 6, 5, 3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5], Extended(reflects: true));
    }

    [Theory]
    [TierData]
    public void First_of_equal_maxima_takes_the_gradient(SimdTier tier)
    {
        var shape = new WindowShape(17, 2, 3, 2, 2);
        using var x = new Blocked(1, 17, 2, 3);
        using var y = Blocked.Garbage(1, 17, 1, 2);
        using var dy = new Blocked(1, 17, 1, 2);
        for (var c = 0; c < 17; c++) (x[0, c, 0, 1], x[0, c, 1, 1], dy[0, c, 0, 0], dy[0, c, 0, 1]) = (c % 2, c % 2, 10 + c, 100 + c);
        using var dx = Blocked.Garbage(1, 17, 2, 3);
        MaxPool.Forward(tier, shape, x.Pointer, 1, y.Pointer);
        MaxPool.Backward(tier, shape, x.Pointer, y.Pointer, dy.Pointer, 1, dx.Pointer, accumulate: false);
        dx.AssertSound();
        for (var c = 0; c < 17; c++)
        {
            float[] expected = c % 2 == 1 ? [0, 110 + 2 * c, 0, 0, 0, 0] : [10 + c, 100 + c, 0, 0, 0, 0];
            Assert.Equal(expected, dx.ToNchw().AsSpan(c * 6, 6).ToArray());
        }
    }

    [Theory]
    [TierData]
    public void Mean_over_the_whole_map_is_global_pooling(SimdTier tier)
    {
        using var x = Blocked.FromNchw(1, 2, 2, 2, [1, 2, 3, 6, -1, 0, 0, 0]);
        using var y = Blocked.Garbage(1, 2, 1, 1);
        AvgPool.Forward(tier, WindowShape.WholeMap(2, 2, 2), x.Pointer, 1, countPadding: true, y.Pointer);
        y.AssertSound();
        Assert.Equal([3, -0.25f], y.ToNchw());
    }

    [Theory]
    [TierData]
    public void Maximum_over_the_whole_map_is_global_pooling(SimdTier tier)
    {
        using var x = Blocked.FromNchw(1, 2, 2, 3, [1, 2, 3, 6, 5, 4, -1, -2, -3, -4, -5, -6]);
        using var y = Blocked.Garbage(1, 2, 1, 1);
        MaxPool.Forward(tier, WindowShape.WholeMap(2, 2, 3), x.Pointer, 1, y.Pointer);
        y.AssertSound();
        Assert.Equal([6, -1], y.ToNchw());
    }

    /// <summary>Slopes of both signs and 0, which counts as positive; maps that windows of 2×2 cover, and others.</summary>
    [Theory]
    [TierData(4, 6, 2, 2, 0)]
    [TierData(5, 3, 2, 2, 0)]
    [TierData(5, 4, 3, 2, 1)]
    public void A_slope_below_zero_picks_the_smallest_value_of_a_window(
        SimdTier tier, int height, int width, int kernel, int stride, int padding)
    {
        const int images = 2, channels = 19;
        var shape = new WindowShape(channels, height, width, kernel, kernel, stride, padding);
        float[] slopes = [.. Enumerable.Range(0, channels).Select(c => (c % 3 - 1) * 0.5f)];
        using var x = Blocked.Random(images, channels, height, width, seed: 1);
        using var negative = Blocked.Random(images, channels, height, width, seed: 1);
        foreach (ref var value in negative.Span) value = -value;
        using Blocked largest = Output(), smallest = Output(), y = Output();
        MaxPool.Forward(SimdTier.Scalar, shape, x.Pointer, images, largest.Pointer);
        MaxPool.Forward(SimdTier.Scalar, shape, negative.Pointer, images, smallest.Pointer);
        MaxPool.ForwardBySlope(tier, shape, x.Pointer, images, slopes, y.Pointer);
        y.AssertSound();
        for (var n = 0; n < images; n++)
        {
            for (var c = 0; c < channels; c++)
            {
                for (var (oy, ox) = (0, 0); oy < shape.OutHeight; (oy, ox) = ox + 1 < shape.OutWidth ? (oy, ox + 1) : (oy + 1, 0))
                    Assert.Equal(slopes[c] < 0 ? -smallest[n, c, oy, ox] : largest[n, c, oy, ox], y[n, c, oy, ox]);
            }
        }

        Assert.Throws<ArgumentException>(() => MaxPool.ForwardBySlope(tier, shape, x.Pointer, images, slopes.AsSpan(1), y.Pointer));

        Blocked Output() => Blocked.Garbage(images, channels, shape.OutHeight, shape.OutWidth);
    }

    [Fact]
    public void Sizes_that_round_up_have_one_more_window_unless_it_would_begin_beyond_the_input()
    {
        Assert.Equal((3, 4), (WindowShape.OutExtent(6, 2, 2, 0, 0, ceilMode: true), WindowShape.OutExtent(7, 2, 2, 0, 0, ceilMode: true)));
        Assert.Equal(
            (3, 3), (WindowShape.OutExtent(6, 2, 2, 0, 0, ceilMode: false), WindowShape.OutExtent(7, 2, 2, 0, 0, ceilMode: false)));
        Assert.Equal((2, 2), (WindowShape.OutExtent(3, 2, 3, 1, 1, ceilMode: true), WindowShape.OutExtent(5, 2, 3, 1, 1, ceilMode: true)));
    }

    /// <summary>PyTorch 1.13: avg_pool2d(x, 3, 2, padding=1, ceil_mode=True) of 1 to 4, the padding counted and not.</summary>
    [Theory]
    [TierData(true)]
    [TierData(false)]
    public void What_a_window_has_beyond_the_padding_never_counts(SimdTier tier, bool countPadding)
    {
        var shape = new WindowShape(1, 1, 4, 3, 3, 2, 1, CeilMode: true);
        using var x = Blocked.FromNchw(1, 1, 1, 4, [1, 2, 3, 4]);
        using var y = Blocked.Garbage(1, 1, shape.OutHeight, shape.OutWidth);
        AvgPool.Forward(tier, shape, x.Pointer, 1, countPadding, y.Pointer);
        y.AssertSound();
        Assert.Equal(countPadding ? [1 / 3f, 1, 2 / 3f] : [1.5f, 3, 4], y.ToNchw(), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Illegal_windows_are_refused()
    {
        Assert.Throws<ArgumentException>(() => MaxPool.Forward(SimdTiers.Best, new(1, 4, 4, 2, 2, 1, 2), null, 0, null));
        Assert.Throws<ArgumentException>(() => MaxPool.Forward(SimdTiers.Best, new(1, 2, 4, 3, 3), null, 0, null));
        Assert.Throws<ArgumentException>(() => AvgPool.Forward(SimdTiers.Best, new(1, 4, 4, 2, 2, 1, 2), null, 0, true, null));
        Assert.Throws<ArgumentException>(() => AvgPool.Forward(SimdTiers.Best, new(0, 4, 4, 2, 2), null, 0, true, null));
        Assert.Throws<ArgumentException>(() => AvgPool.Forward(SimdTiers.Best, new(1, 1 << 14, 1 << 14, 2, 2), null, 0, true, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => AvgPool.Forward(SimdTiers.Best, new(1, 4, 4, 2, 2), null, -1, true, null));
    }
}
