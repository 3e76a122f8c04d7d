using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>
/// State of an import: what is known of each value of the ONNX graph, and our graph so far. A mapper reads an input in the form that it
/// needs: as it is (<see cref="View"/>), without steps (<see cref="InAnyOrder"/>), with its channels along one axis
/// (<see cref="WithChannels(OnnxNode, int)"/>), or as a map (<see cref="Map"/>).
/// </summary>
internal sealed class NetworkImport
{
    private readonly OnnxGraph _graph;
    private readonly ConstantFolder _folder;
    private readonly LayerNames _names = new();
    private readonly Dictionary<string, ConstantTensor> _constants;
    private readonly Dictionary<string, OnnxFeature> _features = [];
    private readonly Dictionary<string, (OnnxFeature Feature, int[] Dims)> _expanded = []; // by value: what is repeated to which extents
    private readonly ILookup<string, OnnxNode> _readers; // by value
    private readonly Dictionary<string, OnnxNode> _producers; // by value
    private readonly Dictionary<string, string> _firstValues = []; // by our node, the ONNX value that is its output as it is

    private NetworkImport(OnnxGraph graph, Int8Import? int8)
    {
        (_graph, Int8) = (graph, int8);
        Budget = new(graph.Values);
        _folder = new(Budget);
        _constants = new(graph.Constants);
        _readers = graph.Nodes.SelectMany(node => node.Inputs, (Node, Value) => (Node, Value))
            .ToLookup(read => read.Value, read => read.Node);
        _producers = graph.Nodes.SelectMany(node => node.Outputs, (Node, Value) => (Node, Value)).Where(written => written.Value.Length > 0)
            .ToDictionary(written => written.Value, written => written.Node);
        var (dims, isChannelsLast) = (graph.InputDims, graph.IsChannelsLast());
        var shape = isChannelsLast ? new FeatureShape(dims[3], dims[1], dims[2]) : new FeatureShape(dims[1], dims[2], dims[3]);
        Network = new(graph.Name, shape, Budget);
        var input = new OnnxFeature(NetworkGraph.InputName, shape, [Batch, shape.Channels, shape.Height, shape.Width]);
        _features[graph.Input] = isChannelsLast ? input.Transpose(dims, [0, 2, 3, 1]) : input;
    }

    /// <summary>The memory that may still be taken.</summary>
    public MemoryBudget Budget { get; }

    /// <summary>Takes the scales of a network that stays one of 8-bit integers; null if it becomes one of floats.</summary>
    public Int8Import? Int8 { get; }

    /// <summary>Our graph so far.</summary>
    public OnnxNetworkBuilder Network { get; }

    /// <summary>Images of the batch in the ONNX graph; 1 if the graph leaves it open.</summary>
    public int Batch => _graph.InputDims[0];

    /// <summary>Imports a whole graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="int8">Takes the scales of a network that stays one of 8-bit integers; null for one of floats.</param>
    /// <exception cref="InputException">It has an operation, or a variant of one, that is not supported.</exception>
    public static Model Run(OnnxGraph graph, Int8Import? int8 = null)
    {
        UnknownOperations.RefuseAttention(graph);
        var import = new NetworkImport(graph, int8);
        foreach (var node in graph.Nodes) import.Add(node);
        return import.Finish();
    }

    /// <summary>Whether a value is the network's output, or is only reshaped or quantised on the way there.</summary>
    public bool IsScores(string value)
    {
        for (var step = 0; step < _graph.Nodes.Count; step++)
        {
            var readers = _readers[value].ToList();
            if (value == _graph.Output) return readers.Count == 0;
            if (readers is not [var reader] || !Views.ChangesOnlyShape(reader) && reader.Operation != QuantisedFeatures.Pair) return false;
            value = reader.Outputs[0];
        }

        return false;
    }

    /// <summary>Whether a network that ended here would have logits as its outputs.</summary>
    public bool IsOfLogits(OnnxFeature feature) =>
        EndOfNetwork.KindOf(Network.Find(feature.Node), Network.Find) == OutputKind.Logits;

    /// <summary>Whether all that read the first input of a node are operations of one type, and it is no output.</summary>
    public bool IsReadOnlyBy(OnnxNode node, string operation) =>
        node.Inputs[0] != _graph.Output && _readers[node.Inputs[0]].All(reader => reader.Operation == operation);

    /// <summary>Whether only this node reads what our node before it computes, so that our node may be changed.</summary>
    public bool IsOnlyReader(OnnxNode node, int index)
    {
        var value = node.Inputs[index];
        var first = _firstValues.GetValueOrDefault(_features[value].Node);
        while (value != _graph.Output && _readers[value].Count() == 1)
        {
            if (value == first) return true;
            // A reshaped or transposed value shares its node with the value that it was made from.
            if (!_producers.TryGetValue(value, out var view) || !Views.IsView(view)) return false;
            value = view.Inputs[0];
        }

        return false;
    }

    /// <summary>An optional input that must be a constant.</summary>
    public ConstantTensor? Constant(OnnxNode node, int index)
    {
        if (index >= node.Inputs.Count || node.Inputs[index].Length == 0) return null;
        return _constants.TryGetValue(node.Inputs[index], out var constant) ? constant
            : throw node.Illegal($"computes its input {index} ('{node.Inputs[index]}') from the image; a constant was expected");
    }

    /// <summary>A required input that must be a constant.</summary>
    public ConstantTensor NeededConstant(OnnxNode node, int index) =>
        Constant(node, index) ?? throw node.Illegal($"has no input {index}, which was expected");

    /// <summary>Whether an input is present and constant.</summary>
    public bool IsConstant(OnnxNode node, int index) => index < node.Inputs.Count && _constants.ContainsKey(node.Inputs[index]);

    /// <summary>An input that depends on the image, as it is: with any reshape, transposition or steps still to be done.</summary>
    public OnnxFeature View(OnnxNode node, int index)
    {
        if (index < node.Inputs.Count && _features.TryGetValue(node.Inputs[index], out var feature)) return feature;
        if (index < node.Inputs.Count && _expanded.TryGetValue(node.Inputs[index], out var expanded))
            throw node.Illegal($"reads {expanded.Feature} expanded to {RowMajor.Text(expanded.Dims)}; expand only factors of a product");
        throw node.Illegal($"has no input {index} that depends on the image, which was expected");
    }

    /// <summary>An input that depends on the image, without steps. It may be reshaped or transposed.</summary>
    public OnnxFeature InAnyOrder(OnnxNode node, int index)
    {
        var feature = View(node, index);
        if (feature.RowStep == 1 && feature.ColumnStep == 1) return feature;
        int? columnStep = feature.ColumnStep == feature.RowStep ? null : feature.ColumnStep;
        var operation = new MaxPoolOp(1, feature.RowStep, StrideWidth: columnStep);
        return _features[node.Inputs[index]] = AppendExtra("subsample", operation, feature).Reshape(feature.Dims);
    }

    /// <summary>An input of a product, without steps. Elements that are repeated as often as the other input has them count once.</summary>
    public OnnxFeature Factor(OnnxNode node, int index)
    {
        if (index >= node.Inputs.Count || !_expanded.TryGetValue(node.Inputs[index], out var expanded)) return InAnyOrder(node, index);
        var other = InAnyOrder(node, 1 - index);
        return other.Dims.AsSpan().SequenceEqual(expanded.Dims) ? expanded.Feature
            : throw node.Illegal(
                $"multiplies {other} by {expanded.Feature} expanded to {RowMajor.Text(expanded.Dims)}; expand it to {other}");
    }

    /// <summary>An input that depends on the image, with its shape in the ONNX graph: [C, H, W], or [F, 1, 1] for [N, F].</summary>
    public OnnxFeature Map(OnnxNode node, int index)
    {
        var feature = ToMap(node, InAnyOrder(node, index)); // which checks that there is such an input
        return _features[node.Inputs[index]] = feature;
    }

    /// <summary>An input that depends on the image, with all channels along one axis, which may be any.</summary>
    public OnnxFeature WithChannels(OnnxNode node, int index)
    {
        var feature = InAnyOrder(node, index);
        return feature.ChannelAxis > 0 ? feature : Map(node, index);
    }

    /// <summary>A feature that a node reads, with all channels along one axis, which may be any.</summary>
    public OnnxFeature WithChannels(OnnxNode node, OnnxFeature feature) => feature.ChannelAxis > 0 ? feature : ToMap(node, feature);

    /// <summary>Adds the node that <paramref name="node"/> becomes.</summary>
    public OnnxFeature Append(OnnxNode node, Operation operation, params OnnxFeature[] inputs) =>
        AppendLayer(node, null, operation, inputs);

    /// <summary>Adds the layer with parameters that <paramref name="node"/> becomes.</summary>
    /// <param name="node">The ONNX node.</param>
    /// <param name="parameter">Name of its weight or bias, which gives the layer a better name than the node's; null if not known.</param>
    /// <param name="operation">What it computes.</param>
    /// <param name="inputs">What it reads.</param>
    public OnnxFeature AppendLayer(OnnxNode node, string? parameter, Operation operation, params OnnxFeature[] inputs) =>
        AppendAs(_names.For(node, parameter), operation, inputs);

    /// <summary>Adds a node that the ONNX graph does not have.</summary>
    public OnnxFeature AppendExtra(string name, Operation operation, params OnnxFeature[] inputs) =>
        AppendAs(_names.Unique(name), operation, inputs);

    /// <summary>Sets the first output of a node.</summary>
    public void SetOutput(OnnxNode node, OnnxFeature feature) => SetOutput(node, 0, feature);

    /// <summary>Sets an output of a node.</summary>
    public void SetOutput(OnnxNode node, int output, OnnxFeature feature)
    {
        if (output >= node.Outputs.Count) return;
        _features[node.Outputs[output]] = feature;
        _firstValues.TryAdd(feature.Node, node.Outputs[output]);
    }

    /// <summary>Sets the output of a node that repeats elements.</summary>
    public void SetExpanded(OnnxNode node, OnnxFeature feature, int[] dims)
    {
        if (feature.Dims.AsSpan().SequenceEqual(dims)) SetOutput(node, feature);
        else _expanded[node.Outputs[0]] = (feature, dims);
    }

    /// <summary>Sets the first output of a node whose work our node before it has taken over.</summary>
    public void SetMerged(OnnxNode node, OnnxFeature feature)
    {
        SetOutput(node, feature);
        _firstValues[feature.Node] = node.Outputs[0];
    }

    /// <summary>A feature with its shape in the ONNX graph, flattened if it has to be.</summary>
    private OnnxFeature ToMap(OnnxNode node, OnnxFeature feature)
    {
        if (feature.Order is not null)
            throw node.Illegal($"reads features {feature} with their channels in another place; transpose them to [N, C, H, W] before it");
        var shape = feature.Dims.Length == 3 && feature.Dims[1] == feature.Shape.Channels ? feature.Shape : MapShape(feature.Dims);
        if (shape == feature.Shape) return feature;
        if (shape != new FeatureShape(RowMajor.Count(feature.Dims[1..]), 1, 1))
            throw node.Illegal($"reads features {feature.Shape} reshaped to {feature}; flatten them to [N, F], or leave them as they were");
        return AppendExtra("flatten", new FlattenOp(), feature).Reshape(feature.Dims);
    }

    private OnnxFeature AppendAs(string name, Operation operation, OnnxFeature[] inputs)
    {
        var shape = Network.Add(new(name, operation, [.. inputs.Select(input => input.Node)]), [.. inputs.Select(input => input.Shape)]);
        var isRow = inputs[0].Dims.Length == 2;
        return new(name, shape, isRow ? [Batch, (int)shape.Count] : [Batch, shape.Channels, shape.Height, shape.Width]);
    }

    private void Add(OnnxNode node)
    {
        if (node.Outputs.Count == 0) throw node.Illegal("has no output; one was expected");
        if (node.Domain.Length > 0) throw UnknownOperations.Refuse(node);
        if (node.Operation == "Shape" && !IsConstant(node, 0))
        {
            _constants[node.Outputs[0]] = ConstantFolder.ShapeOf(node, View(node, 0).Dims);
        }
        else if (node.Inputs.All(input => input.Length == 0 || _constants.ContainsKey(input))
            && _folder.Fold(node, [.. node.Inputs.Select(input => _constants.GetValueOrDefault(input))]) is { } folded)
        {
            _constants[node.Outputs[0]] = folded;
            if (node.Operation == "DequantizeLinear")
                Int8?.SetConstant(node, NeededConstant(node, 0), NeededConstant(node, 1), Constant(node, 2));
        }
        else if (OperationMappers.ByName.TryGetValue(node.Operation, out var map))
        {
            map(this, node);
        }
        else
        {
            throw UnknownOperations.Refuse(node);
        }
    }

    private Model Finish()
    {
        var last = _graph.Nodes[^1];
        var end = last.With("Output", new Dictionary<string, object>(), _graph.Output);
        if (_constants.ContainsKey(_graph.Output)) throw last.Illegal("gives the network's output, which does not depend on the image");
        var scores = Map(end, 0);
        if (scores.Shape.Height != 1 || scores.Shape.Width != 1)
            throw new InputException(
                $"has the output '{_graph.Output}' {scores}; export a network that gives scores of classes [N, classes]");
        return Network.Build(scores.Node);
    }

    /// <summary>Our shape for [N], [N, F] or [N, C, H, W]. Other dimensions give 0 channels, which is illegal for any node.</summary>
    private static FeatureShape MapShape(int[] dims) => dims.Length switch
    {
        1 => new(1, 1, 1),
        2 => new(dims[1], 1, 1),
        4 => new(dims[1], dims[2], dims[3]),
        _ => default,
    };
}
