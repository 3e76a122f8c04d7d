using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Operations on each element alone, and the softmax.</summary>
internal static class Activations
{
    public static void Relu(NetworkImport import, OnnxNode node) => Apply(import, node, new ReluOp());

    public static void LeakyRelu(NetworkImport import, OnnxNode node) => Apply(import, node, new LeakyReluOp(node.Get("alpha", 0.01f)));

    public static void Sigmoid(NetworkImport import, OnnxNode node) => Apply(import, node, new SigmoidOp());

    public static void HardSigmoid(NetworkImport import, OnnxNode node) =>
        Apply(import, node, new HardSigmoidOp(node.Get("alpha", 0.2f), node.Get("beta", 0.5f)));

    public static void HardSwish(NetworkImport import, OnnxNode node) => Apply(import, node, new HardSwishOp());

    public static void Tanh(NetworkImport import, OnnxNode node) => Apply(import, node, new TanhOp());

    /// <summary><c>PRelu</c> with one slope, or one for each channel.</summary>
    public static void PRelu(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var slope = Arithmetic.PerChannel(node, import.NeededConstant(node, 1), x);
        var y = import.Append(node, node.Inputs[1], new PReluOp(), x);
        import.Network.SetParameter(y.Node, "weight", [slope.Length], slope);
        import.Set(node, y);
    }

    /// <summary><c>Clip</c>: its bounds are attributes before operation set 11.</summary>
    public static void Clip(NetworkImport import, OnnxNode node)
    {
        float Bound(int index, string name, float none)
        {
            var bound = import.Constant(node, index)?.Scalar(node) ?? node.Get(name, none);
            return Math.Clamp(bound, float.MinValue, float.MaxValue);
        }

        var (min, max) = (Bound(1, "min", float.MinValue), Bound(2, "max", float.MaxValue));
        Apply(import, node, min == 0 && max == float.MaxValue ? new ReluOp() : new ClipOp(min, max));
    }

    /// <summary><c>Dropout</c>: its rate is an attribute before operation set 12.</summary>
    public static void Dropout(NetworkImport import, OnnxNode node)
    {
        var rate = import.Constant(node, 1)?.Scalar(node) ?? node.Get("ratio", 0.5f);
        if (rate == 0) Views.Identity(import, node);
        else Apply(import, node, new DropoutOp(rate));
    }

    /// <summary>
    /// <c>Softmax</c> and <c>LogSoftmax</c> at the end of the network. They are left out: the logits before them have the same ranking, and
    /// distillation and prediction start from logits.
    /// </summary>
    public static void Softmax(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var axis = ShapeRules.Axis(node, node.Get("axis", import.Opset < 13 ? 1L : -1L), x.Dims.Length);
        var isOverClasses = x.Shape is { Height: 1, Width: 1 } && (x.Dims[axis] == x.Shape.Channels || import.Opset < 13 && axis == 1);
        if (!import.IsOutput(node.Outputs[0]) || !isOverClasses)
            throw node.Illegal($"normalises {x} along the axis {axis}; it is supported as the last operation, over the classes");
        import.Set(node, x);
    }

    /// <summary>Adds an elementwise operation. Its output keeps a reshape or transposition that is still to be done.</summary>
    private static void Apply(NetworkImport import, OnnxNode node, Operation operation)
    {
        var x = import.InAnyOrder(node, 0);
        import.Set(node, import.Append(node, null, operation, x) with { Dims = x.Dims, Order = x.Order });
    }
}
