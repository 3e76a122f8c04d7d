using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Lowering.Passes;

namespace Dst.Runtime.Lowering;

/// <summary>A network that is being compiled: what passes rewrite. Values keep the names and shapes that they have in the model's graph.</summary>
internal sealed class PlanGraph
{
    private readonly List<PlanNode> _nodes;

    /// <summary>Reads a model, without its masks if <paramref name="dense"/>.</summary>
    /// <exception cref="InputException">The graph is not legal.</exception>
    public PlanGraph(Model model, bool dense)
    {
        Shapes = GraphChecker.Check(model.Graph);
        Output = model.Graph.Output.Name;
        _nodes = [.. model.Graph.Nodes.Select(node => Read(model, node, dense))];
    }

    /// <summary>Operations, each after those whose values it reads.</summary>
    public IReadOnlyList<PlanNode> Nodes => _nodes;

    /// <summary>Shape of each value.</summary>
    public IReadOnlyDictionary<string, FeatureShape> Shapes { get; }

    /// <summary>Name of the network's output.</summary>
    public string Output { get; private set; }

    /// <summary>Reads a model and applies all passes.</summary>
    /// <exception cref="InputException">The graph is not legal.</exception>
    public static PlanGraph Rewrite(Model model, bool dense)
    {
        var graph = new PlanGraph(model, dense);
        DropIdentities.Apply(graph);
        FoldBatchNorm.Apply(graph);
        FuseAdd.Apply(graph);
        FuseRelu.Apply(graph);
        return graph;
    }

    /// <summary>How often a value is read, the network's output once more.</summary>
    public int Readers(string value) => _nodes.Sum(node => node.Reads.Count(read => read == value)) + (value == Output ? 1 : 0);

    /// <summary>The operation that writes a value; null for the network's input.</summary>
    public PlanNode? ProducerOf(string value) => _nodes.Find(node => node.Output == value);

    /// <summary>Replaces a node and what it reads by one node, in the place of the first.</summary>
    public void Fuse(PlanNode node, PlanNode next, PlanNode fused)
    {
        _nodes[_nodes.IndexOf(node)] = fused;
        _nodes.Remove(next);
    }

    /// <summary>Removes a node whose output is its input.</summary>
    public void Remove(PlanNode node)
    {
        _nodes.Remove(node);
        string Rename(string value) => value == node.Output ? node.Inputs[0] : value;
        for (var i = 0; i < _nodes.Count; i++)
        {
            var reader = _nodes[i];
            _nodes[i] = reader with { Inputs = [.. reader.Inputs.Select(Rename)], Residual = reader.Residual is { } residual ? Rename(residual) : null };
        }

        Output = Rename(Output);
    }

    private PlanNode Read(Model model, Node node, bool dense)
    {
        float[]? Parameter(string suffix) => model.Parameters.GetValueOrDefault($"{node.Name}.{suffix}")?.Data;
        var read = new PlanNode(node.Name, node.Operation, node.Inputs, node.Name)
        {
            Weight = Parameter("weight"),
            Bias = Parameter("bias"),
            Mask = dense ? null : model.Masks.GetValueOrDefault(node.Name),
        };
        if (!node.Operation.ScalesChannels) return read;
        var scale = new float[Layout.PaddedChannels(Shapes[node.Name].Channels)];
        var shift = new float[scale.Length];
        node.Operation.FoldChannels(suffix => Parameter(suffix)!, scale, shift);
        return read with { Weight = scale, Bias = shift };
    }
}
