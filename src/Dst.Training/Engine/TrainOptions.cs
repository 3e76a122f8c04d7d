using Dst.Training.Objectives;
using Dst.Training.Optimizers;

namespace Dst.Training.Engine;

/// <summary>How the form of each convolution is chosen (<see cref="Autodiff.ConvolutionForms"/>).</summary>
public enum FormChoice
{
    /// <summary>By a cost model: the same on each machine of one vector width.</summary>
    Estimated,

    /// <summary>By times measured before training.</summary>
    Measured,

    /// <summary>Direct everywhere.</summary>
    Direct,
}

/// <summary>How one network is trained.</summary>
public record TrainOptions
{
    /// <summary>Passes over the training data, unlabelled images included.</summary>
    [Setting("passes over the training data, unlabelled images included", Min = 1, Max = 100_000)]
    public virtual int Epochs { get; init; } = 30;

    /// <summary>Images in a step, labelled and unlabelled.</summary>
    [Setting("images in a step, labelled and unlabelled", Min = 1, Max = 4096)]
    public int Batch { get; init; } = 64;

    /// <summary>The optimiser.</summary>
    [Setting("the optimiser")]
    public OptimizerOptions Optimizer { get; init; } = new();

    /// <summary>The learning rate over time.</summary>
    [Setting("the learning rate over time")]
    public ScheduleOptions Schedule { get; init; } = new();

    /// <summary>How the form of each convolution is chosen.</summary>
    [Setting(
        "how the form of each convolution is chosen: estimated by a cost model, the same on each machine of one vector width; "
        + "measured by times taken before training, then kept; direct without Winograd and FFT")]
    public FormChoice Convolutions { get; init; }

    /// <summary>Share of the label's probability that is spread over all classes.</summary>
    [Setting("share of the label's probability that is spread over all classes", Min = 0, Max = 0.9)]
    public double LabelSmoothing { get; init; }

    /// <summary>How much each class counts in the labels' loss.</summary>
    [Setting(
        "weights of the classes in the labels' loss: none weighs each image the same; balanced weighs each class the same, an image by "
        + "1 / the images of its class")]
    public ClassWeighting ClassWeights { get; init; }

    /// <summary>Largest norm of the gradient.</summary>
    [Setting("largest L2 norm of the whole gradient, to which a larger one is scaled down; 0 for no limit", Min = 0, Max = 1e6)]
    public double Clip { get; init; }

    /// <summary>Decay of the moving average of weights.</summary>
    [Setting("decay per step of the moving average of weights, which is validated and kept; 0 for none", Min = 0, Max = 0.99999)]
    public double Ema { get; init; }

    /// <summary>Epochs without improvement after which training ends.</summary>
    [Setting("stop after so many epochs without a better validation result; 0 for never", Min = 0, Max = 100_000)]
    public int Patience { get; init; }
}
