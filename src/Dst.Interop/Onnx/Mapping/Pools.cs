using Dst.Graph;
using Dst.Interop.Onnx.Reading;
using Dst.Kernels;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Maxima and means over windows and over the whole map.</summary>
internal static class Pools
{
    /// <summary>A window as ONNX describes it. Steps and sides are of rows and columns.</summary>
    private readonly record struct Window((int Height, int Width) Kernel, (int Height, int Width) Stride, WindowSides Sides, bool RoundsUp)
    {
        public int? KernelWidth => Kernel.Width == Kernel.Height ? null : Kernel.Width;

        public int? StrideWidth => Stride.Width == Stride.Height ? null : Stride.Width;

        public int Padding => Sides.IsEqual ? Sides.Top : 0;

        public WindowSides? UnequalSides => Sides.IsEqual ? null : Sides;
    }

    public static void MaxPool(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var w = Simplify(x.Shape, ReadWindow(node, x));
        var operation = new MaxPoolOp(
            w.Kernel.Height, w.Stride.Height, w.Padding, w.RoundsUp, w.KernelWidth, w.StrideWidth, w.UnequalSides);
        import.SetOutput(node, import.Append(node, operation, x));
    }

    /// <summary><c>AveragePool</c>; a window that is the whole map is a global pool.</summary>
    public static void AveragePool(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var w = ReadWindow(node, x);
        if (w.Kernel == (x.Shape.Height, x.Shape.Width) && w.Sides == default)
        {
            import.SetOutput(node, import.Append(node, new GlobalAvgPoolOp(), x));
            return;
        }

        var countPadding = node.GetInt("count_include_pad", 0) != 0;
        if (countPadding && w is { RoundsUp: true, Sides.IsEqual: false })
            throw node.Illegal($"counts the pads {w.Sides} and rounds up; pad all sides alike, or round down");
        if (w.Sides == default && import.IsOnlyReader(node, 0) && TryUnpad(import, x, w.Kernel) is { } unpadded)
        {
            (x, countPadding) = (unpadded.X, true);
            w = w with { Sides = unpadded.Sides };
        }

        w = countPadding ? w with { RoundsUp = w.RoundsUp && IsInexact(x.Shape, w) } : Simplify(x.Shape, w);
        // Without padding both ways to count are the same.
        countPadding |= w.Sides == default;
        var operation = new AvgPoolOp(
            w.Kernel.Height, w.Stride.Height, w.Padding, countPadding, w.RoundsUp, w.KernelWidth, w.StrideWidth, w.UnequalSides);
        import.SetOutput(node, import.Append(node, operation, x));
    }

    /// <summary>Weighted pooling, which is what max-pooling dropout gives in inference.</summary>
    public static void WeightedPool(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var given = ReadWindow(node, x);
        var w = Simplify(x.Shape, given);
        var operation = new MaxPoolDropoutOp(
            w.Kernel.Height, w.Stride.Height, node.Get(NodePatterns.Retain, 1f), w.Padding, w.RoundsUp, w.KernelWidth, w.StrideWidth,
            w.UnequalSides);
        var y = import.Append(node, operation, x);
        var ends = node.GetInts("ends", 2, 0);
        var (rows, columns) = ((ends[0] - 1) / given.Stride.Height + 1, (ends[1] - 1) / given.Stride.Width + 1);
        if ((y.Shape.Height, y.Shape.Width) != (rows, columns))
            throw node.Illegal($"takes {rows}x{columns} windows of {x}; {y.Shape.Height}x{y.Shape.Width}, all that fit, were expected");
        import.SetOutput(node, y);
    }

    /// <summary>The mean over the choice of stochastic pooling.</summary>
    public static void StochasticPool(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var w = Simplify(x.Shape, ReadWindow(node, x));
        var operation = new StochasticPoolOp(
            w.Kernel.Height, w.Stride.Height, w.Padding, w.RoundsUp, w.KernelWidth, w.StrideWidth, w.UnequalSides);
        import.SetOutput(node, import.Append(node, operation, x));
    }

    /// <summary>The low frequencies of a map.</summary>
    public static void SpectralPool(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var (kept, of) = (node.GetInts("kept", 2, 0), node.GetInts("of", 2, 0));
        if ((of[0], of[1]) != (x.Shape.Height, x.Shape.Width))
            throw node.Illegal($"is a spectral pooling of {of[0]}x{of[1]} pixels, but reads {x}; as many rows and columns were expected");
        import.SetOutput(node, import.Append(node, new SpectralPoolOp(kept[0], kept[1]), x));
    }

    public static void GlobalAveragePool(NetworkImport import, OnnxNode node) =>
        import.SetOutput(node, import.Append(node, new GlobalAvgPoolOp(), import.Map(node, 0)));

    public static void GlobalMaxPool(NetworkImport import, OnnxNode node) =>
        import.SetOutput(node, import.Append(node, new GlobalMaxPoolOp(), import.Map(node, 0)));

    /// <summary><c>ReduceMean</c> over rows, columns or both.</summary>
    public static void ReduceMean(NetworkImport import, OnnxNode node) =>
        Reduce(import, node, new GlobalAvgPoolOp(), (height, width) => new AvgPoolOp(height, 1, KernelWidth: width));

    /// <summary><c>ReduceMax</c> over rows, columns or both.</summary>
    public static void ReduceMax(NetworkImport import, OnnxNode node) =>
        Reduce(import, node, new GlobalMaxPoolOp(), (height, width) => new MaxPoolOp(height, 1, KernelWidth: width));

    private static void Reduce(NetworkImport import, OnnxNode node, Operation whole, Func<int, int, Operation> window)
    {
        var x = import.WithChannels(node, 0);
        var rank = x.Dims.Length;
        var given = ShapeRules.Axes(node, import.Constant(node, 1)) ?? [];
        var axes = given.Select(axis => ShapeRules.Axis(node, axis, rank)).ToHashSet();
        if (given.Length == 0 && node.GetInt("noop_with_empty_axes", 0) == 0) axes = [.. Enumerable.Range(0, rank)];
        var moving = axes.Where(axis => x.Dims[axis] != 1 || axis is 0).ToHashSet();
        var pixels = Enumerable.Range(1, rank - 1).Where(axis => axis != x.ChannelAxis && x.Dims[axis] != 1).ToHashSet();
        if (!moving.IsSubsetOf(pixels))
            throw node.Illegal($"reduces {x} over the axes {RowMajor.Text(axes.Order())}; reduce rows and columns, not channels or images");
        var y = moving.Count == 0 ? x
            : moving.SetEquals(pixels) ? import.Append(node, whole, x)
            : moving.Contains(x.RowAxis) ? import.Append(node, window(x.Shape.Height, 1), x)
            : moving.Contains(x.ColumnAxis) ? import.Append(node, window(1, x.Shape.Width), x)
            : throw node.Illegal($"reduces a part of the pixels of {x}; reduce rows, columns or both");
        import.SetOutput(node, y.SeenAsReduced(x, axes, node.GetInt("keepdims", 1) != 0));
    }

    /// <summary>
    /// The input of <paramref name="x"/>, if that is a pad of equal zeros on all sides: so PyTorch writes a mean that counts its padding.
    /// Our pool then pads by itself, which matters if it rounds up: no window begins in its padding.
    /// </summary>
    private static (OnnxFeature X, WindowSides Sides)? TryUnpad(NetworkImport import, OnnxFeature x, (int Height, int Width) kernel)
    {
        if (import.Network.OperationOf(x.Node) is not PadOp { ChannelsBefore: 0, ChannelsAfter: 0, Value: 0 } pad) return null;
        var sides = new WindowSides(pad.Top, pad.Left, pad.Bottom, pad.Right);
        if (!sides.IsEqual || sides.Top >= Math.Min(kernel.Height, kernel.Width)) return null;
        var shape = x.Shape with { Height = x.Shape.Height - 2 * sides.Top, Width = x.Shape.Width - 2 * sides.Top };
        return (new(import.Network.InputOf(x.Node), shape, [import.Batch, shape.Channels, shape.Height, shape.Width]), sides);
    }

    /// <summary>
    /// A window whose padding does not count or never wins, in the simplest form: with equal padding that rounds up or down, else with
    /// sides that make room for the last window.
    /// </summary>
    private static Window Simplify(FeatureShape x, Window w)
    {
        if (IsRoundingUp(x, w)) w = w with { Sides = WindowSides.Equal(w.Sides.Top), RoundsUp = true };
        if (w.Sides.IsEqual) return w with { RoundsUp = w.RoundsUp && IsInexact(x, w) };
        if (!w.RoundsUp) return w;
        static int End(int extent, int kernel, int stride, int begin, int end)
        {
            var windows = WindowShape.OutExtent(extent, kernel, stride, begin, end, ceilMode: true);
            return Math.Max(end, (windows - 1) * stride + kernel - extent - begin);
        }

        var bottom = End(x.Height, w.Kernel.Height, w.Stride.Height, w.Sides.Top, w.Sides.Bottom);
        var right = End(x.Width, w.Kernel.Width, w.Stride.Width, w.Sides.Left, w.Sides.Right);
        return w with { Sides = w.Sides with { Bottom = bottom, Right = right }, RoundsUp = false };
    }

    /// <summary>Whether more padding at the ends only makes room for the windows of rounding up.</summary>
    private static bool IsRoundingUp(FeatureShape x, Window w)
    {
        var sides = w.Sides;
        static bool IsAlong(int extent, int kernel, int stride, int begin, int end) =>
            begin < kernel && extent + 2 * begin >= kernel && end >= begin
            && (extent + begin + end - kernel) / stride + 1 == WindowShape.OutExtent(extent, kernel, stride, begin, begin, ceilMode: true);
        return !sides.IsEqual && sides.Top == sides.Left
            && IsAlong(x.Height, w.Kernel.Height, w.Stride.Height, sides.Top, sides.Bottom)
            && IsAlong(x.Width, w.Kernel.Width, w.Stride.Width, sides.Left, sides.Right);
    }

    /// <summary>Whether rounding up gives other sizes than rounding down.</summary>
    private static bool IsInexact(FeatureShape x, Window w)
    {
        int Windows(int extent, int kernel, int stride, bool ceilMode) =>
            WindowShape.OutExtent(extent, kernel, stride, w.Sides.Top, w.Sides.Top, ceilMode);
        return Windows(x.Height, w.Kernel.Height, w.Stride.Height, true) != Windows(x.Height, w.Kernel.Height, w.Stride.Height, false)
            || Windows(x.Width, w.Kernel.Width, w.Stride.Width, true) != Windows(x.Width, w.Kernel.Width, w.Stride.Width, false);
    }

    private static Window ReadWindow(OnnxNode node, OnnxFeature x)
    {
        if (node.GetInts("kernel_shape", 2, 0) is not [> 0 and var height, > 0 and var width])
            throw node.Illegal("has no kernel_shape above 0, which was expected");
        if (node.GetInts("dilations", 2, 1) is not [1, 1]) throw node.Illegal("has a dilated window; use one without gaps");
        var stride = OnnxPadding.ReadStrides(node);
        return new((height, width), stride, OnnxPadding.Of(node, x.Shape, (height, width), stride), node.GetInt("ceil_mode", 0) != 0);
    }
}
