using System.Text.Json;
using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;
using Dst.Runtime.Threading;

namespace Dst.Runtime.Inference;

/// <summary>Makes the steps of a lowered program. This is the one table from operations to steps.</summary>
/// <param name="program">The program.</param>
/// <param name="chooser">Chooses the forms of convolutions.</param>
/// <param name="keepsValues">Whether each value of the program is written, so that no step computes two nodes.</param>
internal sealed class StepFactory(LoweredProgram program, ConvolutionChooser chooser, bool keepsValues)
{
    private readonly List<InferenceStep> _steps = [];
    private readonly List<LayerDecision> _decisions = [];
    private readonly HashSet<LoweredNode> _done = []; // poolings, by the step of the convolution before
    private readonly Dictionary<string, PlaneUse> _planes = []; // of layers that compute by tile with their neighbours, by their output

    /// <summary>What the steps of this runtime can compute.</summary>
    public static LoweringTarget Target { get; } = new();

    /// <summary>The steps of all nodes, with packed weights, and the form of each convolution.</summary>
    public (IReadOnlyList<InferenceStep> Steps, IReadOnlyList<LayerDecision> Decisions) CreateAll()
    {
        if (!keepsValues && chooser.OffersTiles) ChoosePlanes();
        foreach (var node in program.Nodes)
        {
            if (!_done.Contains(node)) Add(node, program.Values[node.Inputs[0]].Shape);
        }

        return (_steps, _decisions);
    }

    private void Add(LoweredNode node, FeatureShape x)
    {
        switch (node)
        {
            case { Integers: not null, Operation: Conv2dOp c } and not LoweredDepthwiseNode:
                AddInt8Convolution(node, c.ShapeFor(x));
                break;
            case { Integers: not null } or { Operation: ConversionOp }:
                _steps.AddRange(Int8StepFactory.Create(chooser.Tier, node, program));
                break;
            case { Operation: Conv2dOp c }:
                AddConvolution(node, c.ShapeFor(x));
                break;
            case { Operation: LinearOp l }:
                AddLinear(node, new(x.Channels, 1, 1, l.OutFeatures, 1, 1));
                break;
            case { Operation: ConcatOp }:
                AddConcat(node);
                break;
            default:
                _steps.Add(Create(node, x));
                break;
        }
    }

    private void AddConvolution(LoweredNode node, Conv2dShape shape)
    {
        var pool = PoolBehind(node);
        AddChosen(chooser.Choose(node, shape, pool, _planes.TryGetValue(node.Output, out var planes) ? planes : null), pool);
    }

    /// <summary>Neighbours keep the values between them as planes where that makes all of them together faster.</summary>
    private void ChoosePlanes()
    {
        var regions = new PlaneRegions(
            program, chooser.Tier, layer => chooser.LossByTile(layer.Node, layer.Shape, PoolBehind(layer.Node), layer.Planes));
        foreach (var layer in regions.Choose()) _planes.Add(layer.Node.Output, layer.Planes);
    }

    private void AddInt8Convolution(LoweredNode node, Conv2dShape shape)
    {
        var pool = node.Integers!.ToBytes is { KeepsOrder: true } ? PoolBehind(node) : null;
        var candidates = Int8StepFactory.Convolutions(chooser.Tier, node, pool, program);
        AddChosen(chooser.Choose(node, shape, pool, candidates), pool);
    }

    private void AddLinear(LoweredNode node, Conv2dShape shape)
    {
        var forms = chooser.FormsOfLinear(node, shape);
        if (forms.Count > 1) AddChosen(chooser.Choose(node, shape, pool: null, forms), pool: null);
        else _steps.Add(forms[0].Create());
    }

    /// <summary>
    /// The maximum over 2×2 pixels that covers the map and alone reads the output of a node without a sum, or null. Both compute on bytes,
    /// or both on floats.
    /// </summary>
    private LoweredNode? PoolBehind(LoweredNode node)
    {
        if (keepsValues || node.Residual is not null || node.Output == program.Output) return null;
        var readers = program.Nodes.Where(reader => reader.Reads.Contains(node.Output)).ToList();
        return readers is [{ Operation: MaxPoolOp pool } only] && only.Integers is null == node.Integers is null
            && pool.ShapeFor(OutputOf(node)).IsTwoByTwo ? only : null;
    }

    private void AddChosen((InferenceStep Step, LayerDecision Decision) chosen, LoweredNode? pool)
    {
        if (chosen.Step.Output == pool?.Output) _done.Add(pool);
        _steps.Add(chosen.Step);
        _decisions.Add(chosen.Decision);
    }

    private void AddConcat(LoweredNode node)
    {
        var first = 0;
        for (var i = 0; i < node.Inputs.Count; i++)
        {
            var shape = program.Values[node.Inputs[i]].Shape;
            _steps.Add(new ConcatStep(node, i, shape, first, OutputOf(node)));
            first += shape.Channels;
        }
    }

    private InferenceStep Create(LoweredNode node, FeatureShape x) => node.Operation switch
    {
        ConvTransposeOp c => new TransposedStep(node, new(chooser.Tier, c.MirrorFor(x))),
        BatchNormOp or AffineOp => new BatchNormStep(node, NameOf(node.Operation), x),
        ReluOp => new ReluStep(node, x),
        AddOp => new AddStep(node, x),
        MulOp => new MulStep(node, x, program.Values[node.Inputs[1]].Shape),
        PReluOp => CreatePRelu(node, x),
        MaxPoolOp p => new MaxPoolStep(node, p.ShapeFor(x)),
        AvgPoolOp p => new AvgPoolStep(node, p.ShapeFor(x), p.CountPadding),
        MaxPoolDropoutOp { Inference: PoolInference.ScaledMax } p => new MaxPoolStep(node, p.ShapeFor(x), p.Retain),
        MaxPoolDropoutOp p => new WeightedPoolStep(node, p.ShapeFor(x), p.Retain),
        StochasticPoolOp p => new StochasticPoolStep(node, p.ShapeFor(x)),
        SpectralPoolOp p => new SpectralPoolStep(node, x, OutputOf(node), p.ToKernel(x)),
        GlobalAvgPoolOp => new AvgPoolStep(node, x.WholeMap(), countPadding: false),
        GlobalMaxPoolOp => new MaxPoolStep(node, x.WholeMap()),
        EdgePadOp p => new ResamplingStep(node, NameOf(p), x, OutputOf(node), p.ToKernel(x)),
        UpsampleOp u => new ResamplingStep(node, NameOf(u), x, OutputOf(node), u.ToKernel(x)),
        FlattenOp => new FlattenStep(node, x, OutputOf(node)),
        LayerNormOp l => new LayerNormStep(node, l.Epsilon, x),
        GroupNormOp g => new GroupNormStep(node, g.ToKernel(chooser.Tier, x), x),
        LocalResponseNormOp l => new LocalResponseNormStep(node, l.ToKernel(), x),
        SoftmaxOp => new SoftmaxStep(node, x),
        _ when node.Operation.ToActivation() is { } activation => new ActivationStep(node, NameOf(node.Operation), x, activation),
        _ when node.Operation.ToRearrangement(x) is { } moved =>
            new RearrangementStep(node, NameOf(node.Operation), x, OutputOf(node), moved),
        _ => throw new InvalidOperationException($"no inference step for {node.Operation}"),
    };

    private static unsafe ActivationStep CreatePRelu(LoweredNode node, FeatureShape x)
    {
        var slopes = new AlignedBuffer(Layout.PaddedChannels(x.Channels));
        node.Weight!.CopyTo(slopes.Span);
        return new(node, "prelu", x, Activation.PRelu(slopes.Pointer), slopes);
    }

    /// <summary>The operation's name without "Op", such as <c>leaky-relu</c>.</summary>
    private static string NameOf(Operation operation) => JsonNamingPolicy.KebabCaseLower.ConvertName(operation.GetType().Name[..^2]);

    private FeatureShape OutputOf(LoweredNode node) => program.Values[node.Output].Shape;
}
