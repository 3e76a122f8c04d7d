using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Masks;
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
        if (node.Operation is ConcatOp) return Join(node, program);
        return [Create(tier, node, x, y)];
    }

    /// <summary>
    /// The forms of a convolution of one group. A pruned layer has each of them twice: one skips what the mask prunes, the other multiplies
    /// zeros, where gathering what is kept would take longer.
    /// </summary>
    public static IEnumerable<LayerCandidate> Convolutions(SimdTier tier, LoweredNode node, LoweredProgram program)
    {
        var (x, y) = (program.Values[node.Inputs[0]], program.Values[node.Output]);
        var kept = LayerOf(node, ((Conv2dOp)node.Operation).ShapeFor(x.Shape));
        return from layer in kept.Kept is null ? [kept] : new[] { kept, kept with { Kept = null } }
               from form in Int8Form.All
               where form.Supports(tier, layer)
               select new LayerCandidate(
                   new(form.Name, layer.Kept is not null), form.CostOf(layer),
                   () => new Int8ConvolutionStep(node, x, y, form.Create(tier, layer), form));
    }

    private static InferenceStep Create(SimdTier tier, LoweredNode node, LoweredValue x, LoweredValue y) => node.Operation switch
    {
        ConversionOp when y.Type == ElementType.UInt8 => new ToBytesStep(node, x, y),
        ConversionOp => new ToFloatsStep(node, x, y),
        _ when node is LoweredDepthwiseNode depthwise => new Int8DepthwiseStep(
            node, x, y,
            new(tier, depthwise.Window, node.Integers!.Weight!, node.Integers.Padding, ResultOf(node, depthwise.Window.Channels))),
        LinearOp l => new Int8ConvolutionStep(
            node, x, y, Int8Form.Direct.Create(tier, LayerOf(node, new(x.Shape.Channels, 1, 1, l.OutFeatures, 1, 1))), Int8Form.Direct),
        FlattenOp => new ByteFlattenStep(node, x, y),
        MaxPoolOp p => new ByteMaxPoolStep(node, x, y, p.ShapeFor(x.Shape)),
        GlobalMaxPoolOp => new ByteMaxPoolStep(node, x, y, WholeMap(x.Shape)),
        AvgPoolOp p => new ByteAvgPoolStep(node, x, y, p.ShapeFor(x.Shape), p.CountPadding),
        GlobalAvgPoolOp => new ByteAvgPoolStep(node, x, y, WholeMap(x.Shape), countsPadding: false),
        _ when node.Integers!.Tables.Count > 0 => new TableStep(node, x, y),
        _ => new RescaleStep(node, x, y, ResultOf(node, x.Shape.Channels)),
    };

    private static Int8Layer LayerOf(LoweredNode node, Conv2dShape shape) => new(
        shape, node.Mask?.ToKeptTaps(), node.Integers!.Weight!, node.Integers.Padding, ResultOf(node, shape.Filters));

    private static IEnumerable<InferenceStep> Join(LoweredNode node, LoweredProgram program)
    {
        var first = 0;
        for (var i = 0; i < node.Inputs.Count; i++)
        {
            var x = program.Values[node.Inputs[i]];
            yield return new JoinStep(node, i, x, first, program.Values[node.Output]);
            first += x.Shape.Channels;
        }
    }

    private static Int8Result ResultOf(LoweredNode node, int channels) =>
        node.Integers!.ToBytes is { } bytes ? new(bytes, channels) : new(node.Integers.ToFloats!);

    private static WindowShape WholeMap(FeatureShape x) => WindowShape.WholeMap(x.Channels, x.Height, x.Width);
}
