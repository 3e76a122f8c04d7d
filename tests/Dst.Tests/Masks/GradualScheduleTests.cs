using Dst.Masks;
using Dst.Training.Masks;

namespace Dst.Tests.Masks;

public class GradualScheduleTests
{
    [Fact]
    public void Sparsity_follows_the_cubic_in_stages_of_equal_length()
    {
        var schedule = new GradualSchedule(new() { Share = 0.5, Stages = 4 }, steps: 80);
        Assert.Equal([0, 0, 1, 1, 2, 3, 4, 4], new long[] { 0, 9, 10, 19, 20, 30, 40, 79 }.Select(schedule.StageAt));
        Assert.Equal([0, 1 - 27.0 / 64, 1 - 8.0 / 64, 1 - 1.0 / 64, 1], Enumerable.Range(0, 5).Select(schedule.ProgressOf));
        Assert.False(schedule.IsComplete(40)); // step 40, the first with the final masks, is not taken yet
        Assert.True(schedule.IsComplete(41));
    }

    [Theory]
    [InlineData(0.95, 10_000, 1)]
    [InlineData(0.95, 1, 7)]
    [InlineData(0, 3, 5)]
    [InlineData(0.01, 100, 3)]
    public void It_is_always_complete_at_the_end(double share, int stages, long steps)
    {
        var schedule = new GradualSchedule(new() { Share = share, Stages = stages }, steps);
        Assert.True(schedule.IsComplete(steps));
        Assert.False(schedule.IsComplete(0));
        Assert.Equal(stages, schedule.StageAt(steps - 1));
    }

    [Fact]
    public void Runs_lose_candidates_in_steps_down_to_what_the_pattern_keeps()
    {
        var (half, quarter) = (new UhpPattern(PruningUnit.Kernel, 1, 4), new UhpPattern(PruningUnit.Kernel, 1, 4, Keep: 1));
        Assert.Equal([16, 12, 8], new[] { 0, 0.5, 1 }.Select(progress => UhpPruner.KeptOf(half, 16, progress)));
        Assert.Equal([5, 4, 3], new[] { 0, 0.5, 1 }.Select(progress => UhpPruner.KeptOf(half, 5, progress)));
        Assert.Equal([1, 1], new[] { 0, 1.0 }.Select(progress => UhpPruner.KeptOf(half, 1, progress)));
        Assert.Equal([16, 10, 4], new[] { 0, 0.5, 1 }.Select(progress => UhpPruner.KeptOf(quarter, 16, progress)));
        var weight = new Tensor([1, 4, 1, 1], [4, 1, 3, 2]);
        Assert.Equal([true, true, true, true], UhpPruner.Prune(weight, half, progress: 0).Kept);
        Assert.Equal([true, false, true, true], UhpPruner.Prune(weight, half, progress: 0.5).Kept);
    }
}
