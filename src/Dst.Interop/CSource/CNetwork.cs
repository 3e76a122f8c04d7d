using Dst.Graph;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>
/// A network in the form that C source is made of: rewritten by the runtime's passes, each value with the border that its readers need
/// and a place in the arena.
/// </summary>
internal sealed class CNetwork
{
    private readonly Dictionary<string, CValue> _values;
    private readonly PlanMemory _memory;

    /// <summary>Plans a model, without its masks if <paramref name="dense"/>.</summary>
    /// <exception cref="InputException">The graph is not legal, or its values are too large.</exception>
    public CNetwork(Model model, bool dense)
    {
        Graph = PlanGraph.Rewrite(model, dense);
        DropFlattening(Graph);
        var borders = Borders(Graph);
        _values = Graph.Nodes.Select(node => node.Output).Prepend(NetworkGraph.InputName).ToDictionary(name => name, name => Describe(name, borders));
        _memory = new([.. Graph.Nodes.Select(node => new PlannedStep(node.Reads, node.Output, Replaceable(node)))], name => _values[name].Length, Graph.Output);
        if (_memory.Length > int.MaxValue) throw new InputException($"network '{model.Graph.Name}' needs {_memory.Length} values at a time; at most {int.MaxValue} were expected");
    }

    /// <summary>The operations, rewritten.</summary>
    public PlanGraph Graph { get; }

    /// <summary>Floats of the arena.</summary>
    public long ArenaLength => Math.Max(1, _memory.Length);

    /// <summary>A value by its name in the graph.</summary>
    public CValue this[string name] => _values[name];

    /// <summary>The address of a value, as a C expression.</summary>
    public string AddressOf(string name) => _values[name].Argument ?? $"arena + {_memory[name] + _values[name].FirstInside}";

    /// <summary>Values in whose place an operation can write: those that it reads once, at the place where it writes.</summary>
    private static IEnumerable<string> Replaceable(PlanNode node) =>
        node.Operation.IsElementwise ? node.Inputs
        : node.Residual is { } residual && residual != node.Inputs[0] ? [residual]
        : [];

    /// <summary>A linear layer reads maps in any order, and those of one pixel are flat.</summary>
    private static void DropFlattening(PlanGraph graph)
    {
        foreach (var flatten in graph.Nodes.Where(node => node.Operation is FlattenOp).ToList())
        {
            var readers = graph.Nodes.Where(node => node.Reads.Contains(flatten.Output)).ToList();
            var isFlat = graph.Shapes[flatten.Inputs[0]] is { Height: 1, Width: 1 };
            if (isFlat || graph.Output != flatten.Output && readers.TrueForAll(reader => reader.Operation is LinearOp && reader.Residual != flatten.Output))
                graph.Remove(graph.ProducerOf(flatten.Output)!);
        }
    }

    /// <summary>The largest padding of a value's readers; equal for values that may take each other's place, and for a sum's operands.</summary>
    private static Dictionary<string, int> Borders(PlanGraph graph)
    {
        var borders = graph.Shapes.Keys.ToDictionary(name => name, _ => 0);
        foreach (var node in graph.Nodes)
        {
            if (node.Operation is Conv2dOp c) borders[node.Inputs[0]] = Math.Max(borders[node.Inputs[0]], c.Padding);
        }

        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var node in graph.Nodes)
            {
                var partners = node.Residual is { } residual ? [residual] : Replaceable(node);
                foreach (var other in partners.Where(other => borders[other] != borders[node.Output] && graph.Shapes[other] == graph.Shapes[node.Output]))
                {
                    borders[other] = borders[node.Output] = Math.Max(borders[other], borders[node.Output]);
                    changed = true;
                }
            }
        }

        return borders;
    }

    /// <summary>The caller's arrays, which are in the order channel, row, column without borders, serve where that is the same.</summary>
    private CValue Describe(string name, Dictionary<string, int> borders)
    {
        var value = new CValue(Graph.Shapes[name], borders[name]);
        var isPlane = value.Border == 0 && (value.Shape.Channels == 1 || value.Shape is { Height: 1, Width: 1 });
        var isSame = name == NetworkGraph.InputName ? isPlane : name == Graph.Output && isPlane && name != NetworkGraph.InputName;
        return isSame ? value with { Argument = name == NetworkGraph.InputName ? "input" : "logits" } : value;
    }
}
