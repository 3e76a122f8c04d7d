using Dst.Cli.Output;

namespace Dst.Tests.Cli;

public class LiveViewTests
{
    [Fact]
    public void It_shows_arm_epoch_loss_validation_speed_and_both_times()
    {
        var lines = LiveView.Render(Progress(), width: 79, isColoured: false).Split('\n');
        Assert.Equal(
            [
                "dst            arm 2 of 3, resnet8",
                $"epoch 3 of 4   {new string('█', 18)}{new string('░', 12)} 62.5%",
                "loss 0.4321    validation 75.0%, best 80.0%",
                "               ▁█▇",
                "1234 images/s  1 min 15 s left, 4 min 35 s for all arms",
            ],
            lines.Select(line => line.TrimEnd()));
    }

    [Theory]
    [InlineData(79)]
    [InlineData(50)]
    [InlineData(30)]
    [InlineData(5)]
    public void No_line_is_wider_than_the_terminal(int width)
    {
        var lines = LiveView.Render(Progress("unstructured-kd"), width, isColoured: false).Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 0, Math.Max(width, 20)));
        Assert.Contains(lines, line => line.Contains("images/s"));
    }

    [Fact]
    public void A_long_curve_has_means_and_a_flat_one_a_middle()
    {
        Assert.Equal("▁█", LiveView.Curve([0.1, 0.3, 0.5, 0.7], width: 2));
        Assert.Equal("▄▄", LiveView.Curve([0.5, 0.5], width: 9));
    }

    [Fact]
    public void Validation_begins_anew_with_each_arm_and_a_single_arm_has_one_time()
    {
        var progress = new ExperimentProgress();
        progress.Begin([new("student", "resnet8", 1, 1, Epochs: 2, Steps: 2, Work: 1)]);
        progress.Step(new("student", 1, 2, 1, 1, 10, TimeSpan.FromSeconds(5), 1));
        Assert.Contains("validation after the first epoch", LiveView.Render(progress, 79, isColoured: false));
        progress.EpochEnded(new("student", 1, 0.1, 1, 0.5, 1, 0.5, 1, 10));
        Assert.Contains("validation 50.0%, best 50.0%", LiveView.Render(progress, 79, isColoured: false));
        Assert.DoesNotContain("all arms", LiveView.Render(progress, 79, isColoured: false));
        progress.Step(new("dst", 1, 2, 1, 1, 10, TimeSpan.FromSeconds(5), 1));
        Assert.Empty(progress.Validation);
    }

    [Fact]
    public void An_arm_that_others_start_from_is_the_first_wherever_the_plan_has_it()
    {
        var progress = new ExperimentProgress();
        progress.Begin(
            [new("uhp", "resnet8", 1, 1, Epochs: 2, Steps: 2, Work: 1), new("student", "resnet8", 1, 1, Epochs: 2, Steps: 2, Work: 1)]);
        foreach (var (arm, number) in new[] { ("student", 1), ("uhp", 2) })
        {
            progress.Step(new(arm, 1, 2, 1, 1, 10, TimeSpan.FromSeconds(5), 1));
            Assert.Equal((number, 2), (progress.Number, progress.Arms));
            Assert.Equal(TimeSpan.FromSeconds(number == 1 ? 15 : 5), progress.RemainingOfAll);
        }
    }

    [Fact]
    public void Colours_are_escape_sequences() => Assert.Contains("\u001b[", LiveView.Render(Progress(), 79, isColoured: true));

    private static ExperimentProgress Progress(string arm = "dst")
    {
        var progress = new ExperimentProgress();
        progress.Begin(
            [
                new("given", "resnet8", 1, 1, Epochs: 0, Steps: 0, Work: 0),
                new("teacher", "resnet20", 1, 1, Epochs: 4, Steps: 40, Work: 3), new(arm, "resnet8", 1, 1, Epochs: 4, Steps: 40, Work: 2),
                new("half-width", "resnet8", 1, 1, Epochs: 4, Steps: 40, Work: 2),
            ]);
        progress.Step(new("teacher", Epoch: 4, Epochs: 4, Batch: 10, Batches: 10, 1000, TimeSpan.Zero, Loss: 1));
        progress.Step(new(arm, Epoch: 1, Epochs: 4, Batch: 1, Batches: 10, 1000, TimeSpan.FromSeconds(80), Loss: 1));
        foreach (var top1 in new[] { 0.5, 0.8, 0.75 }) progress.EpochEnded(new(arm, 1, 0.1, 1, top1, 1, top1, 1, 1000));
        progress.Step(new(
            arm, Epoch: 3, Epochs: 4, Batch: 5, Batches: 10, ImagesPerSecond: 1234.4, Remaining: TimeSpan.FromSeconds(75), Loss: 0.4321));
        return progress;
    }
}
