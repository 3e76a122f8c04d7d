using Dst.Report;

namespace Dst.Tests.Report;

public class FormatTests
{
    [Theory]
    [InlineData(0.06, "0.1 s")]
    [InlineData(59.9, "59.9 s")]
    [InlineData(60, "1 min 00 s")]
    [InlineData(3599, "59 min 59 s")]
    [InlineData(3660, "1 h 01 min")]
    [InlineData(90061, "25 h 01 min")]
    public void Durations_read_well(double seconds, string expected) =>
        Assert.Equal(expected, Format.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(9_999, "9999")]
    [InlineData(303_498, "303.5k")]
    [InlineData(1_230_000, "1.23M")]
    [InlineData(40_500_000, "40.5M")]
    public void Counts_read_well(long count, string expected) => Assert.Equal(expected, Format.Count(count));
}
