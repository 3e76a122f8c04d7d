using Dst.Runtime.Quantisation;
using Dst.Training.Engine;

namespace Dst.Training.Experiments.Recipes;

/// <summary>Recipe section <c>quantise</c>: how a finished network becomes one of 8-bit integers, and how that is trained.</summary>
public sealed record QuantiseOptions : TrainOptions
{
    /// <summary>Sets a low learning rate, because folding scales weights and gradients by the factors of a normalisation.</summary>
    public QuantiseOptions() => Schedule = new() { LearningRate = 1e-4 };

    /// <summary>Passes over the training data with rounded weights and values.</summary>
    [Setting(
        "passes over the training data with weights and values rounded to 8 bits; 0 quantises without training", Min = 0, Max = 100_000)]
    public override int Epochs { get; init; }

    /// <summary>Images on which ranges are measured.</summary>
    [Setting(
        "training images, drawn by the seed, on which the ranges of values are measured; fewer if there are fewer",
        Min = 1, Max = 100_000)]
    public int Images { get; init; } = 256;

    /// <summary>How ranges are found.</summary>
    [Setting("how the range of a value is found: its ends, its ends without 0.01 % on each side, or the least squared error")]
    public RangeMethod Method { get; init; } = new QuantiserOptions().Method;

    /// <summary>Layers that stay in floats.</summary>
    [Setting("layers with weights that stay in floats, by name; * stands for any characters")]
    public IReadOnlyList<string> KeepFloat { get; init; } = [];

    /// <summary>Whether the quantised network is trained.</summary>
    internal bool IsTrained => Epochs > 0;
}
