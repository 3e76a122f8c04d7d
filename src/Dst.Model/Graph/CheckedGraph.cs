namespace Dst.Graph;

/// <summary>
/// A legal network: a <see cref="NetworkGraph"/> with the shape of every value and the parameters that it needs. Immutable. This is the
/// one place that says which graphs are legal: code that takes a checked graph does not check it again.
/// </summary>
public sealed class CheckedGraph
{
    /// <summary>Infers the shape of every node's output. Checks names, input counts, attributes and sizes on the way.</summary>
    /// <exception cref="InputException">The graph is not legal; the message names the node and what was expected.</exception>
    public CheckedGraph(NetworkGraph definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        Definition = definition;
        Shapes = Infer(definition);
        Parameters =
        [
            .. from node in definition.Nodes
               from parameter in node.Operation.Parameters(Shapes[node.Inputs[0]])
               select new ParameterShape($"{node.Name}.{parameter.Suffix}", node.Name, parameter.Role, parameter.Shape),
        ];
    }

    /// <summary>The network as it was given.</summary>
    public NetworkGraph Definition { get; }

    /// <summary>Name of the architecture, such as <c>resnet20</c>.</summary>
    public string Name => Definition.Name;

    /// <summary>Shape of one input image.</summary>
    public FeatureShape Input => Definition.Input;

    /// <summary>All nodes in execution order.</summary>
    public IReadOnlyList<Node> Nodes => Definition.Nodes;

    /// <summary>The node whose output is the network's output.</summary>
    public Node Output => Nodes[^1];

    /// <summary>Shape of each node's output by its name, and of the input by <see cref="NetworkGraph.InputName"/>.</summary>
    public IReadOnlyDictionary<string, FeatureShape> Shapes { get; }

    /// <summary>All parameters in the order of the nodes.</summary>
    public IReadOnlyList<ParameterShape> Parameters { get; }

    /// <summary>Shape of the network's output.</summary>
    public FeatureShape OutputShape => Shapes[Output.Name];

    /// <summary>What the end of the network says of its outputs. A single one that is no probability is a number without a scale.</summary>
    public OutputKind OutputKind =>
        EndOfNetwork.KindOf(Output, Find) is not OutputKind.Logits and var kind ? kind
        : OutputShape.Count == 1 ? OutputKind.None
        : OutputKind.Logits;

    /// <summary>The last node that says what values mean, or null: bounds only cut them.</summary>
    internal Node? LastFunction => EndOfNetwork.FunctionOf(Output, Find);

    /// <summary>
    /// Whether a model may say this of its outputs: what the end of the network says, that they are numbers without a scale, or that such
    /// numbers are logits.
    /// </summary>
    public bool AllowsOutputs(OutputKind kind) =>
        kind == OutputKind || kind == OutputKind.None || (kind == OutputKind.Logits && OutputKind == OutputKind.None);

    /// <summary>The shape of one node's output, for a graph that grows node by node.</summary>
    /// <param name="network">Name of the network, for errors.</param>
    /// <param name="node">The node.</param>
    /// <param name="inputs">Shapes of its inputs.</param>
    /// <exception cref="InputException">The node is not legal; the message names it and what was expected.</exception>
    internal static FeatureShape ShapeOf(string network, Node node, params FeatureShape[] inputs)
    {
        var location = new NodeLocation(network, node.Name);
        var operation = node.Operation ?? throw location.Illegal("has the unknown operation null");
        location.Expect(
            operation.TakesInputs(inputs.Length),
            $"has {inputs.Length} inputs, which its operation does not take");
        var shape = operation.OutputShape(inputs, location);
        FeatureLimits.Check(location, shape);
        return shape;
    }

    private Node? Find(string name) => Nodes.FirstOrDefault(node => node.Name == name);

    private static Dictionary<string, FeatureShape> Infer(NetworkGraph graph)
    {
        if (graph.Nodes.Count == 0) throw new InputException($"network '{graph.Name}' has no nodes; at least one was expected");
        FeatureLimits.Check(new(graph.Name, NetworkGraph.InputName), graph.Input);
        var shapes = new Dictionary<string, FeatureShape> { [NetworkGraph.InputName] = graph.Input };
        foreach (var node in graph.Nodes)
        {
            var location = new NodeLocation(graph.Name, node.Name);
            var inputs = new FeatureShape[node.Inputs.Count];
            for (var i = 0; i < inputs.Length; i++)
            {
                if (!shapes.TryGetValue(node.Inputs[i], out inputs[i]))
                    throw location.Illegal($"has the input '{node.Inputs[i]}', which is not the name of an earlier node");
            }

            var shape = ShapeOf(graph.Name, node, inputs);
            if (!shapes.TryAdd(node.Name, shape)) throw location.Illegal("has the name of an earlier node; names must be unique");
        }

        return shapes;
    }
}
