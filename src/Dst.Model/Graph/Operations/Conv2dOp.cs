using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// 2-D convolution (cross-correlation) with zero padding on all sides and dilation 1.
/// Parameters: <c>.weight</c> [OutChannels, InChannels / Groups, KernelHeight, KernelWidth] and, if <c>Bias</c>, <c>.bias</c>
/// [OutChannels].
/// </summary>
/// <param name="OutChannels">Filters, at least 1; a multiple of <paramref name="Groups"/>.</param>
/// <param name="KernelHeight">Rows of a kernel, 1 to 64.</param>
/// <param name="KernelWidth">Columns of a kernel, 1 to 64.</param>
/// <param name="Stride">Step along rows and columns, 1 to 64.</param>
/// <param name="Padding">Rows and columns of zeros on each side, 0 to 64.</param>
/// <param name="Groups">Groups of channels that are convolved alone, at least 1; the input channels are a multiple of it.</param>
/// <param name="Bias">Whether a number is added to each output channel.</param>
public sealed record Conv2dOp(
    int OutChannels, int KernelHeight, int KernelWidth, int Stride = 1, int Padding = 0, int Groups = 1, bool Bias = false) : Operation
{
    private const int MaxKernel = SlidingWindow.MaxKernel;

    internal override bool IsWeighted => true;

    internal override bool TakesMask => true;

    /// <summary>The sizes of the convolution of features of the shape <paramref name="input"/>.</summary>
    public Conv2dShape ShapeFor(FeatureShape input) =>
        new(input.Channels, input.Height, input.Width, OutChannels, KernelHeight, KernelWidth, Stride, Padding, Groups);

    /// <summary>Whether each channel of features of the shape <paramref name="input"/> has one filter of its own.</summary>
    internal bool IsDepthwise(FeatureShape input) => ShapeFor(input).IsDepthwise;

    internal override ConvTransposeOp? MirrorOf(FeatureShape input, FeatureShape output) =>
        ConvTransposeOp.Between(output, input, KernelHeight, KernelWidth, Stride, Padding);

    internal override ChannelOrder OrderOfChannels(FeatureShape input) =>
        Groups == 1 ? ChannelOrder.Summed : IsDepthwise(input) ? ChannelOrder.Kept : ChannelOrder.Fixed;

    internal override Operation OnChannels(int count, FeatureShape input) =>
        this with { OutChannels = OutChannels / Groups * count, Groups = count };

    internal override Operation? WithFilters(int count) => Groups == 1 ? this with { OutChannels = count } : null;

    internal override Operation WithBias() => this with { Bias = true };

    internal override ByteForm OnBytes(FeatureShape input) =>
        Groups == 1 || IsDepthwise(input) ? ByteForm.Rescales : ByteForm.None;

    internal override IEnumerable<OperationParameter> Parameters(FeatureShape input)
    {
        yield return new("weight", ParameterRole.Weight, OutChannels, input.Channels / Groups, KernelHeight, KernelWidth);
        if (Bias) yield return new("bias", ParameterRole.Bias, OutChannels);
    }

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        var x = inputs[0];
        ExpectSizes(node);
        node.Expect(Groups >= 1 && x.Channels % Groups == 0 && OutChannels % Groups == 0,
            Invariant($"has {Groups} groups, which must divide its {x.Channels} input and {OutChannels} output channels"));
        node.Expect(IsSmall(x),
            Invariant($"is too large: {x} to {OutChannels} channels with a {KernelHeight}x{KernelWidth} kernel; ")
            + $"expected at most {int.MaxValue} padded values and weights");
        return new(
            OutChannels,
            SlidingWindow.OutExtent(node, x.Height, KernelHeight, Stride, Padding),
            SlidingWindow.OutExtent(node, x.Width, KernelWidth, Stride, Padding));
    }

    /// <summary>Refuses sizes that are out of range.</summary>
    /// <exception cref="InputException">One is.</exception>
    internal void ExpectSizes(NodeLocation node) =>
        node.Expect(OutChannels >= 1 && Stride is >= 1 and <= MaxKernel && Padding is >= 0 and <= MaxKernel
            && KernelHeight is >= 1 and <= MaxKernel && KernelWidth is >= 1 and <= MaxKernel,
            Invariant($"has {OutChannels} filters of {KernelHeight}x{KernelWidth} with stride {Stride} and padding {Padding}; ")
            + $"expected at least one filter, stride and kernel 1 to {MaxKernel}, padding 0 to {MaxKernel}");

    /// <summary>Whether a 32-bit integer can count the padded values and weights.</summary>
    private bool IsSmall(FeatureShape x)
    {
        long channels = FeatureLimits.Padded(x.Channels), filters = FeatureLimits.Padded(OutChannels);
        var room = (x.Height + 2L * Padding + KernelHeight + Stride) * (x.Width + 2L * Padding + KernelWidth + Stride);
        return room * Math.Max(channels, filters) <= int.MaxValue
            && filters * FeatureLimits.Padded(x.Channels / Groups) * KernelHeight * KernelWidth <= int.MaxValue;
    }
}
