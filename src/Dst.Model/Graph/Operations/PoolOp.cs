using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// A pooling: a function of the values in a window of one channel. The output size rounds down, or up with <c>CeilMode</c>: then no window
/// begins beyond the input.
/// </summary>
/// <param name="Kernel">Rows and columns of the window, 1 to 64, or to those of the map.</param>
/// <param name="Stride">Step along rows and columns, 1 to 64.</param>
/// <param name="Padding">Rows and columns beyond each side, 0 or more and fewer than those of the window.</param>
/// <param name="CeilMode">Whether the output size rounds up.</param>
/// <param name="KernelWidth">Columns of the window, if they are not as many as its rows.</param>
/// <param name="StrideWidth">Step along columns, if it is another than along rows.</param>
/// <param name="Sides">Padding of each side, in place of <paramref name="Padding"/>.</param>
public abstract record PoolOp(
    int Kernel, int Stride, int Padding, bool CeilMode, int? KernelWidth, int? StrideWidth, WindowSides? Sides) : Operation
{
    /// <summary>The windows over features of the shape <paramref name="input"/>.</summary>
    public WindowShape ShapeFor(FeatureShape input) =>
        new(input.Channels, input.Height, input.Width, Kernel, KernelWidth ?? Kernel, Stride, Padding, CeilMode)
        {
            StrideWidth = StrideWidth ?? Stride,
            Sides = Sides ?? WindowSides.Equal(Padding),
        };

    internal override ConvTransposeOp? MirrorOf(FeatureShape input, FeatureShape output)
    {
        var window = ShapeFor(input);
        return window.StrideWidth == Stride && window.Sides == WindowSides.Equal(window.Sides.Top)
            ? ConvTransposeOp.Between(output, input, Kernel, window.KernelWidth, Stride, window.Sides.Top)
            : null;
    }

    internal override ChannelOrder OrderOfChannels(FeatureShape input) => ChannelOrder.Kept;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(Sides is null || Padding == 0, Invariant($"has the padding {Padding} and the sides {Sides}; one of both was expected"));
        return SlidingWindow.Pool(node, ShapeFor(inputs[0]));
    }
}
