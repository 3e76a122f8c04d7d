using Dst.Graph;
using Dst.Quantisation;

namespace Dst.Runtime.Lowering.Passes;

/// <summary>
/// Gives each node that has scales its integers, and inserts conversions between floats and bytes. Runs after all other passes. A node
/// computes on bytes if its operation can and the scales of its inputs and its output are known. A layer with weights needs no scale of
/// its output: without one its sums become floats.
/// </summary>
internal sealed class UseInt8
{
    private readonly LoweredProgram _program;
    private readonly Int8Scales _scales;
    private readonly Dictionary<string, ByteScale> _known;
    private readonly Dictionary<string, LoweredValue> _values = [];
    private readonly List<LoweredNode> _nodes = [];

    private UseInt8(LoweredProgram program, Int8Scales scales)
    {
        (_program, _scales) = (program, scales);
        _known = scales.Values.ToDictionary();
        _values[NetworkGraph.InputName] = program.Values[NetworkGraph.InputName];
    }

    /// <summary>The program with integers.</summary>
    /// <exception cref="InputException">Scales cannot be expressed.</exception>
    public static LoweredProgram Apply(LoweredProgram program, Int8Scales scales)
    {
        var pass = new UseInt8(program, scales);
        foreach (var node in program.Nodes) pass.Add(node);
        return new(pass._nodes, pass._values, pass.Floats(program.Output));
    }

    private void Add(LoweredNode node)
    {
        var shape = _program.Values[node.Output].Shape;
        if (IntegersOf(node) is not { } integers)
        {
            _nodes.Add(node.WithReads(Floats));
            _values[node.Output] = new(shape, ElementType.Float32);
            return;
        }

        _nodes.Add(node.WithReads(Bytes) with { Integers = integers });
        _values[node.Output] = integers.ToFloats is null
            ? new(shape, ElementType.UInt8, _known[node.Output])
            : new(shape, ElementType.Float32);
    }

    /// <summary>The integers of a node, or null if it computes on floats. Gives the output of a node that moves bytes its scale.</summary>
    private NodeIntegers? IntegersOf(LoweredNode node)
    {
        var form = node.Operation.OnBytes(_program.Values[node.Inputs[0]].Shape);
        if (form == ByteForm.None || !node.Reads.All(_known.ContainsKey)) return null;
        if (form == ByteForm.Moves) _known[node.Output] = _known[node.Inputs[0]];
        var builder = new IntegerBuilder(node, _program.Values, _known);
        if (node.Operation.IsWeighted) return _scales.Filters.TryGetValue(node.Layer, out var filters) ? builder.Weighted(filters) : null;
        return _known.ContainsKey(node.Output) ? builder.Unweighted() : null;
    }

    private string Bytes(string value) => As(value, ElementType.UInt8, "bytes");

    private string Floats(string value) => As(value, ElementType.Float32, "floats");

    /// <summary>The name of a value in a type. Converts it if it has another one.</summary>
    private string As(string value, ElementType type, string suffix)
    {
        if (_values[value].Type == type) return value;
        var name = $"{value}:{suffix}";
        if (_values.TryAdd(name, new(_values[value].Shape, type, type == ElementType.UInt8 ? _known[value] : null)))
            _nodes.Add(new(value, new ConversionOp(), [value], name));
        return name;
    }
}
