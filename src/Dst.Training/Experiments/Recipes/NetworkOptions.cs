using Dst.Graph;
using Dst.Training.Engine;
using Dst.Training.Networks;

namespace Dst.Training.Experiments.Recipes;

/// <summary>A network of a recipe: made by name, or read from a model file.</summary>
public record NetworkOptions
{
    /// <summary>Architecture.</summary>
    [Setting("architecture, by its name in the zoo")]
    public string Arch { get; init; } = "aconvnet";

    /// <summary>Width multiplier.</summary>
    [Setting("width multiplier of the architecture", Min = 0.05, Max = 16)]
    public double Width { get; init; } = 1;

    /// <summary>Dropout rate.</summary>
    [Setting("dropout rate in front of the classifier; null for the architecture's own", Min = 0, Max = 0.95)]
    public double? Dropout { get; init; }

    /// <summary>What takes the place of max pooling.</summary>
    [Setting(
        "pooling where the architecture has max pooling: max, stochastic, which picks a unit with a probability in proportion to it, or "
        + "spectral, which keeps the low frequencies")]
    public PoolingKind Pooling { get; init; }

    /// <summary>Share of the units that max-pooling dropout drops.</summary>
    [Setting(
        "share of the units that max-pooling dropout drops before each maximum in training, 1 − p of the paper; 0 for max pooling",
        Min = 0, Max = 0.95)]
    public double PoolDropout { get; init; }

    /// <summary>What max-pooling dropout computes in inference.</summary>
    [Setting(
        "what max-pooling dropout computes in inference: weighted, the mean over its random choices, or scaled_max, p times the maximum")]
    public PoolInference PoolInference { get; init; }

    /// <summary>The poolings of the network.</summary>
    public PoolingChoice PoolingChoice => new(Pooling, PoolDropout, PoolInference);

    /// <summary>A network to go on from.</summary>
    [Setting(
        "model file whose training goes on, dense or pruned, in place of arch, width, dropout and pooling: masks stay, "
        + "and the last layer begins anew if its classes are not those of the data; null for initial weights")]
    public string? From { get; init; }

    /// <summary>A finished network.</summary>
    [Setting("model file of a finished network for the arm teacher or student-kd, which is then not trained; null to train it")]
    public string? Model { get; init; }
}

/// <summary>The student of a recipe.</summary>
public sealed record StudentOptions : NetworkOptions
{
    /// <summary>Whether the teacher itself is pruned.</summary>
    [Setting("prune the teacher itself: it is the student, of the teacher's architecture, and no arm student-kd is made")]
    public bool IsTeacher { get; init; }
}

/// <summary>The teacher of a recipe.</summary>
public sealed record TeacherOptions : NetworkOptions
{
    /// <summary>Training of the teacher.</summary>
    [Setting("training of the teacher; keys that are left out are those of the recipe's train")]
    public TrainOptions Train { get; init; } = new();
}
