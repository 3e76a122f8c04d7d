using System.Text.Json;
using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;
using Dst.Runtime.Threading;

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
            case Conv2dOp c when c.IsDepthwise(x):
                _steps.Add(new DepthwiseStep(node, c.ShapeFor(x).ToWindowShape()));
                _decisions.Add(new(node.Layer, new(ConvolutionForm.Depthwise.Name, UsesMask: false), [], "the only form of this layer"));
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

    private InferenceStep Create(PlanNode node, FeatureShape x) => node.Operation switch
    {
        LinearOp l => new LinearStep(node, x.Channels, l.OutFeatures),
        BatchNormOp or AffineOp => new BatchNormStep(node, NameOf(node.Operation), x),
        ReluOp => new ReluStep(node, Length(x)),
        AddOp => new AddStep(node, Length(x)),
        MulOp => new MulStep(node, x, graph.Shapes[node.Inputs[1]]),
        PReluOp => CreatePRelu(node, x),
        MaxPoolOp p => new MaxPoolStep(node, p.ShapeFor(x)),
        AvgPoolOp p => new AvgPoolStep(node, p.ShapeFor(x), p.CountPadding),
        GlobalAvgPoolOp => new AvgPoolStep(node, WindowShape.WholeMap(x.Channels, x.Height, x.Width), countPadding: false),
        FlattenOp => new FlattenStep(node, x),
        SoftmaxOp => new SoftmaxStep(node, x.Channels),
        _ when node.Operation.ToActivation() is { } activation => new ActivationStep(node, NameOf(node.Operation), x, activation),
        _ when node.Operation.ToRearrangement(x) is { } moved => new RearrangementStep(node, NameOf(node.Operation), x, graph.Shapes[node.Output], moved),
        _ => throw new InvalidOperationException($"no inference step for {node.Operation}"),
    };

    private static unsafe ActivationStep CreatePRelu(PlanNode node, FeatureShape x)
    {
        var slopes = new AlignedBuffer(Layout.PaddedChannels(x.Channels));
        node.Weight!.CopyTo(slopes.Span);
        return new(node, "prelu", x, Activation.PRelu(slopes.Pointer), slopes);
    }

    /// <summary>The operation's name without "Op", such as <c>leaky-relu</c>.</summary>
    private static string NameOf(Operation operation) => JsonNamingPolicy.KebabCaseLower.ConvertName(operation.GetType().Name[..^2]);

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
