using Dst.Graph;
using Dst.Interop.Onnx.Reading;
using Dst.Kernels;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Maxima and means over windows and over the whole map.</summary>
internal static class Pools
{
    /// <summary><c>MaxPool</c>: padding that differs between sides becomes a node of its own, of values that never win.</summary>
    public static void MaxPool(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var (kernel, stride, sides, isCeil) = ReadWindow(node, x);
        if (RoundsUp(x.Shape, kernel.Height, stride, sides)) (sides, isCeil) = (WindowSides.Equal(sides.Top), true);
        if (!sides.IsEqual) x = import.Append("pad", sides.ToPad(float.MinValue), x);
        var ceilMode = isCeil && IsInexact(x.Shape, kernel.Height, stride, sides.Top);
        import.Set(node, import.Append(node, null, new MaxPoolOp(kernel.Height, stride, sides.IsEqual ? sides.Top : 0, ceilMode), x));
    }

    /// <summary><c>AveragePool</c>; a window that is the whole map is a global pool.</summary>
    public static void AveragePool(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var kernel = KernelOf(node);
        if (kernel == (x.Shape.Height, x.Shape.Width) && WindowSides.Of(node, x.Shape, kernel, 1) == default)
        {
            import.Set(node, import.Append(node, null, new GlobalAvgPoolOp(), x));
            return;
        }

        var (_, stride, sides, isCeil) = ReadWindow(node, x);
        var countsPadding = node.GetInt("count_include_pad", 0) != 0;
        if (!countsPadding && RoundsUp(x.Shape, kernel.Height, stride, sides)) (sides, isCeil) = (WindowSides.Equal(sides.Top), true);
        if (!sides.IsEqual && !countsPadding)
            throw node.Illegal($"has the pads {sides}, which do not count; equal ones, or count_include_pad 1 were expected");
        if (sides == default && import.IsOnlyReader(node, 0) && TryUnpad(import, x, kernel.Height) is { } unpadded)
        {
            (x, sides, countsPadding) = unpadded;
        }

        if (!sides.IsEqual) x = import.Append("pad", sides.ToPad(0), x);
        var ceilMode = isCeil && IsInexact(x.Shape, kernel.Height, stride, sides.Top);
        // Without padding both ways to count are the same.
        countsPadding |= sides == default;
        var operation = new AvgPoolOp(kernel.Height, stride, sides.IsEqual ? sides.Top : 0, countsPadding, ceilMode);
        import.Set(node, import.Append(node, null, operation, x));
    }

    /// <summary>
    /// The input of <paramref name="x"/>, if that is a pad of equal zeros on all sides: so PyTorch writes a mean that counts its padding.
    /// Our pool then pads by itself, which matters if it rounds up: no window begins in its padding.
    /// </summary>
    private static (OnnxFeature X, WindowSides Sides, bool CountsPadding)? TryUnpad(NetworkImport import, OnnxFeature x, int kernel)
    {
        if (import.Network.OperationOf(x.Node) is not PadOp { ChannelsBefore: 0, ChannelsAfter: 0, Value: 0 } pad) return null;
        var sides = new WindowSides(pad.Top, pad.Left, pad.Bottom, pad.Right);
        if (!sides.IsEqual || sides.Top >= kernel) return null;
        var shape = x.Shape with { Height = x.Shape.Height - 2 * sides.Top, Width = x.Shape.Width - 2 * sides.Top };
        return (new(import.Network.InputOf(x.Node), shape, [import.Batch, shape.Channels, shape.Height, shape.Width]), sides, true);
    }

    public static void GlobalAveragePool(NetworkImport import, OnnxNode node) =>
        import.Set(node, import.Append(node, null, new GlobalAvgPoolOp(), import.Map(node, 0)));

    public static void GlobalMaxPool(NetworkImport import, OnnxNode node) =>
        import.Set(node, import.Append(node, null, new GlobalMaxPoolOp(), import.Map(node, 0)));

    /// <summary><c>ReduceMean</c> over all dimensions behind the channels.</summary>
    public static void ReduceMean(NetworkImport import, OnnxNode node)
    {
        var x = import.Elements(node, 0);
        var rank = x.Dims.Length;
        var axes = (ShapeRules.Axes(node, import.Constant(node, 1)) ?? []).Select(axis => ShapeRules.Axis(node, axis, rank)).ToHashSet();
        if (x.Dims[1] != x.Shape.Channels || rank < 3 || !axes.SetEquals(Enumerable.Range(2, rank - 2)))
            throw node.Illegal(
                $"takes the mean of {x} over the axes {RowMajor.Text(axes.Order())}; all axes behind the channels were expected");
        var y = import.Append(node, null, new GlobalAvgPoolOp(), x);
        var kept = node.GetInt("keepdims", 1) != 0 ? rank - 2 : 0;
        import.Set(node, y with { Dims = [import.Batch, y.Shape.Channels, .. Enumerable.Repeat(1, kept)] });
    }

    /// <summary>
    /// Whether more padding at the ends only makes room for the windows of rounding up. For padding that does not count or never wins.
    /// </summary>
    private static bool RoundsUp(FeatureShape x, int kernel, int stride, WindowSides sides)
    {
        bool IsRounded(int extent, int begin, int end) => end >= begin && extent + begin + end >= kernel
            && (extent + begin + end - kernel) / stride + 1 == WindowShape.OutExtent(extent, kernel, stride, begin, ceilMode: true);
        return !sides.IsEqual && sides.Top == sides.Left && sides.Top < kernel
            && x.Height + 2 * sides.Top >= kernel && x.Width + 2 * sides.Top >= kernel
            && IsRounded(x.Height, sides.Top, sides.Bottom) && IsRounded(x.Width, sides.Left, sides.Right);
    }

    /// <summary>Whether rounding up gives other sizes than rounding down.</summary>
    private static bool IsInexact(FeatureShape x, int kernel, int stride, int padding)
    {
        int Windows(int extent, bool ceilMode) => WindowShape.OutExtent(extent, kernel, stride, padding, ceilMode);
        return Windows(x.Height, true) != Windows(x.Height, false) || Windows(x.Width, true) != Windows(x.Width, false);
    }

    private static ((int Height, int Width) Kernel, int Stride, WindowSides Sides, bool IsCeil) ReadWindow(OnnxNode node, OnnxFeature x)
    {
        var kernel = KernelOf(node);
        if (kernel.Height != kernel.Width) throw node.Illegal($"has a window of {kernel.Height}x{kernel.Width}; a square one was expected");
        if (node.GetInts("dilations", 2, 1) is not [1, 1]) throw node.Illegal("has a dilated window, which is not supported");
        var stride = OnnxConvolutions.EqualSteps(node);
        var sides = WindowSides.Of(node, x.Shape, kernel, stride);
        var isCeil = node.GetInt("ceil_mode", 0) != 0;
        if (isCeil && !sides.IsEqual) throw node.Illegal($"has the pads {sides} and rounds up; equal pads were expected");
        return (kernel, stride, sides, isCeil);
    }

    private static (int Height, int Width) KernelOf(OnnxNode node) =>
        node.GetInts("kernel_shape", 2, 0) is [> 0 and var height, > 0 and var width] ? (height, width)
        : throw node.Illegal("has no kernel_shape above 0, which was expected");
}
