using Dst.Graph;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>
/// A network from which C source is written: a lowered program, in which each value has the border that its readers need and a place in the
/// arena.
/// </summary>
internal sealed class CNetwork
{
    private readonly Dictionary<string, CValue> _values;
    private readonly Dictionary<string, CPooledConvolution> _pooled; // by the value that the convolution writes
    private readonly MemoryPlan _memory;

    /// <summary>Plans a model, without its masks if <paramref name="dense"/>.</summary>
    /// <exception cref="InputException">Its values are too large.</exception>
    public CNetwork(Model model, bool dense)
    {
        Program = LoweredProgram.Lower(dense ? model : UnreadChannels.Remove(model), COperations.Target, dense);
        var borders = BordersOf(Program);
        _values = Program.Values.Keys.ToDictionary(name => name, name => Describe(name, borders[name]));
        _pooled = CPooledConvolution.AllOf(Program).Where(pooled => pooled is not CRows rows || SavesMemory(rows))
            .ToDictionary(pooled => pooled.Convolution.Output);
        foreach (var (name, pooled) in _pooled) _values[name] = _values[name].Rows(pooled.RowsInArena);
        var steps = Program.Nodes.Select(node => new PlannedStep(ReadsOf(node), node.Output, Replaceable(node))).ToList();
        _memory = new(steps, name => _values[name].Length, Program.Output);
        if (_memory.Length > int.MaxValue)
            throw new InputException(
                $"network '{model.Graph.Name}' needs {_memory.Length} values at a time; at most {int.MaxValue} were expected");
    }

    /// <summary>The lowered program.</summary>
    public LoweredProgram Program { get; }

    /// <summary>Length of the arena in floats.</summary>
    public long ArenaLength => Math.Max(1, _memory.Length);

    /// <summary>A value by its name in the program.</summary>
    public CValue this[string name] => _values[name];

    /// <summary>Whether a node is a convolution that is computed together with the pooling that reads it.</summary>
    public bool IsPooled(LoweredNode node) => _pooled.ContainsKey(node.Output);

    /// <summary>A pooling with the convolution that is computed together with it; null for any other node.</summary>
    public CPooledConvolution? PooledBy(LoweredNode node) => _pooled.GetValueOrDefault(node.Inputs[0]);

    /// <summary>The address of a value, as a C expression.</summary>
    public string AddressOf(string name) => _values[name] is { Zero: null } floats
        ? floats.Argument ?? $"arena + {_memory[name] + floats.FirstInside}"
        : $"(uint8_t *)(arena + {_memory[name]}) + {_values[name].FirstInside}";

    /// <summary>
    /// Whether a loop over rows needs less at a time than the larger of convolution and pooling with a whole map between them.
    /// </summary>
    private bool SavesMemory(CRows rows)
    {
        var map = _values[rows.Convolution.Output];
        var (input, output) = (_values[rows.Convolution.Inputs[0]].Length, _values[rows.Pooling.Output].Length);
        var between = map.Length * rows.Rows / map.Shape.Height;
        return input + between + output < Math.Max(input, output) + map.Length;
    }

    /// <summary>What must be in the arena while a node is computed: for some poolings also what their convolution reads.</summary>
    private IEnumerable<string> ReadsOf(LoweredNode node) =>
        PooledBy(node) is { } pooled ? node.Reads.Concat(pooled.Convolution.Reads) : node.Reads;

    /// <summary>Values in whose place a node can write: it reads each of their elements once, where it then writes.</summary>
    private static IEnumerable<string> Replaceable(LoweredNode node) =>
        node.Operation.IsElementwise ? node.Inputs
        : node.Residual is { } residual && residual != node.Inputs[0] ? [residual]
        : [];

    /// <summary>The border of each value: the largest padding of its readers. Values that may share a place have equal borders.</summary>
    private static Dictionary<string, int> BordersOf(LoweredProgram program)
    {
        var equals = program.Nodes.SelectMany(node => EqualBorders(program, node)).ToLookup(pair => pair.Value, pair => pair.Other);
        var borders = new Dictionary<string, int>();
        foreach (var reader in program.Nodes.OrderByDescending(PaddingOf)) Spread(PaddingOf(reader), reader.Inputs[0]);
        foreach (var value in program.Values.Keys) borders.TryAdd(value, 0);
        return borders;

        static int PaddingOf(LoweredNode node) => node.Operation is Conv2dOp c ? c.Padding : 0;

        void Spread(int border, string first)
        {
            var reached = new Stack<string>([first]);
            while (reached.TryPop(out var value))
            {
                if (!borders.TryAdd(value, border)) continue;
                foreach (var other in equals[value]) reached.Push(other);
            }
        }
    }

    /// <summary>Pairs of a node's values that have the same border, each in both orders.</summary>
    private static IEnumerable<(string Value, string Other)> EqualBorders(LoweredProgram program, LoweredNode node)
    {
        var partners = node.Residual is { } residual ? [residual] : Replaceable(node);
        foreach (var partner in partners.Where(partner => program.Values[partner].Shape == program.Values[node.Output].Shape))
        {
            yield return (partner, node.Output);
            yield return (node.Output, partner);
        }
    }

    /// <summary>Where a value lies. The caller's arrays [C, H, W] serve where a map would have the same order and no border.</summary>
    private CValue Describe(string name, int border)
    {
        var value = new CValue(Program.Values[name].Shape, border, Program.Values[name].Scale?.Zero);
        var readers = Program.Nodes.Where(node => node.Reads.Contains(name));
        // Conversions read the caller's planes in any shape.
        if (name == NetworkGraph.InputName && Program.Output != name && readers.All(node => node.Operation is ConversionOp))
            return value with { Argument = "input", IsPlanes = true };
        var isPlane = value is { Border: 0, Zero: null } && (value.Shape.Channels == 1 || value.Shape is { Height: 1, Width: 1 });
        return !isPlane ? value
            : name == NetworkGraph.InputName ? value with { Argument = "input" }
            : name == Program.Output ? value with { Argument = "logits" }
            : value;
    }
}
