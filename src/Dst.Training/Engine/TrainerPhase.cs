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
    /// <summary>The teacher T, or null to learn from labels alone.</summary>
    public Model? Teacher { get; init; }

    /// <summary>The dense student S* as a second teacher, or null.</summary>
    public Model? DenseStudent { get; init; }

    /// <summary>Pruning during the training, or null.</summary>
    public PhasePruning? Pruning { get; init; }

    /// <summary>How convolutions are computed.</summary>
    public ConvolutionForms Forms { get; init; } = ConvolutionForms.Estimated;

    /// <summary>What is learnt from the teachers.</summary>
    public DistillationOptions Distillation { get; init; } = new();
}

/// <summary>What came of a phase.</summary>
/// <param name="Model">The weights of the best epoch.</param>
/// <param name="BestEpoch">The epoch, from 1, with the highest validation top-1; of equal ones the last. Gradual pruning has reached its end by then.</param>
/// <param name="BestTop1">Its validation top-1, 0 to 1.</param>
/// <param name="Epochs">Epochs trained.</param>
/// <param name="Seconds">Wall time.</param>
public sealed record PhaseResult(Model Model, int BestEpoch, double BestTop1, int Epochs, double Seconds);

/// <summary>One epoch of one arm: a row of <c>metrics.csv</c>.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="LearningRate">Learning rate of the epoch's last step.</param>
/// <param name="TrainLoss">Mean loss over the epoch, with the teachers' terms.</param>
/// <param name="TrainTop1">Top-1 on the augmented training images, as they were trained, 0 to 1.</param>
/// <param name="ValidationLoss">Mean cross-entropy on the validation data.</param>
/// <param name="ValidationTop1">Top-1 on the validation data, 0 to 1.</param>
/// <param name="Seconds">Wall time of training and validation.</param>
/// <param name="ImagesPerSecond">Training speed.</param>
public sealed record EpochMetrics(
    string Arm, int Epoch, double LearningRate, double TrainLoss, double TrainTop1, double ValidationLoss, double ValidationTop1, double Seconds, double ImagesPerSecond);

/// <summary>Where training is, reported after each step.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="Epochs">Epochs of the phase.</param>
/// <param name="Batch">Steps done in this epoch.</param>
/// <param name="Batches">Steps in an epoch.</param>
/// <param name="ImagesPerSecond">Speed since the program started this phase.</param>
/// <param name="Remaining">Expected time to the end of the phase.</param>
public readonly record struct TrainingProgress(string Arm, int Epoch, int Epochs, int Batch, int Batches, double ImagesPerSecond, TimeSpan Remaining);

/// <summary>Training cannot go on: the loss is no longer a number.</summary>
public sealed class DivergedException(string message) : Exception(message);
