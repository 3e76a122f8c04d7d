using Dst.Cli.Report;

namespace Dst.Tests.Cli;

public class TrainingMonitorTests
{
    [Fact]
    public void The_bar_has_the_share_of_steps_done_speed_and_remaining_time()
    {
        var bar = TrainingMonitor.Bar(new("dst", Epoch: 3, Epochs: 4, Batch: 5, Batches: 10, ImagesPerSecond: 1234.5, Remaining: TimeSpan.FromSeconds(75)));
        Assert.StartsWith("dst ", bar);
        Assert.Contains("epoch 3/4", bar);
        Assert.Contains($"{new string('█', 15)}{new string('░', 9)} 62.5%", bar);
        Assert.EndsWith("1 min 15 s left", bar);
    }

    [Theory]
    [InlineData(0.06, "0.1 s")]
    [InlineData(59.9, "59.9 s")]
    [InlineData(60, "1 min 00 s")]
    [InlineData(3599, "59 min 59 s")]
    [InlineData(3660, "1 h 01 min")]
    [InlineData(90061, "25 h 01 min")]
    public void Durations_read_well(double seconds, string expected) => Assert.Equal(expected, Format.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(9_999, "9999")]
    [InlineData(303_498, "303.5k")]
    [InlineData(1_230_000, "1.23M")]
    [InlineData(40_500_000, "40.5M")]
    public void Counts_read_well(long count, string expected) => Assert.Equal(expected, Format.Count(count));
}
