namespace Dst.Training.Experiments.Runs;

/// <summary>Time of one image through a network: batch 1, 1 thread.</summary>
/// <param name="Min">Shortest of the repeats, ms.</param>
/// <param name="Median">Median of the repeats, ms.</param>
public sealed record Latency(double Min, double Median)
{
    /// <summary>Time of each step of the plan, in the order in which they run; empty in a file of an older version.</summary>
    public IReadOnlyList<StepLatency> Steps { get; init; } = [];
}

/// <summary>Time of one step of an inference plan.</summary>
/// <param name="Name">The layer, or the operation's name.</param>
/// <param name="Form">How it is computed, such as <c>masked winograd4x4</c>.</param>
/// <param name="Ms">Shortest of the repeats, ms.</param>
public sealed record StepLatency(string Name, string Form, double Ms);
