namespace Dst.Graph;

/// <summary>Channels that several layers share, such as those of a residual stream, and the layers that their order touches.</summary>
/// <param name="Producers">Layers with a filter, or row of weights, for each channel.</param>
/// <param name="Carriers">Layers with parameters of each channel, such as batch normalisation and depthwise convolutions.</param>
/// <param name="Consumers">Layers that sum over the channels: convolutions and linear layers.</param>
internal sealed record ChannelSpace(IReadOnlyList<string> Producers, IReadOnlyList<string> Carriers, IReadOnlyList<string> Consumers)
{
    /// <summary>Whether the parameters of a layer have an entry for each channel it writes.</summary>
    public bool Writes(string layer) => Producers.Contains(layer) || Carriers.Contains(layer);

    /// <summary>Gives all parameters of the space these channels alone, in this order.</summary>
    /// <param name="parameters">Tensors by name, replaced here.</param>
    /// <param name="graph">The network that they belong to.</param>
    /// <param name="channels">For each new channel the old one.</param>
    public void GatherParameters(Dictionary<string, Tensor> parameters, CheckedGraph graph, int[] channels)
    {
        foreach (var shape in graph.Parameters)
        {
            if (Writes(shape.Layer)) parameters[shape.Name] = parameters[shape.Name].Gather(0, channels);
            if (Consumers.Contains(shape.Layer) && shape.Role == ParameterRole.Weight)
                parameters[shape.Name] = parameters[shape.Name].Gather(1, channels);
        }
    }
}

/// <summary>
/// Finds the channels of a graph whose order is free: a new order changes the layers of its space, not what the network computes.
/// </summary>
internal static class ChannelSpaces
{
    /// <summary>
    /// The spaces in the order of the graph. Channels whose order matters elsewhere are left out: the network's input and output, and
    /// what a grouped convolution, a concatenation, a slice, a shuffle, padding with channels or a flattened map reads or writes.
    /// </summary>
    public static IReadOnlyList<ChannelSpace> Of(CheckedGraph graph)
    {
        var spaces = new Dictionary<string, Space> { [NetworkGraph.InputName] = new() { IsFixed = true } };
        foreach (var node in graph.Nodes)
        {
            var inputs = node.Inputs.Select(name => spaces[name].Root).ToList();
            spaces[node.Name] = OutputOf(node, inputs, graph.Shapes[node.Inputs[0]]);
        }

        spaces[graph.Output.Name].Root.IsFixed = true;
        return [.. spaces.Values.Select(space => space.Root).Distinct().Where(space => !space.IsFixed && space.Producers.Count > 0)
            .Select(space => new ChannelSpace(space.Producers, space.Carriers, space.Consumers))];
    }

    private static Space OutputOf(Node node, List<Space> inputs, FeatureShape shape)
    {
        var input = inputs[0];
        switch (node.Operation.OrderOfChannels(shape))
        {
            case ChannelOrder.Summed:
                input.Consumers.Add(node.Name);
                return new() { Producers = { node.Name } };
            case ChannelOrder.Kept:
                if (node.Operation.Parameters(shape).Any()) input.Carriers.Add(node.Name);
                foreach (var other in inputs) input.Join(other);
                return input;
            default:
                foreach (var fixedInput in inputs) fixedInput.IsFixed = true;
                return new() { IsFixed = true };
        }
    }

    /// <summary>A space under construction; additions and products join two into one.</summary>
    private sealed class Space
    {
        private Space? _joined;

        public bool IsFixed { get; set; }

        public List<string> Producers { get; } = [];

        public List<string> Carriers { get; } = [];

        public List<string> Consumers { get; } = [];

        public Space Root => _joined?.Root ?? this;

        public void Join(Space other)
        {
            if (other == this) return;
            other._joined = this;
            IsFixed |= other.IsFixed;
            Producers.AddRange(other.Producers);
            Carriers.AddRange(other.Carriers);
            Consumers.AddRange(other.Consumers);
        }
    }
}
