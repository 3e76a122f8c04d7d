using System.Diagnostics;

namespace Dst.Training.Engine;

/// <summary>Keeps <see cref="TrainingState.Seconds"/>: the time of a phase in this process and in those before it.</summary>
internal sealed class TrainingClock(TrainingState state)
{
    private readonly Stopwatch _watch = new(); // of this process
    private double _secondsBefore; // of earlier processes
    private double _lastCheckpoint; // seconds of the phase
    private long _firstStep; // of this process

    /// <summary>Mean time of a step in this process.</summary>
    public double SecondsPerStep => _watch.Elapsed.TotalSeconds / (state.Step - _firstStep);

    /// <summary>Begins the work of this process.</summary>
    public void Start()
    {
        (_secondsBefore, _lastCheckpoint, _firstStep) = (state.Seconds, state.Seconds, state.Step);
        _watch.Restart();
    }

    /// <summary>Brings the time of the phase up to now.</summary>
    public void Update() => state.Seconds = _secondsBefore + _watch.Elapsed.TotalSeconds;

    /// <summary>Whether the last checkpoint is so many minutes old; 0 for never.</summary>
    public bool IsCheckpointDue(double minutes) => minutes > 0 && state.Seconds - _lastCheckpoint >= 60 * minutes;

    /// <summary>Says that a checkpoint has been written.</summary>
    public void CheckpointWritten() => _lastCheckpoint = state.Seconds;
}
