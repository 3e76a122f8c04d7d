using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Normalisations by the statistics of the training data, or of the channels of a pixel.</summary>
internal static class Normalisations
{
    /// <summary><c>BatchNormalization</c> with its running statistics.</summary>
    public static void Batch(NetworkImport import, OnnxNode node)
    {
        var usesBatch = node.GetInt("training_mode", 0) != 0 || node.Opset < 7 && node.GetInt("is_test", 0) == 0;
        if (usesBatch || node.GetInt("spatial", 1) == 0)
            throw node.Illegal("normalises by the batch or by pixel; export with the running statistics of each channel");
        var oldShare = node.Get("momentum", 0.9f);
        // Without rounding, 1 - 0.9f is not 0.1f.
        var momentum = oldShare is >= 0 and < 0.999999f ? (float)Math.Round(1.0 - oldShare, 6) : new BatchNormOp().Momentum;
        var epsilon = ReadEpsilon(node, import.NeededConstant(node, 4).Floats(node));
        var y = import.AppendLayer(node, node.Inputs.ElementAtOrDefault(1), new BatchNormOp(epsilon, momentum), import.Map(node, 0));
        foreach (var (i, suffix) in new[] { "weight", "bias", "running_mean", "running_var" }.Index())
        {
            var constant = import.NeededConstant(node, i + 1);
            import.Network.SetParameter(y.Node, suffix, constant.Shape, constant.Floats(node));
        }

        import.SetOutput(node, y);
    }

    /// <summary><c>LayerNormalization</c> over the channels of each pixel, which are the last axis.</summary>
    public static void Layer(NetworkImport import, OnnxNode node)
    {
        var x = import.WithChannels(node, 0);
        var axis = ShapeRules.Axis(node, node.Get("axis", -1L), x.Dims.Length);
        if (axis != x.Dims.Length - 1 || x.ChannelAxis != axis)
            throw node.Illegal($"normalises {x} from the axis {axis} on; normalise the channels alone");
        var (scale, bias) = (import.NeededConstant(node, 1).Floats(node), import.Constant(node, 2)?.Floats(node));
        AppendLayerNorm(import, node, x, node.Get("epsilon", 1e-5f), scale, bias ?? [0]);
    }

    /// <summary>
    /// (x − mean) / √(variance + epsilon) over the channels of each pixel, as <see cref="NodePatterns"/> writes it. The operation of ONNX
    /// has no epsilon: it adds 1e-9 to the deviation, which is nearly its square under the root.
    /// </summary>
    public static void MeanVariance(NetworkImport import, OnnxNode node)
    {
        var x = import.WithChannels(node, 0);
        var axes = node.Get<long[]>("axes", [0, 2, 3]).Select(axis => ShapeRules.Axis(node, axis, x.Dims.Length));
        if (!axes.SequenceEqual([x.ChannelAxis])) throw node.Illegal($"normalises {x} over other axes; normalise the channels alone");
        AppendLayerNorm(import, node, x, node.Get("epsilon", 1e-18f), [1], [0]);
    }

    /// <summary>
    /// <c>InstanceNormalization</c> and <c>GroupNormalization</c>, which take their statistics from each image. They can be read where one
    /// group is all channels of one pixel: PyTorch writes a group as a row.
    /// </summary>
    public static void Group(NetworkImport import, OnnxNode node)
    {
        var x = import.InAnyOrder(node, 0);
        var isOneGroup = node.Operation == "GroupNormalization" ? node.GetInt("num_groups", 0) == 1 : x.ChannelAxis == 2 && x.Dims[1] == 1;
        if (!isOneGroup || x.ChannelAxis < 0 || x.Shape is not { Height: 1, Width: 1 }) throw UnknownOperations.Refuse(node);
        var (scale, bias) = (import.NeededConstant(node, 1).Floats(node), import.NeededConstant(node, 2).Floats(node));
        AppendLayerNorm(import, node, x, node.Get("epsilon", 1e-5f), scale, bias);
    }

    /// <summary><c>LRN</c> over neighbouring channels.</summary>
    public static void LocalResponse(NetworkImport import, OnnxNode node)
    {
        var operation = new LocalResponseNormOp(
            node.GetInt("size", 0), node.Get("alpha", 1e-4f), node.Get("beta", 0.75f), node.Get("bias", 1f));
        import.SetOutput(node, import.Append(node, operation, import.Map(node, 0)));
    }

    private static void AppendLayerNorm(NetworkImport import, OnnxNode node, OnnxFeature x, float epsilon, float[] scale, float[] bias)
    {
        var channels = x.Shape.Channels;
        var y = import.AppendLayer(node, node.Inputs.ElementAtOrDefault(1), new LayerNormOp(epsilon), x);
        import.Network.SetParameter(y.Node, "weight", [channels], PerChannel(scale));
        import.Network.SetParameter(y.Node, "bias", [channels], PerChannel(bias));
        import.SetOutput(node, y.SeenAs(x));

        float[] PerChannel(float[] values) => values.Length == channels ? values
            : values.Length == 1 ? [.. Enumerable.Repeat(values[0], channels)]
            : throw node.Illegal($"has {values.Length} scales or shifts; give one for each of {channels} channels");
    }

    /// <summary>Our epsilon is above 0. A tiny one stands for 0 where every variance is above 0.</summary>
    private static float ReadEpsilon(OnnxNode node, float[] variances)
    {
        const float tiny = 1e-30f;
        var epsilon = node.Get("epsilon", 1e-5f);
        if (variances.Any(variance => !(variance + epsilon > 0)))
            throw node.Illegal($"has a variance of {variances.Min()} and the epsilon {epsilon}; their sum must be above 0");
        return epsilon == 0 ? tiny : epsilon;
    }
}
