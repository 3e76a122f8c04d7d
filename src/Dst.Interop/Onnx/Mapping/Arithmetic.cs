using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Addition, subtraction, multiplication and division, of features and of features with a constant for each channel.</summary>
internal static class Arithmetic
{
    public static void Add(NetworkImport import, OnnxNode node)
    {
        if (FindConstant(import, node) is { } constant) Scale(import, node, 1 - constant, constant, value => (1, value));
        else Sum(import, node);
    }

    /// <summary><c>Sum</c> of any number of features.</summary>
    public static void Sum(NetworkImport import, OnnxNode node)
    {
        var sum = import.InAnyOrder(node, 0);
        for (var i = 1; i < node.Inputs.Count; i++) sum = Sum(import, node, sum, import.InAnyOrder(node, i));
        import.SetOutput(node, sum);
    }

    public static void Subtract(NetworkImport import, OnnxNode node)
    {
        if (import.IsConstant(node, 0)) Scale(import, node, 1, 0, value => (-1, value));
        else if (import.IsConstant(node, 1)) Scale(import, node, 0, 1, value => (1, -value));
        else Difference(import, node);
    }

    public static void Negate(NetworkImport import, OnnxNode node) => import.SetOutput(node, Negative(import, node, 0));

    /// <summary><c>Mul</c> of features, of which one may be a factor for each channel.</summary>
    public static void Multiply(NetworkImport import, OnnxNode node)
    {
        if (FindConstant(import, node) is { } constant)
        {
            Scale(import, node, 1 - constant, constant, value => (value, 0));
            return;
        }

        var (x, y) = Align(import, node, import.Factor(node, 0), import.Factor(node, 1));
        // Factors for each channel are the second input of our product.
        if (x.Shape.Count < y.Shape.Count) (x, y) = (y, x);
        if (!HaveOneShape(x, y) && !AreFactors(x, y))
            throw node.Illegal($"multiplies {x} by {y}; {Remedy(x, y)}, or make one [N, C, 1, 1]");
        import.SetOutput(node, import.Append(node, new MulOp(), x, y).SeenAs(x));
    }

    public static void Divide(NetworkImport import, OnnxNode node)
    {
        if (!import.IsConstant(node, 1)) throw node.Illegal("divides by features; divide by a constant");
        Scale(import, node, 0, 1, value => (1 / value, 0));
    }

    /// <summary>A feature times a number.</summary>
    public static OnnxFeature Times(NetworkImport import, OnnxNode node, OnnxFeature x, float factor)
    {
        if (factor == 1) return x;
        var channels = x.Shape.Channels;
        return Affine(import, node, null, x, [.. Enumerable.Repeat(factor, channels)], new float[channels]).SeenAs(x);
    }

    /// <summary>The values of a constant for each channel, to which it is broadcast.</summary>
    /// <exception cref="InputException">It differs between pixels, or has more dimensions than the features.</exception>
    public static float[] PerChannel(OnnxNode node, ConstantTensor constant, OnnxFeature x)
    {
        var channels = x.Shape.Channels;
        var values = constant.Floats(node);
        var shape = Broadcast(node, constant.Shape, x.Dims.Length);
        var channelAxis = x.ChannelAxis - (x.Dims.Length - shape.Length);
        var isOfChannels = shape.Index().All(dim => dim.Item == 1 || dim.Index == channelAxis && dim.Item == channels);
        if (shape.Length > x.Dims.Length || !isOfChannels)
            throw node.Illegal(
                $"combines features {x} with a constant {RowMajor.Text(constant.Shape)}; use one value, or one for each channel");
        return values.Length == 1 ? [.. Enumerable.Repeat(values[0], channels)] : values;
    }

    /// <summary>The shape of a constant as far as the last axis. Before operation set 7 an attribute says where it begins.</summary>
    private static int[] Broadcast(OnnxNode node, int[] shape, int rank)
    {
        if (node.Opset >= 7 || !node.Has("axis")) return shape;
        var behind = rank - ShapeRules.Axis(node, node.Get("axis", 0L), rank) - shape.Length;
        return behind >= 0 ? [.. shape, .. Enumerable.Repeat(1, behind)]
            : throw node.Illegal($"has a constant {RowMajor.Text(shape)} that reaches beyond the last axis");
    }

    private static int? FindConstant(NetworkImport import, OnnxNode node) =>
        import.IsConstant(node, 0) ? 0 : import.IsConstant(node, 1) ? 1 : null;

    /// <summary>Both operands as they are if they are seen alike, else with their channels along one axis.</summary>
    private static (OnnxFeature X, OnnxFeature Y) Align(NetworkImport import, OnnxNode node, OnnxFeature x, OnnxFeature y)
    {
        static bool AreEqual(int[]? a, int[]? b) => a is null ? b is null : b is not null && a.AsSpan().SequenceEqual(b);
        var areAlike = x.Shape == y.Shape && AreEqual(x.Dims, y.Dims) && AreEqual(x.Order, y.Order)
            && (x.Order is null || AreEqual(x.Transposed, y.Transposed));
        return areAlike ? (x, y) : (import.WithChannels(node, x), import.WithChannels(node, y));
    }

    private static bool HaveOneShape(OnnxFeature x, OnnxFeature y) => x.Shape == y.Shape && x.Dims.AsSpan().SequenceEqual(y.Dims)
        && (x.ChannelAxis, x.RowAxis, x.ColumnAxis) == (y.ChannelAxis, y.RowAxis, y.ColumnAxis);

    private static string Remedy(OnnxFeature x, OnnxFeature y) =>
        x.Dims.AsSpan().SequenceEqual(y.Dims) ? "transpose both alike" : "give both the same shape";

    private static bool AreFactors(OnnxFeature x, OnnxFeature factors) =>
        factors.Shape == new FeatureShape(x.Shape.Channels, 1, 1) && factors.Dims.Length == x.Dims.Length
        && factors.ChannelAxis == x.ChannelAxis;

    private static OnnxFeature Sum(NetworkImport import, OnnxNode node, OnnxFeature left, OnnxFeature right)
    {
        var (x, y) = Align(import, node, left, right);
        return HaveOneShape(x, y) ? import.Append(node, new AddOp(), x, y).SeenAs(x)
            : throw node.Illegal($"adds {x} and {y}; {Remedy(x, y)}");
    }

    /// <summary>Features from features: the second ones are added with the other sign.</summary>
    private static void Difference(NetworkImport import, OnnxNode node) =>
        import.SetOutput(node, Sum(import, node, import.InAnyOrder(node, 0), Negative(import, node, 1)));

    private static OnnxFeature Negative(NetworkImport import, OnnxNode node, int feature) =>
        Times(import, node, import.InAnyOrder(node, feature), -1);

    /// <summary>Multiplies and shifts each channel. The layer before does it, if it can and has no other reader.</summary>
    private static void Scale(NetworkImport import, OnnxNode node, int feature, int constant, Func<float, (float Weight, float Bias)> rule)
    {
        var tensor = import.NeededConstant(node, constant);
        var x = tensor.Count == 1 ? import.InAnyOrder(node, feature) : import.WithChannels(node, feature);
        var values = PerChannel(node, tensor, x);
        var (weight, bias) = (Array.ConvertAll(values, value => rule(value).Weight), Array.ConvertAll(values, value => rule(value).Bias));
        if (import.IsOnlyReader(node, feature) && TryMerge(import, x, weight, bias)) import.SetMerged(node, x);
        else import.SetOutput(node, Affine(import, node, node.Inputs[constant], x, weight, bias).SeenAs(x));
    }

    private static OnnxFeature Affine(NetworkImport import, OnnxNode node, string? parameter, OnnxFeature x, float[] weight, float[] bias)
    {
        var y = import.AppendLayer(node, parameter, new AffineOp(), x);
        import.Network.SetParameter(y.Node, "weight", [weight.Length], weight);
        import.Network.SetParameter(y.Node, "bias", [bias.Length], bias);
        return y;
    }

    /// <summary>
    /// Lets our node before multiply and shift, if it can: affine maps and normalisations of each image do both, layers with weights
    /// only get a bias that they have not.
    /// </summary>
    private static bool TryMerge(NetworkImport import, OnnxFeature x, float[] weight, float[] bias)
    {
        var network = import.Network;
        var before = network.OperationOf(x.Node);
        if (before is AffineOp or LayerNormOp or GroupNormOp)
        {
            var shifts = network.ParameterOf(x.Node, "bias").Select((value, i) => weight[i] * value + bias[i]);
            var scales = network.ParameterOf(x.Node, "weight").Select((value, i) => weight[i] * value);
            network.SetParameter(x.Node, "bias", [bias.Length], [.. shifts]);
            network.SetParameter(x.Node, "weight", [bias.Length], [.. scales]);
            return true;
        }

        Operation? withBias = before switch
        {
            Conv2dOp { Bias: false } convolution => convolution with { Bias = true },
            LinearOp { Bias: false } linear => linear with { Bias = true },
            _ => null,
        };
        if (withBias is null || weight.Any(value => value != 1)) return false;
        network.Replace(x.Node, withBias);
        network.SetParameter(x.Node, "bias", [bias.Length], bias);
        return true;
    }
}
