using System.Runtime.InteropServices;
using Dst.Interop.Onnx.Schema;
using Google.Protobuf;
using AttributeType = Dst.Interop.Onnx.Schema.AttributeProto.Types.AttributeType;
using DataType = Dst.Interop.Onnx.Schema.TensorProto.Types.DataType;

namespace Dst.Interop.Onnx.Export;

/// <summary>Adds nodes, their attributes and constants to an ONNX graph.</summary>
/// <param name="graph">Takes them.</param>
/// <param name="layers">Names of our nodes: an ONNX node that is a part of one gets another name.</param>
internal sealed class GraphWriter(GraphProto graph, IEnumerable<string> layers)
{
    private readonly HashSet<string> _nodes = [.. layers];
    private readonly HashSet<string> _constants = [];

    /// <summary>Our node that is being written; an ONNX node may have its name.</summary>
    public string Layer { get; set; } = "";

    /// <summary>Adds a node.</summary>
    /// <param name="operation">Its type.</param>
    /// <param name="name">Its name, from which that of its output is made. It gets a number behind it if it is taken.</param>
    /// <param name="inputs">Values that it reads; "" stands for an absent one.</param>
    /// <param name="attributes">float, int, int[] or string by name.</param>
    /// <returns>The value that it writes.</returns>
    public string Add(string operation, string name, IEnumerable<string> inputs, params (string Name, object Value)[] attributes) =>
        Add(operation, name, inputs, unread: 0, attributes);

    /// <summary>Adds a node with outputs that nothing reads behind the first one.</summary>
    /// <param name="operation">Its type.</param>
    /// <param name="name">Its name, from which those of its outputs are made.</param>
    /// <param name="inputs">Values that it reads.</param>
    /// <param name="unread">Number of the other outputs.</param>
    /// <param name="attributes">float, int or int[] by name.</param>
    /// <returns>The first value that it writes.</returns>
    public string Add(
        string operation, string name, IEnumerable<string> inputs, int unread, params (string Name, object Value)[] attributes)
    {
        if (name != Layer) name = Unique(name, _nodes);
        var output = $"{name}.output";
        graph.Node.Add(new NodeProto
        {
            OpType = operation,
            Name = name,
            Input = { inputs },
            Output = { output, Enumerable.Range(1, unread).Select(i => $"{name}.output{i}") },
            Attribute = { attributes.Select(ToAttribute) },
        });
        return output;
    }

    /// <summary>Gives the value another name.</summary>
    public void Rename(string value, string name)
    {
        foreach (var node in graph.Node)
        {
            if (node.Output[0] == value) node.Output[0] = name;
            for (var i = 0; i < node.Input.Count; i++)
            {
                if (node.Input[i] == value) node.Input[i] = name;
            }
        }
    }

    /// <summary>Adds a constant of floats.</summary>
    /// <returns>Its name.</returns>
    public string AddConstant(string name, IEnumerable<int> shape, float[] values) =>
        AddConstant(name, shape, DataType.Float, MemoryMarshal.AsBytes<float>(values));

    /// <summary>Adds a constant of whole numbers in one dimension.</summary>
    /// <returns>Its name.</returns>
    public string AddConstant(string name, params long[] values) =>
        AddConstant(name, [values.Length], DataType.Int64, MemoryMarshal.AsBytes<long>(values));

    /// <summary>Adds a constant of bytes.</summary>
    /// <returns>Its name.</returns>
    public string AddBytes(string name, IEnumerable<int> shape, byte[] values) => AddConstant(name, shape, DataType.Uint8, values);

    /// <summary>Adds a constant of bytes with a sign.</summary>
    /// <returns>Its name.</returns>
    public string AddSignedBytes(string name, IEnumerable<int> shape, sbyte[] values) =>
        AddConstant(name, shape, DataType.Int8, MemoryMarshal.AsBytes<sbyte>(values));

    private string AddConstant(string name, IEnumerable<int> shape, DataType type, ReadOnlySpan<byte> bytes)
    {
        name = Unique(name, _constants);
        graph.Initializer.Add(new TensorProto
        {
            Name = name,
            DataType = type,
            Dims = { shape.Select(dim => (long)dim) },
            RawData = ByteString.CopyFrom(bytes),
        });
        return name;
    }

    private static string Unique(string wanted, HashSet<string> used)
    {
        var name = wanted;
        for (var number = 2; !used.Add(name); number++) name = $"{wanted}_{number}";
        return name;
    }

    private static AttributeProto ToAttribute((string Name, object Value) attribute)
    {
        var result = new AttributeProto { Name = attribute.Name };
        switch (attribute.Value)
        {
            case float value:
                (result.Type, result.F) = (AttributeType.Float, value);
                break;
            case int value:
                (result.Type, result.I) = (AttributeType.Int, value);
                break;
            case int[] values:
                result.Type = AttributeType.Ints;
                result.Ints.Add(values.Select(value => (long)value));
                break;
            case string text:
                (result.Type, result.S) = (AttributeType.String, ByteString.CopyFromUtf8(text));
                break;
            default:
                throw new ArgumentException($"'{attribute.Name}' is {attribute.Value}; a float, int, int[] or string was expected");
        }

        return result;
    }
}
