using Dst.Graph;
using Dst.Kernels;

namespace Dst.Interop.Onnx.Export;

/// <summary>Writes poolings of maps [N, C, H, W].</summary>
internal static class PoolWriter
{
    private const float Lowest = float.MinValue; // the padding of a weighted pooling
    private const float Low = -3e38f; // what is below is padding
    private const float Smallest = 1e-30f; // stochastic pooling divides by no smaller mean

    /// <summary>Writes a pooling.</summary>
    /// <param name="writer">Takes the nodes.</param>
    /// <param name="pool">The operation.</param>
    /// <param name="name">Name of our node.</param>
    /// <param name="x">The value that it reads.</param>
    /// <param name="shape">Shape of that value.</param>
    /// <returns>The value that it writes.</returns>
    public static string Add(GraphWriter writer, PoolOp pool, string name, string x, FeatureShape shape)
    {
        var w = pool.ShapeFor(shape);
        return pool switch
        {
            MaxPoolOp => AddWindows(writer, "MaxPool", name, x, w),
            AvgPoolOp p => AddWindows(writer, "AveragePool", name, x, w, p.CountPadding),
            MaxPoolDropoutOp { Inference: PoolInference.ScaledMax } p => writer.Add(
                "Mul", name, [AddWindows(writer, "MaxPool", $"{name}.max", x, w), writer.AddConstant($"{name}.scale", [], [p.Retain])]),
            MaxPoolDropoutOp p => AddWeighted(writer, name, x, w, p.Retain),
            StochasticPoolOp => AddStochastic(writer, name, x, w),
            _ => throw new InvalidOperationException($"no ONNX operations for {pool}"),
        };
    }

    /// <summary>Writes A·x·Bᵀ as two products with constants; both hold for each channel.</summary>
    public static string AddSpectral(GraphWriter writer, SpectralPoolOp pool, string name, string x, FeatureShape shape)
    {
        var rows = writer.AddConstant($"{name}.rows", [pool.Height, shape.Height], SpectralPool.Matrix(shape.Height, pool.Height));
        var matrix = SpectralPool.Matrix(shape.Width, pool.Width);
        var transposed = new float[matrix.Length];
        for (var i = 0; i < matrix.Length; i++) transposed[i % shape.Width * pool.Width + i / shape.Width] = matrix[i];
        var columns = writer.AddConstant($"{name}.columns", [shape.Width, pool.Width], transposed);
        return writer.Add("MatMul", name, [writer.Add("MatMul", $"{name}.mixed", [rows, x]), columns]);
    }

    /// <summary>Pads a map.</summary>
    public static string AddPad(GraphWriter writer, string name, string x, PadOp p)
    {
        var sides = writer.AddConstant($"{name}.pads", 0, p.ChannelsBefore, p.Top, p.Left, 0, p.ChannelsAfter, p.Bottom, p.Right);
        return writer.Add("Pad", name, [x, sides, writer.AddConstant($"{name}.value", [], [p.Value])]);
    }

    /// <summary>Pads a map with its own values.</summary>
    public static string AddEdgePad(GraphWriter writer, string name, string x, EdgePadOp p)
    {
        var sides = writer.AddConstant($"{name}.pads", 0, 0, p.Top, p.Left, 0, 0, p.Bottom, p.Right);
        return writer.Add("Pad", name, [x, sides], ("mode", p.Reflects ? "reflect" : "edge"));
    }

    /// <summary>Writes rounding up as more padding at the ends, which does not count: runtimes differ in <c>ceil_mode</c>.</summary>
    private static string AddWindows(GraphWriter writer, string operation, string name, string x, WindowShape w, bool countPadding = false)
    {
        var (sides, (bottom, right)) = (w.Sides, EndsOf(w));
        var isRoundedUp = bottom != sides.Bottom || right != sides.Right;
        if (isRoundedUp && countPadding && sides != default)
        {
            x = AddPad(writer, $"{name}.pad", x, new(sides.Top, sides.Left, sides.Bottom, sides.Right));
            (sides, bottom, right) = (default, bottom - sides.Bottom, right - sides.Right);
        }

        (string, object)[] window =
        [
            ("kernel_shape", new[] { w.KernelHeight, w.KernelWidth }), ("strides", new[] { w.Stride, w.StrideWidth }),
            ("pads", new[] { sides.Top, sides.Left, bottom, right }),
        ];
        return writer.Add(operation, name, [x], countPadding && !isRoundedUp ? [.. window, ("count_include_pad", 1)] : window);
    }

    /// <summary>
    /// Writes Σ p·qʲ·(the j-th largest value): a slice of the map for each position of the window, all of them sorted, times the weights.
    /// A position in the padding sorts last and counts as zero.
    /// </summary>
    private static string AddWeighted(GraphWriter writer, string name, string x, WindowShape w, float retain)
    {
        var (bottom, right) = EndsOf(w);
        var pad = new PadOp(w.Sides.Top, w.Sides.Left, bottom, right, Value: Lowest);
        var isPadded = pad != new PadOp(0, 0, 0, 0, Value: Lowest);
        if (isPadded) x = AddPad(writer, $"{name}.pad", x, pad);
        var windows = writer.Add("Concat", $"{name}.windows", AddPositions(writer, name, x, w), ("axis", 4));
        var sorted = writer.Add("TopK", $"{name}.sorted", [windows, writer.AddConstant($"{name}.count", w.Area)], 1, ("axis", 4));
        if (isPadded)
        {
            var isValue = writer.Add("Greater", $"{name}.is_value", [sorted, writer.AddConstant($"{name}.low", [], [Low])]);
            sorted = writer.Add("Where", $"{name}.values", [isValue, sorted, writer.AddConstant($"{name}.none", [], [0])]);
        }

        float[] weights = [.. Enumerable.Range(0, w.Area).Select(j => (float)(retain * Math.Pow(1.0 - retain, j)))];
        return writer.Add("MatMul", name, [sorted, writer.AddConstant($"{name}.weights", [w.Area], weights)]);
    }

    /// <summary>Writes a slice of the map for each position of the window, with one more axis at its end.</summary>
    private static string[] AddPositions(GraphWriter writer, string name, string x, WindowShape w)
    {
        var (spatial, steps) = (writer.AddConstant($"{name}.spatial", 2, 3), writer.AddConstant($"{name}.steps", w.Stride, w.StrideWidth));
        var last = writer.AddConstant($"{name}.last", 4);
        return Array.ConvertAll(Enumerable.Range(0, w.Area).ToArray(), tap =>
        {
            var (step, row, column) = ($"{name}.tap{tap}", tap / w.KernelWidth, tap % w.KernelWidth);
            var starts = writer.AddConstant($"{step}.starts", row, column);
            var ends = writer.AddConstant(
                $"{step}.ends", row + (w.OutHeight - 1) * w.Stride + 1, column + (w.OutWidth - 1) * w.StrideWidth + 1);
            return writer.Add("Unsqueeze", step, [writer.Add("Slice", $"{step}.slice", [x, starts, ends, spatial, steps]), last]);
        });
    }

    /// <summary>Writes Σ r² / Σ r as a quotient of means over as many positions.</summary>
    private static string AddStochastic(GraphWriter writer, string name, string x, WindowShape w)
    {
        var positive = writer.Add("Relu", $"{name}.positive", [x]);
        var squares = writer.Add("Mul", $"{name}.square", [positive, positive]);
        var mean = AddWindows(writer, "AveragePool", $"{name}.mean", positive, w);
        var divisor = writer.Add("Max", $"{name}.divisor", [mean, writer.AddConstant($"{name}.smallest", [], [Smallest])]);
        return writer.Add("Div", name, [AddWindows(writer, "AveragePool", $"{name}.squares", squares, w), divisor]);
    }

    /// <summary>Padding below and on the right with which all windows lie in the map.</summary>
    private static (int Bottom, int Right) EndsOf(WindowShape w) => (
        Math.Max(w.Sides.Bottom, (w.OutHeight - 1) * w.Stride + w.KernelHeight - w.Height - w.Sides.Top),
        Math.Max(w.Sides.Right, (w.OutWidth - 1) * w.StrideWidth + w.KernelWidth - w.Width - w.Sides.Left));
}
