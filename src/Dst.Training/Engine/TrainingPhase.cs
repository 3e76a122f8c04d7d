using Dst.Training.Autodiff;
using Dst.Training.Masks;
using Dst.Training.Objectives;

namespace Dst.Training.Engine;

/// <summary>One network to be trained: where it starts, how it is trained and who teaches it.</summary>
/// <param name="Arm">The arm that it belongs to.</param>
/// <param name="Start">Initial weights; its masks stay fixed unless <see cref="Pruning"/> changes them.</param>
/// <param name="Options">Epochs, optimiser, schedule.</param>
public sealed record TrainingPhase(string Arm, Model Start, TrainOptions Options)
{
    /// <summary>The teacher T, or null if it does not teach.</summary>
    public Model? Teacher { get; init; }

    /// <summary>
    /// The network before pruning, its channels in the order of <see cref="Start"/>, or null if it does not teach. It may be the teacher.
    /// </summary>
    public Model? Dense { get; init; }

    /// <summary>Pruning during the training, or null.</summary>
    public Pruning? Pruning { get; init; }

    /// <summary>
    /// The quantised form of <see cref="Start"/>, which the training is to improve: the network computes with its scales. Null for a
    /// training in floats.
    /// </summary>
    public Model? Quantised { get; init; }

    /// <summary>How convolutions are computed.</summary>
    public ConvolutionForms Forms { get; init; } = ConvolutionForms.Estimated;

    /// <summary>Whether the network is an auto-encoder: its output is compared with the image, and labels are not read.</summary>
    public bool Reconstructs { get; init; }

    /// <summary>Deviation of the noise that is added to each pixel that an auto-encoder sees.</summary>
    public double Noise { get; init; }

    /// <summary>What is learnt from the teachers.</summary>
    public DistillationOptions Distillation { get; init; } = new();

    /// <summary>What the loss depends on, without weights of classes, which need the data.</summary>
    internal Lesson Lesson => new(Start.Graph, Distillation)
    {
        Teacher = Teacher,
        Dense = Dense,
        Reconstructs = Reconstructs,
        LabelSmoothing = Options.LabelSmoothing,
    };
}

/// <summary>The result of a phase.</summary>
/// <param name="Model">The weights of the best epoch.</param>
/// <param name="BestEpoch">
/// The epoch, from 1, with the highest validation top-1; of equal ones the last. Gradual pruning has reached its end by then. Of an
/// auto-encoder it is the last epoch.
/// </param>
/// <param name="BestTop1">Its validation top-1, 0 to 1; 0 of an auto-encoder.</param>
/// <param name="Epochs">Epochs trained.</param>
/// <param name="Seconds">Wall time.</param>
public sealed record PhaseResult(Model Model, int BestEpoch, double BestTop1, int Epochs, double Seconds)
{
    /// <summary>Images that it learnt from with their labels; 0 if it was not trained here.</summary>
    public int LabelledImages { get; init; }

    /// <summary>Images that it learnt from without labels.</summary>
    public int UnlabelledImages { get; init; }
}
