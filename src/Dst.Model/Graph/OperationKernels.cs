using Dst.Kernels;

namespace Dst.Graph;

/// <summary>Operations in the form that kernels take.</summary>
public static class OperationKernels
{
    /// <summary>The sizes of a convolution of features of the shape <paramref name="input"/>.</summary>
    public static Conv2dShape ShapeFor(this Conv2dOp c, FeatureShape input) =>
        new(input.Channels, input.Height, input.Width, c.OutChannels, c.KernelHeight, c.KernelWidth, c.Stride, c.Padding, c.Groups);

    /// <summary>The windows of a maximum over features of the shape <paramref name="input"/>.</summary>
    public static WindowShape ShapeFor(this MaxPoolOp p, FeatureShape input) =>
        new(input.Channels, input.Height, input.Width, p.Kernel, p.Kernel, p.Stride, p.Padding, p.CeilMode);

    /// <summary>The windows of a mean over features of the shape <paramref name="input"/>.</summary>
    public static WindowShape ShapeFor(this AvgPoolOp p, FeatureShape input) =>
        new(input.Channels, input.Height, input.Width, p.Kernel, p.Kernel, p.Stride, p.Padding, p.CeilMode);

    /// <summary>The function that an operation applies to each element, where that has no parameters; else null.</summary>
    public static Activation? ToActivation(this Operation operation) => operation switch
    {
        LeakyReluOp l => Activation.LeakyRelu(l.Slope),
        ClipOp c => Activation.Clip(c.Min, c.Max),
        SigmoidOp => Activation.Sigmoid,
        HardSigmoidOp h => Activation.HardSigmoid(h.Alpha, h.Beta),
        HardSwishOp => Activation.HardSwish,
        TanhOp => Activation.Tanh,
        _ => null,
    };

    /// <summary>Where an operation moves elements of features of the shape <paramref name="input"/> to, where that is all that it does; else null.</summary>
    public static Rearrangement? ToRearrangement(this Operation operation, FeatureShape input)
    {
        var shape = new MapShape(input.Channels, input.Height, input.Width);
        return operation switch
        {
            PadOp p => Rearrangement.Pad(shape, p.Top, p.Left, p.Bottom, p.Right, p.ChannelsBefore, p.ChannelsAfter, p.Value),
            SliceOp s => Rearrangement.Slice(shape, s.Start, s.Channels),
            ChannelShuffleOp s => Rearrangement.ShuffleChannels(shape, s.Groups),
            _ => null,
        };
    }
}
