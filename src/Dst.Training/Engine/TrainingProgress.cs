namespace Dst.Training.Engine;

/// <summary>Where training is, reported after each step.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="Epochs">Epochs of the phase.</param>
/// <param name="Batch">Steps done in this epoch.</param>
/// <param name="Batches">Steps in an epoch.</param>
/// <param name="ImagesPerSecond">Speed since the program started this phase.</param>
/// <param name="Remaining">Expected time to the end of the phase.</param>
/// <param name="Loss">Mean loss of this epoch's steps so far.</param>
public readonly record struct TrainingProgress(
    string Arm, int Epoch, int Epochs, int Batch, int Batches, double ImagesPerSecond, TimeSpan Remaining, double Loss);
