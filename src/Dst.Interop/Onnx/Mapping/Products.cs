using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Fully connected layers.</summary>
internal static class Products
{
    /// <summary><c>Gemm</c>: alpha·x·B + beta·C with constant B and C.</summary>
    public static void Gemm(NetworkImport import, OnnxNode node)
    {
        if (node.GetInt("transA", 0) != 0) throw node.Illegal("transposes its first input, which is not supported");
        var (alpha, beta) = (node.Get("alpha", 1f), node.Get("beta", 1f));
        var y = Linear(import, node, node.GetInt("transB", 0) != 0, alpha, hasBias: import.Constant(node, 2) is not null);
        if (import.Constant(node, 2) is { } bias)
        {
            var features = y.Shape.Channels;
            if (bias.Count != 1 && bias.Count != features)
                throw node.Illegal($"adds a constant {RowMajor.Text(bias.Shape)}; [{features}] was expected");
            var values = bias.Floats(node);
            var scaled = Enumerable.Range(0, features).Select(i => beta * values[bias.Count == 1 ? 0 : i]);
            import.Network.SetParameter(y.Node, "bias", [features], [.. scaled]);
        }

        import.Set(node, y);
    }

    /// <summary><c>MatMul</c> with a constant matrix.</summary>
    public static void MatMul(NetworkImport import, OnnxNode node) =>
        import.Set(node, Linear(import, node, isTransposed: false, scale: 1, hasBias: false));

    private static OnnxFeature Linear(NetworkImport import, OnnxNode node, bool isTransposed, float scale, bool hasBias)
    {
        var x = import.Map(node, 0);
        if (x.Dims.Length != 2) throw node.Illegal($"multiplies {x}; [N, F] was expected, flatten or pool it first");
        var matrix = import.NeededConstant(node, 1);
        if (matrix.Shape.Length != 2) throw node.Illegal($"has a weight {RowMajor.Text(matrix.Shape)}; two dimensions were expected");
        var (rows, columns) = (matrix.Shape[0], matrix.Shape[1]);
        var values = matrix.Floats(node);
        import.Budget.Take(values.Length);
        // Our weights are [O, I]; those of ONNX are [I, O] unless it transposes.
        var weight = new float[values.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                weight[isTransposed ? row * columns + column : column * rows + row] = scale * values[row * columns + column];
        }

        int[] shape = isTransposed ? [rows, columns] : [columns, rows];
        var y = import.Append(node, node.Inputs[1], new LinearOp(shape[0], hasBias), x);
        import.Network.SetParameter(y.Node, "weight", shape, weight);
        return y;
    }
}
