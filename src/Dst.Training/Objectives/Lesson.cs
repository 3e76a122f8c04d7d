using Dst.Graph;

namespace Dst.Training.Objectives;

/// <summary>What a network learns in a phase, and from whom: all that its loss depends on.</summary>
/// <param name="Student">The network's graph.</param>
/// <param name="Distillation">What is learnt from the teachers.</param>
internal sealed record Lesson(CheckedGraph Student, DistillationOptions Distillation)
{
    /// <summary>The teacher T, or null if it does not teach.</summary>
    public Model? Teacher { get; init; }

    /// <summary>The network before pruning, or null if it does not teach.</summary>
    public Model? Dense { get; init; }

    /// <summary>Whether the network learns to give back its input, without labels and teachers.</summary>
    public bool Reconstructs { get; init; }

    /// <summary>Share of the label's probability that is spread over all classes.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Weight of each class in the labels' loss, or null for 1 each.</summary>
    public float[]? ClassWeights { get; init; }
}
