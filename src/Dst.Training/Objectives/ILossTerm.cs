using Dst.Training.Autodiff;

namespace Dst.Training.Objectives;

/// <summary>One term of the loss of a phase, with its weight. It compares logits, or the outputs of two layers.</summary>
internal interface ILossTerm
{
    /// <summary>The network that it learns from, or null if it learns from the labels.</summary>
    Model? Teacher { get; }

    /// <summary>Whether it compares with labels. Such a term sees only the labelled images of a batch.</summary>
    bool NeedsLabels => Teacher is null;

    /// <summary>The layers that it compares, or null if it compares logits.</summary>
    LayerPair? Layers => null;

    /// <summary>A parameter of its own that is trained with the student, or null.</summary>
    Parameter? Projection => null;

    /// <summary>Computes the term and adds its gradients to those of the batch.</summary>
    /// <returns>The value with its weight, accumulated in double.</returns>
    double Add(in LossBatch batch);
}

/// <summary>What one term sees of a batch.</summary>
internal readonly ref struct LossBatch
{
    public LossBatch()
    {
    }

    /// <summary>Epoch, from 0.</summary>
    public required int Epoch { get; init; }

    /// <summary>Images that the term sees.</summary>
    public required int Images { get; init; }

    /// <summary>Classes of the labelled images of the batch, which come first.</summary>
    public required ReadOnlySpan<int> Labels { get; init; }

    /// <summary>Classes of the images that these are mixed with, if <see cref="Share"/> is below 1.</summary>
    public ReadOnlySpan<int> Partners { get; init; }

    /// <summary>Share of each image's own label; the rest is its partner's.</summary>
    public float Share { get; init; } = 1;

    /// <summary>Length of a row: classes, or pixels of a map.</summary>
    public required int Row { get; init; }

    /// <summary>The student's logits [images, classes], or features [images, channels, pixels].</summary>
    public required ReadOnlySpan<float> Student { get; init; }

    /// <summary>The same of the term's teacher: [images, classes] or [images, its channels, pixels]; empty without one.</summary>
    public ReadOnlySpan<float> Teacher { get; init; }

    /// <summary>The images [images, C, H, W] before any noise; empty where features are compared.</summary>
    public ReadOnlySpan<float> Inputs { get; init; }

    /// <summary>Gradient by <see cref="Student"/>, of its size.</summary>
    public required Span<float> Gradient { get; init; }
}
