using Dst.Cli.Output;

namespace Dst.Tests.Cli;

public class TrainingMonitorTests
{
    [Fact]
    public void The_bar_has_the_share_of_steps_done_speed_and_remaining_time()
    {
        var bar = TrainingMonitor.Bar(
            new("dst", Epoch: 3, Epochs: 4, Batch: 5, Batches: 10, ImagesPerSecond: 1234.5, Remaining: TimeSpan.FromSeconds(75)));
        Assert.StartsWith("dst ", bar);
        Assert.Contains("epoch 3/4", bar);
        Assert.Contains($"{new string('█', 15)}{new string('░', 9)} 62.5%", bar);
        Assert.EndsWith("1 min 15 s left", bar);
    }
}
