using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Normalisations by the statistics of the training data, or of each image.</summary>
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

    /// <summary><c>LayerNormalization</c> over the last axes: the channels of each pixel, the pixels of each channel, or both.</summary>
    public static void Layer(NetworkImport import, OnnxNode node)
    {
        var x = import.WithChannels(node, 0);
        var axis = ShapeRules.Axis(node, node.Get("axis", -1L), x.Dims.Length);
        var operation = Over(node, x, [.. Enumerable.Range(axis, x.Dims.Length - axis)], node.Get("epsilon", 1e-5f));
        var (scale, bias) = (import.NeededConstant(node, 1), import.Constant(node, 2));
        AppendNorm(import, node, x, operation, PerChannel(node, scale, x), bias is null ? [0] : PerChannel(node, bias, x));
    }

    /// <summary>
    /// (x − mean) / √(variance + epsilon) over some axes, as <see cref="NodePatterns"/> writes it. The operation of ONNX has no epsilon: it
    /// adds 1e-9 to the deviation, which is nearly its square under the root.
    /// </summary>
    public static void MeanVariance(NetworkImport import, OnnxNode node)
    {
        var x = import.WithChannels(node, 0);
        var axes = node.Get<long[]>("axes", [0, 2, 3]).Select(axis => ShapeRules.Axis(node, axis, x.Dims.Length));
        AppendNorm(import, node, x, Over(node, x, [.. axes], node.Get("epsilon", 1e-18f)), [1], [0]);
    }

    /// <summary>
    /// <c>GroupNormalization</c>, and <c>InstanceNormalization</c>, whose channels are groups: PyTorch writes a group normalisation as one
    /// of [N, groups, rest].
    /// </summary>
    public static void Group(NetworkImport import, OnnxNode node)
    {
        var x = import.InAnyOrder(node, 0);
        var groups = node.Operation == "GroupNormalization" ? node.GetInt("num_groups", 0) : x.Dims.ElementAtOrDefault(1);
        if (x.Order is not null || groups < 1 || x.Shape.Channels % groups != 0)
            throw node.Illegal(
                $"normalises {x} of {x.Shape} features in {groups} groups; groups of whole channels [N, C, H, W] were expected");
        var (scale, bias) = (import.NeededConstant(node, 1).Floats(node), import.NeededConstant(node, 2).Floats(node));
        AppendNorm(import, node, x, new GroupNormOp(groups, node.Get("epsilon", 1e-5f)), scale, bias);
    }

    /// <summary><c>LRN</c> over neighbouring channels.</summary>
    public static void LocalResponse(NetworkImport import, OnnxNode node)
    {
        var operation = new LocalResponseNormOp(
            node.GetInt("size", 0), node.Get("alpha", 1e-4f), node.Get("beta", 0.75f), node.Get("bias", 1f));
        import.SetOutput(node, import.Append(node, operation, import.Map(node, 0)));
    }

    /// <summary>The normalisation of each image over some axes.</summary>
    private static Operation Over(OnnxNode node, OnnxFeature x, int[] axes, float epsilon)
    {
        var batch = x.Order is null ? 0 : Array.IndexOf(x.Order, 0);
        var rest = Enumerable.Range(0, x.Dims.Length).Where(axis => !axes.Contains(axis)).ToArray();
        if (axes is [var only] && only == x.ChannelAxis) return new LayerNormOp(epsilon);
        if (rest.SequenceEqual([batch])) return new GroupNormOp(1, epsilon);
        if (rest.SequenceEqual(new[] { batch, x.ChannelAxis }.Order())) return new GroupNormOp(x.Shape.Channels, epsilon);
        throw node.Illegal($"normalises {x} over the axes {RowMajor.Text(axes)}; normalise channels, pixels or both");
    }

    /// <summary>
    /// The values of a constant for each channel. PyTorch writes 1 or 0 for each element where there is no scale or shift.
    /// </summary>
    private static float[] PerChannel(OnnxNode node, ConstantTensor constant, OnnxFeature x) =>
        constant.Floats(node) is [var first, ..] values && values.AsSpan().IndexOfAnyExcept(first) < 0 ? [first]
        : Arithmetic.PerChannel(node, constant, x);

    /// <summary>Adds a normalisation with a scale and a shift for each channel, for each group of channels, or one for all.</summary>
    private static void AppendNorm(NetworkImport import, OnnxNode node, OnnxFeature x, Operation operation, float[] scale, float[] bias)
    {
        var channels = x.Shape.Channels;
        var y = import.AppendLayer(node, node.Inputs.ElementAtOrDefault(1), operation, x);
        import.Network.SetParameter(y.Node, "weight", [channels], Repeat(scale));
        import.Network.SetParameter(y.Node, "bias", [channels], Repeat(bias));
        import.SetOutput(node, y.SeenAs(x));

        float[] Repeat(float[] values) =>
            values.Length == 1 || values.Length == channels || values.Length == (operation as GroupNormOp)?.Groups
            ? [.. Enumerable.Range(0, channels).Select(c => values[c / (channels / values.Length)])]
            : throw node.Illegal($"has {values.Length} scales or shifts; give one for each of {channels} channels");
    }

    /// <summary>Our epsilon is above 0. A tiny one stands for 0 where every variance is above 0.</summary>
    private static float ReadEpsilon(OnnxNode node, float[] variances)
    {
        const float tiny = 1e-30f;
        var epsilon = node.Get("epsilon", 1e-5f);
        if (variances.Any(variance => !(variance + epsilon > 0)))
            throw node.Illegal(Invariant($"has a variance of {variances.Min()} and the epsilon {epsilon}; their sum must be above 0"));
        return epsilon == 0 ? tiny : epsilon;
    }
}
