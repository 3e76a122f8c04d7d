using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// Mean over a window. With <c>CountPadding</c> the zeros of the padding count; without it the mean is over the input's pixels alone. The
/// output size rounds down, or up with <c>CeilMode</c>: then no window begins beyond the input and nothing beyond the padding counts.
/// </summary>
public sealed record AvgPoolOp(int Kernel, int Stride, int Padding = 0, bool CountPadding = true, bool CeilMode = false) : Operation
{
    /// <summary>The windows over features of the shape <paramref name="input"/>.</summary>
    public WindowShape ShapeFor(FeatureShape input) =>
        new(input.Channels, input.Height, input.Width, Kernel, Kernel, Stride, Padding, CeilMode);

    internal override ChannelOrder OrderOfChannels(FeatureShape input) => ChannelOrder.Kept;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node) =>
        SlidingWindow.Pool(node, this, inputs[0], Kernel, Stride, Padding, CeilMode);
}
