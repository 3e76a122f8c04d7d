using System.Text.Json.Serialization;
using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// Mean over a window. With <c>CountPadding</c> the zeros of the padding count; without it the mean is over the input's pixels alone. The
/// output size rounds down, or up with <c>CeilMode</c>: then no window begins beyond the input and nothing beyond the padding counts.
/// </summary>
/// <param name="Kernel">Rows and columns of the window.</param>
/// <param name="Stride">Step along rows and columns.</param>
/// <param name="Padding">Rows and columns beyond each side.</param>
/// <param name="CountPadding">Whether the padding counts.</param>
/// <param name="CeilMode">Whether the output size rounds up.</param>
/// <param name="KernelWidth">Columns of the window, if they are not as many as its rows.</param>
/// <param name="StrideWidth">Step along columns, if it is another than along rows.</param>
/// <param name="Sides">Padding of each side, in place of <paramref name="Padding"/>.</param>
public sealed record AvgPoolOp(
    int Kernel, int Stride, int Padding = 0, bool CountPadding = true, bool CeilMode = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? KernelWidth = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? StrideWidth = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WindowSides? Sides = null) : Operation
{
    /// <summary>The windows over features of the shape <paramref name="input"/>.</summary>
    public WindowShape ShapeFor(FeatureShape input) =>
        new(input.Channels, input.Height, input.Width, Kernel, KernelWidth ?? Kernel, Stride, Padding, CeilMode)
        {
            StrideWidth = StrideWidth ?? Stride,
            Sides = Sides ?? WindowSides.Equal(Padding),
        };

    internal override ChannelOrder OrderOfChannels(FeatureShape input) => ChannelOrder.Kept;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(Sides is null || Padding == 0, $"has the padding {Padding} and the sides {Sides}; one of both was expected");
        return SlidingWindow.Pool(node, ShapeFor(inputs[0]));
    }
}
