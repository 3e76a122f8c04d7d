using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Builds our graph node by node, with its parameters.</summary>
internal sealed class OnnxNetworkBuilder(string name, FeatureShape input, MemoryBudget budget)
{
    private readonly List<Node> _nodes = [];
    private readonly Dictionary<string, int> _places = [];
    private readonly Dictionary<string, Tensor> _parameters = [];

    /// <summary>Adds a node.</summary>
    /// <returns>Shape of its output.</returns>
    /// <exception cref="InputException">The node is not legal for inputs of these shapes.</exception>
    public FeatureShape Add(Node node, params FeatureShape[] inputs)
    {
        var shape = CheckedGraph.ShapeOf(name, node, inputs);
        _places.Add(node.Name, _nodes.Count);
        _nodes.Add(node);
        return shape;
    }

    /// <summary>The node of a name; null for the network's input.</summary>
    public Node? Find(string node) => _places.TryGetValue(node, out var place) ? _nodes[place] : null;

    /// <summary>What a node computes; null for the network's input.</summary>
    public Operation? OperationOf(string node) => Find(node)?.Operation;

    /// <summary>The first input of a node.</summary>
    public string InputOf(string node) => _nodes[_places[node]].Inputs[0];

    /// <summary>Replaces the operation of a node by one with an output of the same shape.</summary>
    public void Replace(string node, Operation operation) => _nodes[_places[node]] = _nodes[_places[node]] with { Operation = operation };

    /// <summary>Sets the parameter <c>layer.suffix</c>.</summary>
    public void SetParameter(string layer, string suffix, int[] shape, float[] values)
    {
        budget.Take(values.Length);
        _parameters[$"{layer}.{suffix}"] = new(shape, values);
    }

    /// <summary>The values of the parameter <c>layer.suffix</c>.</summary>
    public float[] ParameterOf(string layer, string suffix) => _parameters[$"{layer}.{suffix}"].Data;

    /// <summary>The model whose output is <paramref name="output"/>, without nodes that it does not depend on.</summary>
    /// <exception cref="InputException">The network is not legal, or a parameter does not have the shape that its layer needs.</exception>
    public Model Build(string output)
    {
        var graph = new CheckedGraph(new NetworkGraph(name, input, _nodes).LeadingTo(output));
        var parameters = new Dictionary<string, Tensor>();
        foreach (var expected in graph.Parameters)
        {
            var tensor = parameters[expected.Name] = _parameters[expected.Name];
            if (!tensor.Shape.SequenceEqual(expected.Shape))
                throw new InputException(
                    $"layer '{expected.Layer}' has '{expected.Name}' {RowMajor.Text(tensor.Shape)}; "
                    + $"{RowMajor.Text(expected.Shape)} was expected");
        }

        return new(graph, parameters);
    }
}
