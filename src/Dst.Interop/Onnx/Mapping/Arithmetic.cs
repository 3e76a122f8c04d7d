using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Addition, subtraction, multiplication and division, of features and of features with a constant for each channel.</summary>
internal static class Arithmetic
{
    public static void Add(NetworkImport import, OnnxNode node)
    {
        if (FindConstant(import, node) is { } constant) Scale(import, node, 1 - constant, constant, value => (1, value));
        else import.Set(node, import.Append(node, null, new AddOp(), import.Map(node, 0), import.Map(node, 1)));
    }

    public static void Subtract(NetworkImport import, OnnxNode node)
    {
        if (import.IsConstant(node, 0)) Scale(import, node, 1, 0, value => (-1, value));
        else if (import.IsConstant(node, 1)) Scale(import, node, 0, 1, value => (1, -value));
        else throw node.Illegal("subtracts features from features; a constant on one side was expected");
    }

    /// <summary><c>Mul</c>. A product of x and its hard sigmoid is a hard swish: exporters write it so before operation set 14.</summary>
    public static void Multiply(NetworkImport import, OnnxNode node)
    {
        if (FindConstant(import, node) is { } constant)
        {
            Scale(import, node, 1 - constant, constant, value => (value, 0));
            return;
        }

        var (x, y) = (import.Map(node, 0), import.Map(node, 1));
        if (IsHardSigmoidOf(import, node, gate: 1, of: x, y)) import.Set(node, ToHardSwish(import, y));
        else if (IsHardSigmoidOf(import, node, gate: 0, of: y, x)) import.Set(node, ToHardSwish(import, x));
        // Factors for each channel are the second input of our product.
        else if (x.Shape.Count < y.Shape.Count) import.Set(node, import.Append(node, null, new MulOp(), y, x));
        else import.Set(node, import.Append(node, null, new MulOp(), x, y));
    }

    public static void Divide(NetworkImport import, OnnxNode node)
    {
        if (!import.IsConstant(node, 1)) throw node.Illegal("divides by features; a constant divisor was expected");
        Scale(import, node, 0, 1, value => (1 / value, 0));
    }

    /// <summary>The values of a constant for each channel, to which it is broadcast.</summary>
    public static float[] PerChannel(OnnxNode node, ConstantTensor constant, OnnxFeature x)
    {
        var channels = x.Shape.Channels;
        var values = constant.Floats(node);
        if (values.Length == 1) return [.. Enumerable.Repeat(values[0], channels)];
        var fromEnd = x.Dims.Length - 2;
        var axis = constant.Shape.Length - 1 - fromEnd;
        if (constant.Shape.Length > x.Dims.Length || values.Length != channels || axis < 0 || constant.Shape[axis] != channels)
            throw node.Illegal(
                $"combines features {x} with a constant {RowMajor.Text(constant.Shape)}; "
                + $"one value, or one for each of {channels} channels was expected");
        return values;
    }

    private static int? FindConstant(NetworkImport import, OnnxNode node) =>
        import.IsConstant(node, 0) ? 0 : import.IsConstant(node, 1) ? 1 : null;

    /// <summary>Multiplies and shifts each channel. The layer before does it, if it can and has no other reader.</summary>
    private static void Scale(NetworkImport import, OnnxNode node, int feature, int constant, Func<float, (float Weight, float Bias)> rule)
    {
        var x = import.Map(node, feature);
        var values = PerChannel(node, import.NeededConstant(node, constant), x);
        var (weight, bias) = (Array.ConvertAll(values, value => rule(value).Weight), Array.ConvertAll(values, value => rule(value).Bias));
        var isMerged = import.IsOnlyReader(node, feature) && TryMerge(import, x, weight, bias);
        import.Set(node, isMerged ? x : Affine(import, node, node.Inputs[constant], x, weight, bias));
    }

    private static OnnxFeature Affine(NetworkImport import, OnnxNode node, string parameter, OnnxFeature x, float[] weight, float[] bias)
    {
        var y = import.Append(node, parameter, new AffineOp(), x);
        import.Network.SetParameter(y.Node, "weight", [weight.Length], weight);
        import.Network.SetParameter(y.Node, "bias", [bias.Length], bias);
        return y;
    }

    private static bool TryMerge(NetworkImport import, OnnxFeature x, float[] weight, float[] bias)
    {
        var network = import.Network;
        var isShift = Array.TrueForAll(weight, value => value == 1);
        switch (network.OperationOf(x.Node))
        {
            case AffineOp:
                var shifts = network.ParameterOf(x.Node, "bias").Select((value, i) => weight[i] * value + bias[i]);
                var scales = network.ParameterOf(x.Node, "weight").Select((value, i) => weight[i] * value);
                network.SetParameter(x.Node, "bias", [bias.Length], [.. shifts]);
                network.SetParameter(x.Node, "weight", [bias.Length], [.. scales]);
                return true;
            case Conv2dOp { Bias: false } convolution when isShift:
                network.Replace(x.Node, convolution with { Bias = true });
                network.SetParameter(x.Node, "bias", [bias.Length], bias);
                return true;
            case LinearOp { Bias: false } linear when isShift:
                network.Replace(x.Node, linear with { Bias = true });
                network.SetParameter(x.Node, "bias", [bias.Length], bias);
                return true;
            default:
                return false;
        }
    }

    private static bool IsHardSigmoidOf(NetworkImport import, OnnxNode node, int gate, OnnxFeature of, OnnxFeature y) =>
        import.Network.OperationOf(y.Node) is HardSigmoidOp { Beta: 0.5f } hard && MathF.Abs(hard.Alpha - 1f / 6) < 1e-6f
        && import.IsOnlyReader(node, gate) && import.Network.InputOf(y.Node) == of.Node;

    private static OnnxFeature ToHardSwish(NetworkImport import, OnnxFeature hardSigmoid)
    {
        import.Network.Replace(hardSigmoid.Node, new HardSwishOp());
        return hardSigmoid;
    }
}
