using Dst.Kernels;

namespace Dst.Runtime.Graph;

/// <summary>Operations in the form that kernels take.</summary>
public static class OperationKernels
{
    /// <summary>The sizes of a convolution of features of the shape <paramref name="input"/>.</summary>
    public static Conv2dShape ShapeFor(this Conv2dOp c, FeatureShape input) =>
        new(input.Channels, input.Height, input.Width, c.OutChannels, c.KernelHeight, c.KernelWidth, c.Stride, c.Padding, c.Groups);
}
