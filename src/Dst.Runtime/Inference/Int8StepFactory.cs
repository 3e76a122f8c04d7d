using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference;

/// <summary>Makes the steps of nodes that compute on bytes, and of conversions.</summary>
internal static class Int8StepFactory
{
    /// <summary>The steps of a node.</summary>
    public static IEnumerable<InferenceStep> Create(SimdTier tier, LoweredNode node, LoweredProgram program)
    {
        var (x, y) = (program.Values[node.Inputs[0]], program.Values[node.Output]);
        if (node.Operation is ConcatOp) return Concat(node, program);
        return [Create(tier, node, x, y)];
    }

    /// <summary>
    /// The forms of a convolution of one group. A pruned layer has each of them twice: one skips what the mask prunes, the other multiplies
    /// zeros, where gathering what is kept would take longer. All of them compute the pooling behind the layer too.
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="node">The layer.</param>
    /// <param name="pool">The maximum over 2×2 pixels that covers the map and alone reads its output, or null.</param>
    /// <param name="program">The network.</param>
    public static IEnumerable<LayerCandidate> Convolutions(SimdTier tier, LoweredNode node, LoweredNode? pool, LoweredProgram program)
    {
        var (x, y) = (program.Values[node.Inputs[0]], program.Values[(pool ?? node).Output]);
        var kept = LayerOf(node, ((Conv2dOp)node.Operation).ShapeFor(x.Shape)) with { Pools = pool is not null };
        return from layer in kept.Kept is null ? [kept] : new[] { kept, kept with { Kept = null } }
               from form in Int8Form.All
               where form.Supports(tier, layer)
               let name = new LayerForm(form.Name + (layer.Pools ? ", max-pool" : ""), layer.Kept is not null)
               select new LayerCandidate(
                   name, form.CostOf(layer),
                   () => new Int8ConvolutionStep(node with { Output = (pool ?? node).Output }, name, x, y, form.Create(tier, layer)),
                   layer.Pools);
    }

    private static InferenceStep Create(SimdTier tier, LoweredNode node, LoweredValue x, LoweredValue y) => node.Operation switch
    {
        ConversionOp when y.Type == ElementType.UInt8 => new ToBytesStep(node, x, y),
        ConversionOp => new ToFloatsStep(node, x, y),
        _ when node is LoweredDepthwiseNode depthwise => new Int8DepthwiseStep(
            node, x, y,
            new(tier, depthwise.Window, node.Integers!.Weight!, node.Integers.Padding, ResultOf(node, depthwise.Window.Channels))),
        LinearOp l => CreateLinear(tier, node, x, y, l.OutFeatures),
        FlattenOp => new ByteFlattenStep(node, x, y),
        MaxPoolOp p => new ByteMaxPoolStep(node, x, y, p.ShapeFor(x.Shape)),
        GlobalMaxPoolOp => new ByteMaxPoolStep(node, x, y, x.Shape.WholeMap()),
        AvgPoolOp p => new ByteAvgPoolStep(node, x, y, p.ShapeFor(x.Shape), p.CountPadding),
        GlobalAvgPoolOp => new ByteAvgPoolStep(node, x, y, x.Shape.WholeMap(), countPadding: false),
        _ when node.Integers!.Tables.Count > 0 => new TableStep(node, x, y),
        _ => new RescaleStep(node, x, y, ResultOf(node, x.Shape.Channels)),
    };

    private static Int8ConvolutionStep CreateLinear(SimdTier tier, LoweredNode node, LoweredValue x, LoweredValue y, int features)
    {
        var layer = LayerOf(node, new(x.Shape.Channels, 1, 1, features, 1, 1));
        return new(node, new(Int8Form.Direct.Name, layer.Kept is not null), x, y, Int8Form.Direct.Create(tier, layer));
    }

    private static Int8Layer LayerOf(LoweredNode node, Conv2dShape shape) => new(
        shape, node.Mask?.ToKeptTaps(), node.Integers!.Weight!, node.Integers.Padding, ResultOf(node, shape.Filters));

    private static IEnumerable<InferenceStep> Concat(LoweredNode node, LoweredProgram program)
    {
        var first = 0;
        for (var i = 0; i < node.Inputs.Count; i++)
        {
            var x = program.Values[node.Inputs[i]];
            yield return new ByteConcatStep(node, i, x, first, program.Values[node.Output]);
            first += x.Shape.Channels;
        }
    }

    private static Int8Result ResultOf(LoweredNode node, int channels) =>
        node.Integers!.ToBytes is { } bytes ? new(bytes, channels) : new(node.Integers.ToFloats!);
}
