namespace Dst.Training.Engine;

/// <summary>Training cannot go on: the loss is NaN or infinite.</summary>
/// <seealso cref="Trainer"/>
public sealed class DivergedException(string message) : Exception(message);
