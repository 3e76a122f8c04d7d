using Dst.Training.Optimizers;

namespace Dst.Tests.Optimizers;

/// <summary>Schedules against PyTorch 1.13's <c>lr_scheduler</c> with lr (max_lr) 0.4, and their warm-up against the formula.</summary>
public class ScheduleTests
{
    private static readonly ScheduleOptions Options = new() { LearningRate = 0.4 };

    [Fact]
    public void Constant_stays() => Expect(Options with { Kind = ScheduleKind.Constant }, 3, [0.4, 0.4, 0.4]);

    [Fact] // MultiStepLR(milestones=[4, 6], gamma=0.1), where an epoch is two steps here
    public void Step_falls_at_the_milestones() =>
        Expect(
            Options with { Kind = ScheduleKind.Step, Milestones = [2, 3] }, 4, [0.4, 0.4, 0.4, 0.4, 0.04, 0.04, 0.004, 0.004],
            stepsPerEpoch: 2);

    [Fact] // CosineAnnealingLR(T_max=8, eta_min=0.01)
    public void Cosine_equals_PyTorch() => Expect(Options with { Kind = ScheduleKind.Cosine, FinalLearningRate = 0.01 }, 8,
        [
            0.4, 0.38515650883970093, 0.34288582233137677, 0.2796232693111925,
            0.205, 0.13037673068880748, 0.06711417766862324, 0.024843491160299085,
        ]);

    [Fact] // OneCycleLR(max_lr=0.4, total_steps=10, cycle_momentum=False)
    public void One_cycle_equals_PyTorch() => Expect(Options with { Kind = ScheduleKind.OneCycle }, 10,
    [
        0.016, 0.208, 0.4, 0.38019385280538953, 0.3246982615799052,
        0.24450480877451572, 0.1554967912254843, 0.0753033384200948, 0.019807747194610516, 1.6e-06,
    ]);

    [Fact] // OneCycleLR(max_lr=0.4, total_steps=7, pct_start=0.5, div_factor=10, final_div_factor=100, cycle_momentum=False)
    public void One_cycle_with_a_peak_between_steps_equals_PyTorch() =>
        Expect(Options with { Kind = ScheduleKind.OneCycle, RisingShare = 0.5, StartDivisor = 10, FinalDivisor = 100 }, 7,
            [0.04, 0.16437694101250946, 0.36562305898749053, 0.38021357980690335, 0.24465968260447163, 0.07562673758862505, 0.0004]);

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(1.0)]
    public void One_cycle_of_any_shape_is_finite_and_below_its_peak(double risingShare)
    {
        for (var epochs = 1; epochs < 6; epochs++)
        {
            var schedule = Schedule.Create(Options with { Kind = ScheduleKind.OneCycle, RisingShare = risingShare }, epochs, 1);
            for (var step = 0; step < epochs; step++) Assert.InRange(schedule.LearningRate(step), 0, 0.4);
        }
    }

    [Theory]
    [InlineData(ScheduleKind.Constant, 0.4)]
    [InlineData(ScheduleKind.Step, 0.4)]
    [InlineData(ScheduleKind.Cosine, 0.4)]
    [InlineData(ScheduleKind.OneCycle, 0.016)]
    public void Warm_up_rises_linearly_to_where_the_schedule_begins(ScheduleKind kind, double beginning)
    {
        var warm = Schedule.Create(Options with { Kind = kind, Milestones = [3], WarmupEpochs = 1.25 }, 6, 4);
        for (var step = 0; step < 5; step++) Assert.Equal(beginning * (step + 1) / 5, warm.LearningRate(step), 1e-12);
        if (kind == ScheduleKind.Step)
        {
            Assert.Equal([0.4, 0.04], new[] { warm.LearningRate(11), warm.LearningRate(12) }, (a, b) => Math.Abs(a - b) < 1e-12);
            return;
        }

        var cold = Schedule.Create(Options with { Kind = kind }, 19, 1); // the 24 − 5 steps that are left
        for (var step = 0; step < 19; step++) Assert.Equal(cold.LearningRate(step), warm.LearningRate(step + 5), 1e-12);
    }

    [Fact] // CosineAnnealingWarmRestarts(T_0=4, eta_min=0.01)
    public void A_cosine_with_restarts_equals_PyTorch() =>
        Expect(
            Options with { Kind = ScheduleKind.Cosine, FinalLearningRate = 0.01, Restarts = 1 }, 8,
            [0.4, 0.34288582233137677, 0.205, 0.06711417766862324, 0.4, 0.34288582233137677, 0.205, 0.06711417766862324]);

    [Theory]
    [InlineData(ScheduleKind.Step)]
    [InlineData(ScheduleKind.Cosine)]
    [InlineData(ScheduleKind.OneCycle)]
    public void A_run_can_be_the_end_of_a_longer_schedule(ScheduleKind kind)
    {
        var options = Options with { Kind = kind, Milestones = [3, 5], WarmupEpochs = 1.5 };
        var whole = Schedule.Create(options, 6, 4);
        foreach (var epochs in new[] { 1, 4, 6 })
        {
            var end = Schedule.Create(options with { EpochsBefore = 6 - epochs }, epochs, 4);
            for (var step = 0; step < 4 * epochs; step++) Assert.Equal(whole.LearningRate(4 * (6 - epochs) + step), end.LearningRate(step));
            Assert.Throws<ArgumentOutOfRangeException>(() => end.LearningRate(4 * epochs));
        }
    }

    [Theory]
    [InlineData(ScheduleKind.OneCycle, 1, "schedule.restarts is 1 with kind one_cycle")]
    [InlineData(ScheduleKind.Cosine, 3, "schedule.restarts is 3 with kind cosine and 3 epochs")]
    [InlineData(ScheduleKind.Rewind, 0, "only prune_train can replay train's schedule")]
    public void Restarts_and_rewinding_that_cannot_be_are_refused(ScheduleKind kind, int restarts, string expected) =>
        Assert.Contains(
            expected,
            Assert.Throws<InputException>(() => Schedule.Create(Options with { Kind = kind, Restarts = restarts }, 3, 10)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_warm_up_as_long_as_the_run_is_refused() =>
        Assert.Contains(
            "schedule.warmup_epochs is 3",
            Assert.Throws<InputException>(() => Schedule.Create(Options with { WarmupEpochs = 3 }, 3, 10)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_cosine_that_would_rise_is_refused() =>
        Assert.Throws<InputException>(() => Schedule.Create(Options with { Kind = ScheduleKind.Cosine, FinalLearningRate = 0.5 }, 3, 10));

    [Fact]
    public void Steps_outside_the_run_are_refused()
    {
        var schedule = Schedule.Create(Options, 2, 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => schedule.LearningRate(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => schedule.LearningRate(6));
    }

    private static void Expect(ScheduleOptions options, int epochs, double[] expected, int stepsPerEpoch = 1)
    {
        var schedule = Schedule.Create(options, epochs, stepsPerEpoch);
        for (var step = 0; step < expected.Length; step++) Assert.Equal(expected[step], schedule.LearningRate(step), 1e-12);
    }
}
