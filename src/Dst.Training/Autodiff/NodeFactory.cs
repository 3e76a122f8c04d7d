using Dst.Graph;
using Dst.Training.Autodiff.Nodes;

namespace Dst.Training.Autodiff;

/// <summary>
/// Compiles a graph to training nodes: the one table of operations. Normalisations, ReLUs and poolings become part of the features around
/// them where nothing else needs what they would store, and additions share the memory of their gradients.
/// </summary>
internal sealed class NodeFactory(NodeContext context)
{
    private readonly Dictionary<string, Feature> _features = [];
    private readonly List<TrainingNode> _nodes = [];
    private readonly HashSet<Node> _fusedPools = [];

    /// <summary>The network's input.</summary>
    public InputFeature Input { get; } = new(context.Graph.Input, context.MaxBatch);

    /// <summary>The stored features but the input.</summary>
    public List<StoredFeature> Stored { get; } = [];

    /// <summary>The feature of a node's output.</summary>
    public Feature this[string node] => _features[node];

    /// <summary>Makes all nodes, in the order of the forward pass.</summary>
    public TrainingNode[] CreateAll()
    {
        AddFeature(NetworkGraph.InputName, Input);
        foreach (var node in context.Graph.Nodes) AddFeature(node.Name, OutputOf(node));
        foreach (var name in context.Exposed) _features[name].IsExposed = true;
        GradientSharing.Plan(_nodes);
        foreach (var sum in _nodes.OfType<AddNode>()) sum.Defer();
        foreach (var node in _nodes) node.Plan();
        return [.. _nodes];
    }

    /// <summary>Every feature that needs memory for a gradient.</summary>
    public IEnumerable<Feature> FeaturesWithGradient() =>
        _nodes.Select(node => node.Output).Where(feature => feature.NeedsGradient && !feature.IsGradientComputed);

    /// <summary>The output of a node, or of the one that it is a part of.</summary>
    private Feature OutputOf(Node node)
    {
        if (FusesRelu(node)) return FuseRelu(node);
        return _fusedPools.Contains(node) ? _features[node.Inputs[0]] : Add(Create(node));
    }

    private Feature Add(TrainingNode node)
    {
        _nodes.Add(node);
        return node.Output;
    }

    /// <summary>What the readers of a node see: its output, rounded as its bytes are if it has a scale.</summary>
    private void AddFeature(string name, Feature output)
    {
        _features[name] = context.Scales.TryGetValue(name, out var scale)
            ? Add(new FakeQuantisationNode(
                context, new(name, new ConversionOp(), [name]), output, NewFeature(output.Shape, output.NeedsGradient), scale))
            : output;
    }

    private StoredFeature NewFeature(FeatureShape shape, bool needsGradient = true)
    {
        Stored.Add(new StoredFeature(context.Tier, shape, context.MaxBatch, needsGradient));
        return Stored[^1];
    }

    private TrainingNode Create(Node node)
    {
        Feature[] inputs = [.. node.Inputs.Select(name => _features[name])];
        var input = inputs[0];
        StoredFeature Output() => NewFeature(context.Graph.Shapes[node.Name]);
        return node.Operation switch
        {
            Conv2dOp => ConvolutionNode.Create(context, node, input, Output()),
            ConvTransposeOp c => new TransposedConvolutionNode(
                context, node, input, Output(), new(context.Tier, c.MirrorFor(input.Shape))),
            BatchNormOp => Normalise(node),
            ReluOp => new ReluNode(context, node, input, Output()),
            MulOp => new MulNode(context, node, inputs, Output()),
            PReluOp => ParametricActivationNode.PRelu(context, node, input, Output()),
            AffineOp => ParametricActivationNode.Affine(context, node, input, Output()),
            AddOp => new AddNode(context, node, inputs, Output()),
            MaxPoolOp p => new MaxPoolNode(context, node, input, Output(), p.ShapeFor(input.Shape)),
            AvgPoolOp p => new AvgPoolNode(context, node, input, Output(), p.ShapeFor(input.Shape), p.CountPadding),
            MaxPoolDropoutOp p => new MaxPoolDropoutNode(context, node, input, Output(), p),
            StochasticPoolOp p => new StochasticPoolNode(context, node, input, Output(), p.ShapeFor(input.Shape)),
            SpectralPoolOp p => new SpectralPoolNode(context, node, input, Output(), p.ToKernel(input.Shape)),
            GlobalAvgPoolOp => new AvgPoolNode(context, node, input, Output(), input.Shape.WholeMap(), countPadding: false),
            GlobalMaxPoolOp => new MaxPoolNode(context, node, input, Output(), input.Shape.WholeMap()),
            UpsampleOp u => new ResamplingNode(context, node, input, Output(), u.ToKernel(input.Shape)),
            EdgePadOp p => new ResamplingNode(context, node, input, Output(), p.ToKernel(input.Shape)),
            FlattenOp => new FlattenNode(context, node, input, Output()),
            LinearOp => new LinearNode(context, node, input, Output()),
            DropoutOp => new DropoutNode(context, node, input, Output()),
            ConcatOp => new ConcatNode(context, node, inputs, Output()),
            LayerNormOp l => new LayerNormNode(context, node, input, Output(), l.Epsilon),
            GroupNormOp g => new GroupNormNode(context, node, input, Output(), g.ToKernel(context.Tier, input.Shape)),
            LocalResponseNormOp l => new LocalResponseNormNode(context, node, input, Output(), l.ToKernel()),
            SoftmaxOp => new SoftmaxNode(context, node, input, Output()),
            _ when node.Operation.ToActivation() is { } activation => new ActivationNode(context, node, input, Output(), activation),
            _ when node.Operation.ToRearrangement(input.Shape) is { } moves => new RearrangementNode(context, node, input, Output(), moves),
            _ => throw new InvalidOperationException($"no training node for {node.Operation}"),
        };
    }

    /// <summary>A normalisation is fused with its input's producer where it alone reads that input.</summary>
    private BatchNormNode Normalise(Node node)
    {
        var source = _features[node.Inputs[0]] as StoredFeature ?? Store(node);
        if (source.Producer is null || source.Relu || !IsReadOnce(node.Inputs[0])) return new(context, node, source);
        source.Normalisation = new(context, node, source, PoolBehind(node) is { } pool ? FusePool(pool, source) : null);
        return source.Normalisation;
    }

    private FusedPool FusePool(Node pool, StoredFeature source)
    {
        _fusedPools.Add(pool);
        return new(((MaxPoolOp)pool.Operation).ShapeFor(source.Shape), NewFeature(context.Graph.Shapes[pool.Name], needsGradient: false));
    }

    /// <summary>The maximum pooling that alone reads a node's output, or its ReLU's; null if there is none.</summary>
    private Node? PoolBehind(Node node)
    {
        if (!IsReadOnce(node.Name) || context.Scales.ContainsKey(node.Name)) return null;
        var reader = context.Graph.Nodes.First(other => other.Inputs.Contains(node.Name));
        return reader.Operation switch
        {
            ReluOp when FusesRelu(reader) => PoolBehind(reader),
            MaxPoolOp => reader,
            _ => null,
        };
    }

    private StoredFeature Store(Node node)
    {
        var input = _features[node.Inputs[0]];
        var stored = NewFeature(input.Shape, input.NeedsGradient);
        Add(new StoreNode(context, node, input, stored));
        return stored;
    }

    /// <summary>A ReLU is part of its input if nothing else reads that and the input's producer allows it.</summary>
    private bool FusesRelu(Node node) =>
        node.Operation is ReluOp
        && IsReadOnce(node.Inputs[0])
        && context.Graph.Nodes.FirstOrDefault(n => n.Name == node.Inputs[0])?.Operation is { TakesReluInTraining: true };

    private Feature FuseRelu(Node node)
    {
        var feature = _features[node.Inputs[0]];
        feature.Relu = true;
        return feature;
    }

    private bool IsReadOnce(string name) =>
        context.Graph.Nodes.Sum(n => n.Inputs.Count(input => input == name)) == 1 && !context.Exposed.Contains(name);
}
