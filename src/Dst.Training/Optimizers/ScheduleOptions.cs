using Dst.Foundations;

namespace Dst.Training.Optimizers;

/// <summary>How the learning rate changes after the warm-up.</summary>
public enum ScheduleKind
{
    /// <summary>Stays as it is.</summary>
    Constant,

    /// <summary>Is multiplied by gamma at each milestone.</summary>
    Step,

    /// <summary>Falls along half a cosine.</summary>
    Cosine,

    /// <summary>Rises to its peak and falls far below its start, each along half a cosine.</summary>
    OneCycle,

    /// <summary>Is that of the last epochs of an earlier training.</summary>
    Rewind,
}

/// <summary>Recipe section <c>schedule</c>: the learning rate over time. <see cref="Schedule"/> has the formulas.</summary>
public sealed record ScheduleOptions
{
    /// <summary>Form of the schedule.</summary>
    [Setting(
        "form of the schedule; rewind, in prune_train alone, replays the last epochs of train's schedule, whatever else this section says")]
    public ScheduleKind Kind { get; init; } = ScheduleKind.Cosine;

    /// <summary>η: the largest learning rate.</summary>
    [Setting("largest learning rate", Min = 1e-9, Max = 100)]
    public double LearningRate { get; init; } = 0.05;

    /// <summary>Epochs in which the learning rate rises linearly to where the schedule begins.</summary>
    [Setting("epochs, such as 0.5, in which the learning rate rises linearly to where the schedule begins", Min = 0, Max = 10_000)]
    public double WarmupEpochs { get; init; }

    /// <summary>Epochs, counted from 0, at whose start a step schedule multiplies by <see cref="Gamma"/>.</summary>
    [Setting("step: epochs after which the learning rate is multiplied by gamma", Min = 0, Max = 1_000_000)]
    public IReadOnlyList<int> Milestones { get; init; } = [];

    /// <summary>γ of a step schedule.</summary>
    [Setting("step: factor at each milestone", Min = 0, Max = 1)]
    public double Gamma { get; init; } = 0.1;

    /// <summary>The learning rate towards which a cosine falls.</summary>
    [Setting("cosine: learning rate at the end", Min = 0, Max = 100)]
    public double FinalLearningRate { get; init; }

    /// <summary>How many times a cosine starts again from η.</summary>
    [Setting("cosine: how many times the learning rate starts again from its largest, after equal periods", Min = 0, Max = 10_000)]
    public int Restarts { get; init; }

    /// <summary>Share of a one-cycle schedule in which the learning rate rises.</summary>
    [Setting("one_cycle: share of the steps in which the learning rate rises", Min = 0, Max = 1)]
    public double RisingShare { get; init; } = 0.3;

    /// <summary>Peak over start of a one-cycle schedule.</summary>
    [Setting("one_cycle: the learning rate starts at its peak divided by this", Min = 1, Max = 1e9)]
    public double StartDivisor { get; init; } = 25;

    /// <summary>Start over end of a one-cycle schedule.</summary>
    [Setting("one_cycle: the learning rate ends at its start divided by this", Min = 1, Max = 1e12)]
    public double FinalDivisor { get; init; } = 1e4;

    /// <summary>Epochs of the schedule that come before the run, which is then its end.</summary>
    public int EpochsBefore { get; init; }

    /// <summary>Finds options that contradict each other or the length of a run.</summary>
    /// <param name="section">Section of the recipe, for messages.</param>
    /// <param name="epochs">Epochs of the run.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch.</param>
    /// <exception cref="InputException">
    /// The warm-up is as long as the run, a cosine ends above its start or restarts too often, or there is no schedule to rewind.
    /// </exception>
    public void Check(string section, int epochs, long stepsPerEpoch)
    {
        if (Kind == ScheduleKind.Rewind)
            throw new InputException(
                $"{section}.schedule.kind is rewind; expected another form, because only prune_train can replay train's schedule");
        if (Restarts > 0 && (Kind != ScheduleKind.Cosine || Restarts >= epochs + EpochsBefore))
            throw new InputException(
                $"{section}.schedule.restarts is {Restarts} with kind {EnumWords.Of(Kind)} and "
                + $"{Phrases.Count(epochs + EpochsBefore, "epoch")}; "
                + "expected kind cosine and fewer restarts than epochs");
        if (Kind == ScheduleKind.Cosine && FinalLearningRate > LearningRate)
            throw new InputException(
                Invariant($"{section}.schedule.final_learning_rate is {FinalLearningRate}; expected at most its learning_rate, ")
                + Invariant($"{LearningRate}"));
        if (WarmUpSteps(stepsPerEpoch) >= (epochs + EpochsBefore) * stepsPerEpoch)
            throw new InputException(
                Invariant($"{section}.schedule.warmup_epochs is {WarmupEpochs}; ")
                + $"expected fewer than the {epochs + EpochsBefore} epochs of the schedule");
    }

    /// <summary>Steps of the warm-up.</summary>
    internal long WarmUpSteps(long stepsPerEpoch) => (long)Math.Round(WarmupEpochs * stepsPerEpoch);
}
