using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// Transposed convolution with dilation 1 and one group, which enlarges a map by its stride: each input pixel adds its multiple of the
/// kernel to the output. <c>Padding</c> rows and columns are cut off each side, <c>OutputPadding</c> are added below and on the right.
/// Parameters: <c>.weight</c> [OutChannels, InChannels, KernelHeight, KernelWidth] (PyTorch and ONNX exchange the first two) and, if
/// <c>Bias</c>, <c>.bias</c> [OutChannels].
/// </summary>
/// <param name="OutChannels">Channels of the output, at least 1.</param>
/// <param name="KernelHeight">Rows of a kernel, 1 to 64.</param>
/// <param name="KernelWidth">Columns of a kernel, 1 to 64.</param>
/// <param name="Stride">Pixels of the output for each pixel of the input, along rows and columns, 1 to 64.</param>
/// <param name="Padding">Rows and columns that are cut off each side, 0 to 64.</param>
/// <param name="OutputPadding">
/// Rows below and columns on the right that are added, 0 or more and less than <paramref name="Stride"/>.
/// </param>
/// <param name="Bias">Whether a number is added to each output channel.</param>
public sealed record ConvTransposeOp(
    int OutChannels, int KernelHeight, int KernelWidth, int Stride = 1, int Padding = 0, int OutputPadding = 0, bool Bias = false)
    : Operation
{
    internal override bool IsWeighted => true;

    /// <summary>The one from a map to a larger one, or null if its output padding cannot make up for what the windows leave over.</summary>
    internal static ConvTransposeOp? Between(
        FeatureShape input, FeatureShape output, int kernelHeight, int kernelWidth, int stride, int padding)
    {
        var exact = new ConvTransposeOp(output.Channels, kernelHeight, kernelWidth, stride, padding);
        var rest = output.Height - exact.Extent(input.Height, kernelHeight);
        var isLegal = rest >= 0 && rest < stride && rest == output.Width - exact.Extent(input.Width, kernelWidth);
        return isLegal ? exact with { OutputPadding = rest } : null;
    }

    /// <summary>The convolution from its output to its input, of which it is the backward-data pass.</summary>
    /// <param name="input">Shape of its input.</param>
    public Conv2dShape MirrorFor(FeatureShape input) => new(
        OutChannels, Extent(input.Height, KernelHeight), Extent(input.Width, KernelWidth),
        input.Channels, KernelHeight, KernelWidth, Stride, Padding);

    internal override ChannelOrder OrderOfChannels(FeatureShape input) => ChannelOrder.Summed;

    internal override Operation WithBias() => this with { Bias = true };

    internal override FeatureShape WeightUses(FeatureShape input, FeatureShape output) => input;

    internal override IEnumerable<OperationParameter> Parameters(FeatureShape input)
    {
        yield return new("weight", ParameterRole.Weight, OutChannels, input.Channels, KernelHeight, KernelWidth);
        if (Bias) yield return new("bias", ParameterRole.Bias, OutChannels);
    }

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        new Conv2dOp(OutChannels, KernelHeight, KernelWidth, Stride, Padding).ExpectSizes(node);
        node.Expect(OutputPadding >= 0 && OutputPadding < Stride,
            Invariant($"has the output padding {OutputPadding} and the stride {Stride}; 0 or more and less than the stride was expected"));
        var x = inputs[0];
        var output = new FeatureShape(OutChannels, Extent(x.Height, KernelHeight), Extent(x.Width, KernelWidth));
        node.Expect(output is { Height: >= 1, Width: >= 1 },
            Invariant($"gives {output} from {x}; a smaller padding than {Padding}, or a larger input, was expected"));
        new Conv2dOp(x.Channels, KernelHeight, KernelWidth, Stride, Padding).OutputShape([output], node);
        return output;
    }

    private int Extent(int extent, int kernel) => (extent - 1) * Stride - 2 * Padding + kernel + OutputPadding;
}
