namespace Dst.Graph;

/// <summary>Says which graphs are legal. Run it on every graph that is built, loaded or rewritten.</summary>
public static class GraphChecker
{
    /// <summary>Infers the shape of every node's output, checking names, input counts, attributes and sizes on the way.</summary>
    /// <returns>Shape by node name, with <see cref="NetworkGraph.InputName"/> for the input.</returns>
    /// <exception cref="InputException">The graph is not legal; the message names the node and what was expected.</exception>
    public static IReadOnlyDictionary<string, FeatureShape> Check(NetworkGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
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

            var shape = InferShape(graph, node, inputs);
            if (!shapes.TryAdd(node.Name, shape)) throw location.Illegal("has the name of an earlier node; names must be unique");
        }

        return shapes;
    }

    /// <summary>The shape of one node's output, where a graph grows node by node.</summary>
    /// <param name="graph">The graph that the node is for; errors say its name.</param>
    /// <param name="node">The node.</param>
    /// <param name="inputs">Shapes of what it reads.</param>
    /// <exception cref="InputException">The node is not legal; the message names it and what was expected.</exception>
    public static FeatureShape InferShape(NetworkGraph graph, Node node, params FeatureShape[] inputs)
    {
        var location = new NodeLocation(graph.Name, node.Name);
        var operation = node.Operation ?? throw location.Illegal("has the unknown operation null");
        location.Expect(operation.TakesInputs(inputs.Length), $"has {inputs.Length} inputs, which its operation {operation.GetType().Name} does not take");
        var shape = operation.OutputShape(inputs, location);
        FeatureLimits.Check(location, shape);
        return shape;
    }
}
