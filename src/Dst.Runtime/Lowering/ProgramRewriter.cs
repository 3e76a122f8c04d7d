using Dst.Graph;

namespace Dst.Runtime.Lowering;

/// <summary>A program that passes rewrite. A fusion takes the same time however long the program is.</summary>
internal sealed class ProgramRewriter
{
    /// <summary>In the order of the program; null where a node was removed.</summary>
    private readonly LoweredNode?[] _nodes;

    private readonly Dictionary<string, int> _producers = []; // the place of the node that writes a value
    private readonly Dictionary<string, int> _readers = []; // how often a value is read
    private readonly IReadOnlyDictionary<string, FeatureShape> _shapes;

    /// <summary>Begins with the nodes of a legal graph.</summary>
    /// <param name="nodes">Each after those that write its inputs.</param>
    /// <param name="shapes">Shape of each value.</param>
    /// <param name="output">Name of the network's output.</param>
    public ProgramRewriter(IEnumerable<LoweredNode> nodes, IReadOnlyDictionary<string, FeatureShape> shapes, string output)
    {
        _nodes = [.. nodes];
        _shapes = shapes;
        Output = output;
        IndexNodes();
    }

    /// <summary>The nodes, each after those that write its inputs. They may be rewritten while they are enumerated.</summary>
    public IEnumerable<LoweredNode> Nodes => _nodes.OfType<LoweredNode>();

    /// <summary>Name of the network's output.</summary>
    public string Output { get; private set; }

    /// <summary>Shape of a value.</summary>
    public FeatureShape ShapeOf(string value) => _shapes[value];

    /// <summary>How often a value is read; the network's output counts once more.</summary>
    public int CountReaders(string value) => _readers.GetValueOrDefault(value);

    /// <summary>The node that writes a value; null for the network's input.</summary>
    public LoweredNode? ProducerOf(string value) => _producers.TryGetValue(value, out var place) ? _nodes[place] : null;

    /// <summary>The last of the nodes that write what a node reads; null if it reads the network's input alone.</summary>
    public LoweredNode? LastProducerFor(LoweredNode node)
    {
        var last = node.Inputs.Max(value => _producers.GetValueOrDefault(value, -1));
        return last < 0 ? null : _nodes[last];
    }

    /// <summary>Replaces a node and the only reader of its output by one node, in the place of the first.</summary>
    public void Fuse(LoweredNode node, LoweredNode reader, LoweredNode fused)
    {
        var place = _producers[node.Output];
        _nodes[_producers[reader.Output]] = null;
        _nodes[place] = fused;
        _producers.Remove(node.Output);
        _producers[fused.Output] = place;
        _readers.Remove(node.Output);
    }

    /// <summary>Removes nodes whose output is their input.</summary>
    public void RemoveWhere(Func<LoweredNode, bool> isIdentity)
    {
        var origins = new Dictionary<string, string>();
        string OriginOf(string value) => origins.GetValueOrDefault(value, value);
        for (var i = 0; i < _nodes.Length; i++)
        {
            if (_nodes[i] is not { } node) continue;
            var isRemoved = isIdentity(node);
            if (isRemoved) origins[node.Output] = OriginOf(node.Inputs[0]);
            _nodes[i] = isRemoved ? null : node.WithReads(OriginOf);
        }

        Output = OriginOf(Output);
        IndexNodes();
    }

    /// <summary>The program as it is.</summary>
    public LoweredProgram ToProgram()
    {
        var values = Nodes.Select(node => node.Output).Prepend(NetworkGraph.InputName);
        return new([.. Nodes], values.ToDictionary(value => value, value => new LoweredValue(_shapes[value], ElementType.Float32)), Output);
    }

    /// <summary>Finds who writes each value, and counts who reads it.</summary>
    private void IndexNodes()
    {
        _producers.Clear();
        _readers.Clear();
        for (var i = 0; i < _nodes.Length; i++)
        {
            if (_nodes[i] is not { } node) continue;
            _producers[node.Output] = i;
            foreach (var value in node.Reads) _readers[value] = CountReaders(value) + 1;
        }

        _readers[Output] = CountReaders(Output) + 1;
    }
}
