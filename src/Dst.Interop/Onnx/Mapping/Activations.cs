using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Operations on each element alone, and the softmax.</summary>
internal static class Activations
{
    public static void Relu(NetworkImport import, OnnxNode node) => Apply(import, node, new ReluOp());

    public static void LeakyRelu(NetworkImport import, OnnxNode node) => Apply(import, node, new LeakyReluOp(node.Get("alpha", 0.01f)));

    public static void Elu(NetworkImport import, OnnxNode node) => Apply(import, node, new EluOp(node.Get("alpha", 1f)));

    /// <summary><c>Selu</c>: gamma times an ELU.</summary>
    public static void Selu(NetworkImport import, OnnxNode node)
    {
        var x = import.InAnyOrder(node, 0);
        var y = import.Append(node, new EluOp(node.Get("alpha", 1.6732632f)), x).SeenAs(x);
        import.SetOutput(node, Arithmetic.Times(import, node, y, node.Get("gamma", 1.050701f)));
    }

    /// <summary><c>Celu</c>: alpha times the ELU of x / alpha.</summary>
    public static void Celu(NetworkImport import, OnnxNode node)
    {
        var alpha = node.Get("alpha", 1f);
        if (!(alpha > 0 && float.IsFinite(alpha) && float.IsFinite(1 / alpha)))
            throw node.Illegal(Invariant($"has the alpha {alpha}; a finite one above 0, with a finite inverse, was expected"));
        var x = Arithmetic.Times(import, node, import.InAnyOrder(node, 0), 1 / alpha);
        var y = import.Append(node, new EluOp(), x).SeenAs(x);
        import.SetOutput(node, Arithmetic.Times(import, node, y, alpha));
    }

    public static void Sigmoid(NetworkImport import, OnnxNode node) => Apply(import, node, new SigmoidOp());

    public static void HardSigmoid(NetworkImport import, OnnxNode node) =>
        Apply(import, node, new HardSigmoidOp(node.Get("alpha", 0.2f), node.Get("beta", 0.5f)));

    public static void HardSwish(NetworkImport import, OnnxNode node) => Apply(import, node, new HardSwishOp());

    public static void Tanh(NetworkImport import, OnnxNode node) => Apply(import, node, new TanhOp());

    public static void Mish(NetworkImport import, OnnxNode node) => Apply(import, node, new MishOp());

    public static void Gelu(NetworkImport import, OnnxNode node) =>
        Apply(import, node, new GeluOp(node.Get("approximate", "none") == "tanh"));

    /// <summary><c>Swish</c>, x · sigmoid(alpha·x), with the alpha of SiLU.</summary>
    public static void Swish(NetworkImport import, OnnxNode node)
    {
        if (node.Get("alpha", 1f) is var alpha && alpha != 1) throw node.Illegal(Invariant($"has the alpha {alpha}; the nearest is 1"));
        Apply(import, node, new SiluOp());
    }

    /// <summary><c>PRelu</c> with one slope, or one for each channel.</summary>
    public static void PRelu(NetworkImport import, OnnxNode node)
    {
        var x = import.WithChannels(node, 0);
        var slopes = import.NeededConstant(node, 1);
        // Before operation set 7 a list of slopes is one of channels.
        if (node.Opset < 7 && slopes.Shape.Length == 1)
            slopes = slopes.Reshape([slopes.Count, .. Enumerable.Repeat(1, x.Dims.Length - 2)]);
        var slope = Arithmetic.PerChannel(node, slopes, x);
        var y = import.AppendLayer(node, node.Inputs[1], new PReluOp(), x);
        import.Network.SetParameter(y.Node, "weight", [slope.Length], slope);
        import.SetOutput(node, y.SeenAs(x));
    }

    /// <summary><c>Clip</c>: its bounds are attributes before operation set 11.</summary>
    public static void Clip(NetworkImport import, OnnxNode node)
    {
        var min = import.Constant(node, 1)?.Scalar(node) ?? node.Get("min", float.MinValue);
        var max = import.Constant(node, 2)?.Scalar(node) ?? node.Get("max", float.MaxValue);
        Bound(import, node, 0, min, max);
    }

    /// <summary><c>Max</c> of a feature and numbers.</summary>
    public static void Max(NetworkImport import, OnnxNode node)
    {
        var (feature, numbers) = ReadNumbers(import, node);
        Bound(import, node, feature, numbers.Max(), float.MaxValue);
    }

    /// <summary><c>Min</c> of a feature and numbers.</summary>
    public static void Min(NetworkImport import, OnnxNode node)
    {
        var (feature, numbers) = ReadNumbers(import, node);
        Bound(import, node, feature, float.MinValue, numbers.Min());
    }

    /// <summary>Bounds a feature. Without an upper bound, one from 0 on is a ReLU.</summary>
    public static OnnxFeature Bound(NetworkImport import, OnnxNode node, int feature, float min, float max)
    {
        (min, max) = (Math.Clamp(min, float.MinValue, float.MaxValue), Math.Clamp(max, float.MinValue, float.MaxValue));
        return Apply(import, node, min == 0 && max == float.MaxValue ? new ReluOp() : new ClipOp(min, max), feature);
    }

    /// <summary><c>Dropout</c>: its rate is an attribute before operation set 12.</summary>
    public static void Dropout(NetworkImport import, OnnxNode node)
    {
        var rate = import.Constant(node, 1)?.Scalar(node) ?? node.Get("ratio", 0.5f);
        if (rate == 0) Views.Identity(import, node);
        else Apply(import, node, new DropoutOp(rate));
    }

    /// <summary>
    /// <c>Softmax</c>. At the end of the network it is left out: the logits before it have the same ranking, and distillation and
    /// prediction start from logits. Behind a sigmoid or the like it stays, or those would say what the outputs are.
    /// </summary>
    public static void Softmax(NetworkImport import, OnnxNode node)
    {
        var x = OverChannels(import, node);
        if (import.IsScores(node.Outputs[0]) && import.IsOfLogits(x)) import.SetOutput(node, x);
        else import.SetOutput(node, import.Append(node, new SoftmaxOp(), x).SeenAs(x));
    }

    /// <summary>
    /// <c>LogSoftmax</c> at the end of the network, which is taken as a softmax: its scores are logits too, and have the same ranking as
    /// the probabilities where the softmax stays.
    /// </summary>
    public static void LogSoftmax(NetworkImport import, OnnxNode node)
    {
        if (!import.IsScores(node.Outputs[0])) throw node.Illegal("is not the last operation; use it only for the scores of the classes");
        Softmax(import, node);
    }

    private static OnnxFeature OverChannels(NetworkImport import, OnnxNode node)
    {
        var x = import.WithChannels(node, 0);
        var axis = ShapeRules.Axis(node, node.Get("axis", node.Opset < 13 ? 1L : -1L), x.Dims.Length);
        // Before operation set 13 it is over all axes from the given one on.
        var isOverChannels = x.ChannelAxis == axis || node.Opset < 13 && axis <= x.ChannelAxis && axis > 0;
        return isOverChannels && x.Shape is { Height: 1, Width: 1 } ? x
            : throw node.Illegal($"normalises {x} along the axis {axis}; it can be read over the classes, [N, classes]");
    }

    /// <summary>The one feature among the inputs, and the numbers that are the others.</summary>
    private static (int Feature, float[] Numbers) ReadNumbers(NetworkImport import, OnnxNode node)
    {
        var features = Enumerable.Range(0, node.Inputs.Count).Where(i => !import.IsConstant(node, i)).ToArray();
        if (features.Length != 1 || node.Inputs.Count < 2) throw node.Illegal("compares features with features; compare one with numbers");
        var others = Enumerable.Range(0, node.Inputs.Count).Where(i => i != features[0]);
        return (features[0], [.. others.Select(i => import.NeededConstant(node, i).Scalar(node))]);
    }

    /// <summary>Adds an elementwise operation. Its output keeps a reshape or transposition that is still to be done.</summary>
    private static OnnxFeature Apply(NetworkImport import, OnnxNode node, Operation operation, int feature = 0)
    {
        var x = import.InAnyOrder(node, feature);
        var y = import.Append(node, operation, x).SeenAs(x);
        import.SetOutput(node, y);
        return y;
    }
}
