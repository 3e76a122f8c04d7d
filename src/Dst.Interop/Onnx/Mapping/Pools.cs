using Dst.Interop.Onnx.Reading;
using Dst.Runtime.Graph;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Maxima and means over windows and over the whole map.</summary>
internal static class Pools
{
    /// <summary><c>MaxPool</c>: padding that differs between sides becomes a node of its own, of values that never win.</summary>
    public static void MaxPool(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var (kernel, stride, sides, isCeil) = ReadWindow(node, x);
        if (!sides.IsEqual) x = import.Append("pad", sides.ToPad(float.MinValue), x);
        import.Set(node, import.Append(node, null, new MaxPoolOp(kernel.Height, stride, sides.IsEqual ? sides.Top : 0, isCeil), x));
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
        if (!sides.IsEqual && !countsPadding) throw node.Illegal($"has the pads {sides}, which do not count; equal ones, or count_include_pad 1 were expected");
        if (!sides.IsEqual) x = import.Append("pad", sides.ToPad(0), x);
        // Without padding both ways of counting are one.
        import.Set(node, import.Append(node, null, new AvgPoolOp(kernel.Height, stride, sides.IsEqual ? sides.Top : 0, countsPadding || sides == default, isCeil), x));
    }

    public static void GlobalAveragePool(NetworkImport import, OnnxNode node) =>
        import.Set(node, import.Append(node, null, new GlobalAvgPoolOp(), import.Map(node, 0)));

    /// <summary><c>ReduceMean</c> over all that lies behind the channels.</summary>
    public static void ReduceMean(NetworkImport import, OnnxNode node)
    {
        var x = import.Elements(node, 0);
        var rank = x.Dims.Length;
        var axes = (ShapeRules.Axes(node, import.Constant(node, 1)) ?? []).Select(axis => ShapeRules.Axis(node, axis, rank)).ToHashSet();
        if (x.Dims[1] != x.Shape.Channels || rank < 3 || !axes.SetEquals(Enumerable.Range(2, rank - 2)))
            throw node.Illegal($"takes the mean of {x} over the axes {RowMajor.Text(axes.Order())}; all axes behind the channels were expected");
        var y = import.Append(node, null, new GlobalAvgPoolOp(), x);
        var kept = node.GetInt("keepdims", 1) != 0 ? rank - 2 : 0;
        import.Set(node, y with { Dims = [import.Batch, y.Shape.Channels, .. Enumerable.Repeat(1, kept)] });
    }

    private static ((int Height, int Width) Kernel, int Stride, WindowSides Sides, bool IsCeil) ReadWindow(OnnxNode node, Feature x)
    {
        var kernel = KernelOf(node);
        if (kernel.Height != kernel.Width) throw node.Illegal($"has a window of {kernel.Height}x{kernel.Width}; a square one was expected");
        if (node.GetInts("dilations", 2, 1) is not [1, 1]) throw node.Illegal("has a dilated window, which is not supported");
        var stride = Convolutions.EqualSteps(node);
        var sides = WindowSides.Of(node, x.Shape, kernel, stride);
        var isCeil = node.GetInt("ceil_mode", 0) != 0;
        if (isCeil && !sides.IsEqual) throw node.Illegal($"has the pads {sides} and rounds up; equal pads were expected");
        return (kernel, stride, sides, isCeil);
    }

    private static (int Height, int Width) KernelOf(OnnxNode node) => node.GetInts("kernel_shape", 2, 0) is [> 0 and var height, > 0 and var width] ? (height, width)
        : throw node.Illegal("has no kernel_shape above 0, which was expected");
}
