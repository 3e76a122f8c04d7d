using Dst.Kernels;
using Dst.Runtime.Graph;
using Dst.Runtime.Inference.Steps;

namespace Dst.Runtime.Inference;

/// <summary>Makes the steps of a rewritten graph: the one table of operations.</summary>
internal sealed class StepFactory(PlanGraph graph, ConvolutionChooser chooser)
{
    private readonly List<InferenceStep> _steps = [];
    private readonly List<LayerDecision> _decisions = [];

    /// <summary>Packs the weights of all layers.</summary>
    public (IReadOnlyList<InferenceStep> Steps, IReadOnlyList<LayerDecision> Decisions) CreateAll()
    {
        foreach (var node in graph.Nodes) Add(node, graph.Shapes[node.Inputs[0]]);
        return (_steps, _decisions);
    }

    private void Add(PlanNode node, FeatureShape x)
    {
        switch (node.Operation)
        {
            case Conv2dOp c when c.Groups > 1 && c.Groups == x.Channels && c.Groups == c.OutChannels:
                _steps.Add(new DepthwiseStep(node, new(x.Channels, x.Height, x.Width, c.KernelHeight, c.KernelWidth, c.Stride, c.Padding)));
                _decisions.Add(new(node.Layer, "depthwise", null, [], "the only form of this layer"));
                break;
            case Conv2dOp c:
                var (step, decision) = chooser.Choose(node, c.ShapeFor(x));
                _steps.Add(step);
                _decisions.Add(decision);
                break;
            case ConcatOp:
                AddConcat(node);
                break;
            default:
                _steps.Add(Create(node, x));
                break;
        }
    }

    private static InferenceStep Create(PlanNode node, FeatureShape x) => node.Operation switch
    {
        LinearOp l => new LinearStep(node, x.Channels, l.OutFeatures),
        BatchNormOp => new BatchNormStep(node, x),
        ReluOp => new ReluStep(node, Length(x)),
        AddOp => new AddStep(node, Length(x)),
        MaxPoolOp p => new PoolStep(node, new(x.Channels, x.Height, x.Width, p.Kernel, p.Kernel, p.Stride, p.Padding)),
        AvgPoolOp p => new PoolStep(node, new(x.Channels, x.Height, x.Width, p.Kernel, p.Kernel, p.Stride)),
        GlobalAvgPoolOp => new PoolStep(node, WindowShape.WholeMap(x.Channels, x.Height, x.Width)),
        FlattenOp => new FlattenStep(node, x),
        SoftmaxOp => new SoftmaxStep(node, x.Channels),
        _ => throw new InvalidOperationException($"no inference step for {node.Operation}"),
    };

    private void AddConcat(PlanNode node)
    {
        var first = 0;
        for (var i = 0; i < node.Inputs.Count; i++)
        {
            var shape = graph.Shapes[node.Inputs[i]];
            _steps.Add(new ConcatStep(node, i, shape, first, graph.Shapes[node.Output].Channels));
            first += shape.Channels;
        }
    }

    private static long Length(FeatureShape shape) => Layout.ImageLength(shape.Channels, shape.Height * shape.Width);
}
