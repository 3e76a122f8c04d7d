using Dst.Kernels;

namespace Dst.Tests.Int8;

/// <summary>The arithmetic of docs/method.md at its edges.</summary>
public class RequantisationTests
{
    private static readonly ByteRange All = new(10, 0, 255);

    [Theory]
    [InlineData(0, 10)]
    [InlineData(4, 11)]
    [InlineData(1, 10)]
    [InlineData(2, 11)] // 10.5: a tie goes up
    [InlineData(-2, 10)] // 9.5: a tie goes up
    [InlineData(-3, 9)]
    [InlineData(-42, 0)] // -0.5
    [InlineData(-43, 0)] // saturates
    [InlineData(978, 255)] // 254.5
    [InlineData(1_000_000, 255)]
    [InlineData(int.MaxValue, 255)]
    [InlineData(int.MinValue, 0)]
    public void Sums_round_to_the_nearest_byte_and_saturate(int sum, byte expected) =>
        Assert.Equal(expected, Requantisation.Create([0.25], [0], [0], All)!.Apply(0, sum));

    [Fact]
    public void Zeros_biases_bounds_and_residuals_are_part_of_it()
    {
        var result = Requantisation.Create([0.25, -0.125], [100, 7], [2.5, -1], new(10, 8, 20), residualFactor: 1.5, residualZero: 4)!;
        Assert.Equal(10 + 1 + 3, result.Apply(0, 104, 4)); // 1 + 2.5 rounds up
        Assert.Equal(10 + 1 + 2 + 3, result.Apply(0, 102, 6)); // 0.5 + 2.5 + 3
        Assert.Equal(10 - 2, result.Apply(1, 15, 4)); // -1 - 1
        Assert.Equal(8, result.Apply(1, 31, 4));
        Assert.Equal(20, result.Apply(1, 31, 255));
        Assert.Equal(20, Requantisation.Create([0.25], [0], [double.MaxValue], new(10, 8, 20))!.Apply(0, int.MinValue / 1024));
        Assert.Equal(12, Requantisation.Create([0], [0], [2], All)!.Apply(0, int.MaxValue));
    }

    [Fact]
    public void What_cannot_be_expressed_is_told()
    {
        Assert.NotNull(Requantisation.Create([0.4999999], [0], [0], All));
        Assert.Null(Requantisation.Create([0.5], [0], [0], All));
        Assert.Null(Requantisation.Create([double.NaN], [0], [0], All));
        Assert.NotNull(Requantisation.Create([0.1], [0], [0], All, residualFactor: 64));
        Assert.Null(Requantisation.Create([0.1], [0], [0], All, residualFactor: 65));
    }

    [Fact]
    public void It_is_the_real_function_rounded()
    {
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var factor = (random.NextDouble() < 0.5 ? -1 : 1) * Math.Pow(2, -1.01 - 25 * random.NextDouble());
            var (zero, sum) = (random.Next(-100_000, 100_000), (int)Math.Clamp(random.Next(-300, 300) / factor, -1e7, 1e7));
            var (bias, residualFactor) = (random.NextDouble() * 100 - 50, random.Next(3) * random.NextDouble() * 2);
            var range = new ByteRange((byte)random.Next(256), 3, 250);
            var (residual, residualZero) = ((byte)random.Next(256), (byte)random.Next(256));
            // A second channel with the largest factor of the layer takes bits from the first.
            var result = Requantisation.Create([factor, 0.3], [zero, 0], [bias, 0], range, residualFactor, residualZero)!;
            var real = factor * ((double)sum - zero) + bias + residualFactor * (residual - residualZero) + range.Zero;
            Assert.InRange(result.Apply(0, sum, residual) - Math.Clamp(real, 3, 250), -0.502, 0.502); // a multiplier may miss 2^-33 a step
        }
    }
}
