namespace Dst.Training.Experiments;

/// <summary>An arm that is to be made, or an auto-encoder that is trained before it.</summary>
/// <param name="Arm">Its name, or that of an auto-encoder.</param>
/// <param name="Network">Name of its network.</param>
/// <param name="Weights">Trained parameters, before pruning.</param>
/// <param name="Macs">Multiply-accumulates of one image, before pruning.</param>
/// <param name="Epochs">Epochs that it is trained; 0 if a model file is given for it. Patience may end it earlier.</param>
/// <param name="Steps">Steps of these epochs.</param>
/// <param name="Work">Multiply-accumulates of its training, roughly, to compare the times of arms.</param>
public sealed record PlannedArm(string Arm, string Network, long Weights, long Macs, int Epochs, long Steps, double Work);
