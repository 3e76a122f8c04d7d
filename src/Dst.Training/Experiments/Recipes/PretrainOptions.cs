using Dst.Training.Engine;
using Dst.Training.Networks;
using Dst.Training.Objectives;

namespace Dst.Training.Experiments.Recipes;

/// <summary>Training of auto-encoders around the student and the teacher, which then start from the encoders.</summary>
public sealed record PretrainOptions
{
    /// <summary>The decoder, or none for a student with initial weights.</summary>
    [Setting(
        "decoder of the auto-encoder around the student's trunk, which is trained first on all training images, labelled or not, without "
        + "labels: conv_transpose, or upsample with 3x3 convolutions; none for a student with initial weights")]
    public DecoderKind Decoder { get; init; }

    /// <summary>Deviation of the noise that is added to the encoder's inputs.</summary>
    [Setting(
        "deviation of the normal noise that is added to each normalised pixel that the encoder sees, while the decoder must give the image "
        + "without it; 0 for none", Min = 0, Max = 10)]
    public double Noise { get; init; }

    /// <summary>Training of the auto-encoder.</summary>
    [Setting("training of the auto-encoder; keys that are left out are those of the recipe's train")]
    public TrainOptions Train { get; init; } = new();

    /// <summary>Whether the teacher begins from an auto-encoder too.</summary>
    [Setting("start the teacher too, from an auto-encoder of its own")]
    public bool Teacher { get; init; }

    /// <summary>Whether there is an auto-encoder.</summary>
    internal bool IsUsed => Decoder != DecoderKind.None;

    /// <summary><see cref="Train"/> without what needs labels; all epochs are trained, and the last is kept.</summary>
    internal TrainOptions TrainWithoutLabels =>
        Train with { Patience = 0, LabelSmoothing = 0, ClassWeights = ClassWeighting.None };
}
