using Dst.Graph;
using Dst.Kernels;
using Dst.Training.Autodiff.Nodes;

namespace Dst.Training.Autodiff;

/// <summary>
/// Compiles a graph to training nodes, the one table of operations. Normalisations and ReLUs become part of the features around them
/// where nothing else needs what they would store, and additions share the memory of their gradients.
/// </summary>
internal sealed class NodeFactory(
    CheckedGraph graph,
    IReadOnlyList<Parameter> parameters,
    Workspace workspace,
    int maxBatch,
    long seed,
    IReadOnlyList<string> kept,
    ConvolutionForms forms)
{
    private readonly Dictionary<string, Parameter> _parameters = parameters.ToDictionary(p => p.Shape.Name);
    private readonly Dictionary<string, Feature> _features = [];
    private readonly List<TrainingNode> _nodes = [];

    /// <summary>The stored features, the network's input first.</summary>
    public List<StoredFeature> Stored { get; } = [];

    /// <summary>The feature of a node's output.</summary>
    public Feature this[string node] => _features[node];

    /// <summary>Makes all nodes, in the order of the forward pass.</summary>
    public TrainingNode[] CreateAll()
    {
        _features[NetworkGraph.InputName] = NewFeature(graph.Input, needsGradient: false);
        for (var i = 0; i < graph.Nodes.Count; i++)
        {
            var node = graph.Nodes[i];
            _features[node.Name] = JoinsInput(node) ? Join(node) : Add(Create(node, i));
        }

        foreach (var name in kept) _features[name].IsKept = true;
        foreach (var sum in _nodes.OfType<AddNode>().Reverse()) sum.ShareGradient(_nodes.IndexOf);
        foreach (var node in _nodes) node.Plan(maxBatch);
        return [.. _nodes];
    }

    /// <summary>Every feature that needs memory for a gradient.</summary>
    public IEnumerable<Feature> WithGradient() => _features.Values.Concat(Stored).Distinct().Where(feature => feature.NeedsGradient && !feature.IsGradientComputed);

    private Feature Add(TrainingNode node)
    {
        _nodes.Add(node);
        return node.Output;
    }

    private StoredFeature NewFeature(FeatureShape shape, bool needsGradient = true)
    {
        Stored.Add(new StoredFeature(workspace.Tier, shape, maxBatch, needsGradient));
        return Stored[^1];
    }

    private TrainingNode Create(Node node, int index)
    {
        Feature[] inputs = [.. node.Inputs.Select(name => _features[name])];
        var input = inputs[0];
        StoredFeature Output() => NewFeature(graph.Shapes[node.Name]);
        Parameter Required(string suffix) => _parameters[$"{node.Name}.{suffix}"];
        Parameter? Optional(string suffix) => _parameters.GetValueOrDefault($"{node.Name}.{suffix}");
        return node.Operation switch
        {
            Conv2dOp c when c.IsDepthwise(input.Shape) =>
                new DepthwiseNode(node, input, Output(), Required("weight"), Optional("bias"), DepthwiseShape(c, input.Shape), workspace),
            Conv2dOp => ConvolutionNode.Create(node, input, Output(), Required("weight"), Optional("bias"), workspace, maxBatch, forms),
            BatchNormOp => Normalise(node, Required),
            ReluOp => new ReluNode(node, input, Output(), workspace),
            MulOp => new MulNode(node, inputs, Output(), workspace),
            PReluOp => ParametricActivationNode.PRelu(node, input, Output(), Required("weight"), workspace),
            AffineOp => ParametricActivationNode.Affine(node, input, Output(), Required("weight"), Required("bias"), workspace),
            AddOp => new AddNode(node, inputs, Output(), workspace),
            MaxPoolOp p => new MaxPoolNode(node, input, Output(), p.ShapeFor(input.Shape), workspace),
            AvgPoolOp p => new AvgPoolNode(node, input, Output(), p.ShapeFor(input.Shape), p.CountPadding, workspace),
            GlobalAvgPoolOp => new AvgPoolNode(node, input, Output(), WholeMap(input.Shape), countPadding: false, workspace),
            GlobalMaxPoolOp => new MaxPoolNode(node, input, Output(), WholeMap(input.Shape), workspace),
            FlattenOp => new FlattenNode(node, input, Output(), workspace),
            LinearOp => new LinearNode(node, input, Output(), Required("weight"), Optional("bias"), workspace),
            DropoutOp => new DropoutNode(node, input, Output(), seed, index, workspace),
            ConcatOp => new ConcatNode(node, inputs, Output(), workspace),
            SoftmaxOp => new SoftmaxNode(node, input, Output(), workspace),
            _ when node.Operation.ToActivation() is { } activation => new ActivationNode(node, input, Output(), activation, workspace),
            _ when node.Operation.ToRearrangement(input.Shape) is { } moved => new RearrangementNode(node, input, Output(), moved, workspace),
            _ => throw new InvalidOperationException($"no training node for {node.Operation}"),
        };
    }

    private BatchNormNode Normalise(Node node, Func<string, Parameter> parameter)
    {
        var source = _features[node.Inputs[0]] as StoredFeature ?? Store(node);
        var normalisation = new BatchNormNode(
            node, source, parameter("weight"), parameter("bias"), parameter("running_mean"), parameter("running_var"), workspace);
        if (source.Producer is not null && !source.Relu && IsReadOnce(node.Inputs[0])) normalisation.Fuse();
        return normalisation;
    }

    private StoredFeature Store(Node node)
    {
        var input = _features[node.Inputs[0]];
        var stored = NewFeature(input.Shape);
        Add(new StoreNode(node, input, stored, workspace));
        return stored;
    }

    /// <summary>A ReLU is part of its input if nothing else reads that and the input's producer allows it.</summary>
    private bool JoinsInput(Node node) =>
        node.Operation is ReluOp
        && IsReadOnce(node.Inputs[0])
        && graph.Nodes.FirstOrDefault(n => n.Name == node.Inputs[0])?.Operation is { TakesReluInTraining: true };

    private Feature Join(Node node)
    {
        var feature = _features[node.Inputs[0]];
        feature.Relu = true;
        return feature;
    }

    private bool IsReadOnce(string name) => graph.Nodes.Sum(n => n.Inputs.Count(input => input == name)) == 1 && !kept.Contains(name);

    private static WindowShape WholeMap(FeatureShape x) => WindowShape.WholeMap(x.Channels, x.Height, x.Width);

    private static WindowShape DepthwiseShape(Conv2dOp c, FeatureShape x) => new(x.Channels, x.Height, x.Width, c.KernelHeight, c.KernelWidth, c.Stride, c.Padding);
}
