using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Fully connected layers.</summary>
internal static class Products
{
    /// <summary><c>Gemm</c>: alpha·x·B + beta·C with constant B and C.</summary>
    public static void Gemm(NetworkImport import, OnnxNode node)
    {
        if (node.GetInt("transA", 0) != 0) throw node.Illegal("transposes its first input; transpose none but its weight");
        var (alpha, beta) = (node.Get("alpha", 1f), node.Get("beta", 1f));
        var y = Linear(import, node, node.GetInt("transB", 0) != 0, alpha, hasBias: import.Constant(node, 2) is not null);
        if (import.Constant(node, 2) is { } bias)
        {
            var features = y.Shape.Channels;
            var isRow = bias.Shape.Length <= 2 && (bias.Shape.Length < 2 || bias.Shape[0] == 1);
            if (!isRow || bias.Count != 1 && bias.Count != features)
                throw node.Illegal($"adds a constant {RowMajor.Text(bias.Shape)}; add [{features}]");
            var values = bias.Floats(node);
            var scaled = Enumerable.Range(0, features).Select(i => beta * values[bias.Count == 1 ? 0 : i]);
            import.Network.SetParameter(y.Node, "bias", [features], [.. scaled]);
        }

        import.SetOutput(node, y);
    }

    /// <summary><c>MatMul</c> with a constant matrix. Of a map whose channels are the last axis, it is a 1x1 convolution.</summary>
    public static void MatMul(NetworkImport import, OnnxNode node) =>
        import.SetOutput(node, Linear(import, node, isTransposed: false, scale: 1, hasBias: false));

    private static OnnxFeature Linear(NetworkImport import, OnnxNode node, bool isTransposed, float scale, bool hasBias)
    {
        var matrix = import.NeededConstant(node, 1);
        if (matrix.Shape.Length != 2) throw node.Illegal($"has a weight {RowMajor.Text(matrix.Shape)}; give it two dimensions");
        var (inputs, outputs) = isTransposed ? (matrix.Shape[1], matrix.Shape[0]) : (matrix.Shape[0], matrix.Shape[1]);
        var (x, places) = ReadInput(import, node);
        if (x.Shape.Channels != inputs) throw node.Illegal($"multiplies {x} by a weight for {inputs} features; as many were expected");
        var values = matrix.Floats(node);
        import.Budget.Take(values.Length);
        // Our weights are [O, I]; those of ONNX are [I, O] unless it transposes.
        var weight = new float[values.Length];
        for (var o = 0; o < outputs; o++)
        {
            for (var i = 0; i < inputs; i++)
                weight[o * inputs + (places?[i] ?? i)] = scale * values[isTransposed ? o * inputs + i : i * outputs + o];
        }

        var isOnePixel = x.Shape is { Height: 1, Width: 1 };
        Operation operation = isOnePixel ? new LinearOp(outputs, hasBias) : new Conv2dOp(outputs, 1, 1, Bias: hasBias);
        var y = import.AppendLayer(node, node.Inputs[1], operation, x);
        if (scale == 1) import.Int8?.SetFilters(y.Node, node.Inputs[1], outputs, axis: isTransposed ? 0 : 1);
        import.Network.SetParameter(y.Node, "weight", isOnePixel ? [outputs, inputs] : [outputs, inputs, 1, 1], weight);
        return y.SeenAsPixelsOf(x);
    }

    /// <summary>
    /// What a product reads, features whose last axis is the channels, and the place among ours of each feature that it reads; null if
    /// that is the same.
    /// </summary>
    private static (OnnxFeature X, int[]? Places) ReadInput(NetworkImport import, OnnxNode node)
    {
        var x = import.InAnyOrder(node, 0);
        if (x is { Dims.Length: 2, Order: [0, ..] order })
        {
            var before = new int[order.Length];
            for (var axis = 0; axis < order.Length; axis++) before[order[axis]] = x.Transposed[axis];
            var strides = RowMajor.Strides(before);
            var places = RowMajor.Positions(x.Transposed[1..], 0, [.. order.Skip(1).Select(axis => strides[axis])]);
            import.Budget.Take(places.Length);
            var flat = x with { Dims = [import.Batch, (int)x.Shape.Count] };
            return (x.Shape is { Height: 1, Width: 1 } ? flat : import.AppendExtra("flatten", new FlattenOp(), flat), places);
        }

        if (x.ChannelAxis != x.Dims.Length - 1) x = import.Map(node, 0);
        return x.ChannelAxis == x.Dims.Length - 1 ? (x, null) : throw node.Illegal($"multiplies {x}; flatten or pool it to [N, F] before");
    }
}
