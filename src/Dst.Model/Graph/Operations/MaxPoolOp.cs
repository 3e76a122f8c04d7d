using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// Maximum over a window; padding never wins. The output size rounds down, or up with <c>CeilMode</c>: then no window begins beyond the
/// input. If padding differs from side to side, a <see cref="PadOp"/> of <see cref="float.MinValue"/> comes before it.
/// </summary>
public sealed record MaxPoolOp(int Kernel, int Stride, int Padding = 0, bool CeilMode = false) : Operation
{
    /// <summary>The windows over features of the shape <paramref name="input"/>.</summary>
    public WindowShape ShapeFor(FeatureShape input) =>
        new(input.Channels, input.Height, input.Width, Kernel, Kernel, Stride, Padding, CeilMode);

    internal override ChannelOrder OrderOfChannels(FeatureShape input) => ChannelOrder.Kept;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node) =>
        SlidingWindow.Pool(node, this, inputs[0], Kernel, Stride, Padding, CeilMode);
}
