namespace Dst.Training.Engine;

/// <summary>
/// One epoch of one arm: a row of <c>metrics.csv</c>. Losses of an auto-encoder are mean squared errors of normalised pixels, and its
/// top-1 is 0.
/// </summary>
/// <param name="Arm">The arm, or an auto-encoder.</param>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="LearningRate">Learning rate of the epoch's last step.</param>
/// <param name="TrainLoss">Mean loss over the epoch, with the teachers' terms.</param>
/// <param name="TrainTop1">Top-1 on the augmented labelled training images, as they were trained, 0 to 1.</param>
/// <param name="ValidationLoss">Mean cross-entropy on the validation data.</param>
/// <param name="ValidationTop1">Top-1 on the validation data, 0 to 1.</param>
/// <param name="Seconds">Wall time of training and validation.</param>
/// <param name="ImagesPerSecond">Training speed.</param>
public sealed record EpochMetrics(
    string Arm, int Epoch, double LearningRate, double TrainLoss, double TrainTop1, double ValidationLoss, double ValidationTop1,
    double Seconds, double ImagesPerSecond)
{
    /// <summary>Mean of the classes' recalls on the validation data, 0 to 1; null of an auto-encoder, and of a row that was read.</summary>
    public double? ValidationBalancedAccuracy { get; init; }
}
