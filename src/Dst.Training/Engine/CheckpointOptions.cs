namespace Dst.Training.Engine;

/// <summary>When checkpoints are written.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Epochs between checkpoints.</summary>
    [Setting("write a checkpoint every so many epochs; 0 for never", Min = 0, Max = 100_000)]
    public int EveryEpochs { get; init; } = 1;

    /// <summary>Minutes between checkpoints.</summary>
    [Setting("write a checkpoint every so many minutes, in the middle of an epoch too; 0 for never", Min = 0, Max = 100_000)]
    public double EveryMinutes { get; init; } = 5;
}
