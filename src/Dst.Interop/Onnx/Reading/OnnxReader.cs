using Dst.Interop.Onnx.Schema;
using AttributeType = Dst.Interop.Onnx.Schema.AttributeProto.Types.AttributeType;

namespace Dst.Interop.Onnx.Reading;

/// <summary>Turns the protobuf message of an ONNX file into a plain graph and checks names, types and sizes.</summary>
internal static class OnnxReader
{
    private const int MinOpset = 7;
    private const int MaxOpset = 21;

    /// <summary>Reads a network.</summary>
    /// <param name="model">The file's content.</param>
    /// <param name="path">The file's name; external data lies in its folder.</param>
    /// <exception cref="InputException">It is not a legal network with one image input and one output.</exception>
    public static OnnxGraph Read(ModelProto model, string path)
    {
        var graph = model.Graph ?? throw new InputException("has no graph; an ONNX network was expected");
        var opset = ReadOpset(model);
        var tensors = new TensorReader(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var constants = new Dictionary<string, ConstantTensor>();
        foreach (var tensor in graph.Initializer)
        {
            if (!constants.TryAdd(tensor.Name, tensors.Read(tensor)))
                throw new InputException($"has two initialisers '{tensor.Name}'; different names were expected");
        }

        var (input, dims) = ReadInput(graph, constants);
        if (graph.Output.Count != 1)
            throw new InputException($"has {graph.Output.Count} outputs; one, the scores of the classes, was expected");
        var output = graph.Output[0].Name;
        var given = constants.Keys.Append(input).ToHashSet();
        var nodes = NodeOrder.Sort([.. graph.Node.Select(node => ReadNode(node, tensors))], given, output);
        var metadata = model.MetadataProps.GroupBy(entry => entry.Key).ToDictionary(group => group.Key, group => group.Last().Value);
        // Other exporters write a word of their own here, such as "torch_jit".
        var name = model.ProducerName == OnnxFormat.Producer && graph.Name.Length > 0 ? graph.Name : Path.GetFileNameWithoutExtension(path);
        return new(name, opset, input, dims, output, nodes, constants, metadata) { Values = tensors.Values };
    }

    private static int ReadOpset(ModelProto model)
    {
        var versions = model.OpsetImport.Where(import => IsStandard(import.Domain)).Select(import => import.Version).ToList();
        return versions is [>= MinOpset and <= MaxOpset and var version] ? (int)version
            : throw new InputException(
                $"has the operation set {(versions.Count == 0 ? "of no version" : string.Join(" and ", versions))}; "
                + $"one version from {MinOpset} to {MaxOpset} was expected");
    }

    private static bool IsStandard(string domain) => domain is "" or "ai.onnx";

    private static (string Name, int[] Dims) ReadInput(GraphProto graph, Dictionary<string, ConstantTensor> constants)
    {
        var inputs = graph.Input.Where(input => !constants.ContainsKey(input.Name)).ToList();
        if (inputs.Count != 1)
            throw new InputException(
                $"has {inputs.Count} inputs without values ({string.Join(", ", inputs.Take(4).Select(input => $"'{input.Name}'"))}); "
                + "one, the images, was expected");
        var (name, type) = (inputs[0].Name, inputs[0].Type?.TensorType);
        if (type?.ElemType != TensorProto.Types.DataType.Float)
            throw new InputException($"has the input '{name}' of the type {(int?)type?.ElemType ?? 0}; float (1) was expected");
        var dims = type.Shape?.Dim.Select(dim => dim.DimValue).ToList() ?? [];
        if (dims.Count != 4 || dims.Skip(1).Any(dim => dim is < 1 or > int.MaxValue) || dims[0] is < 0 or > int.MaxValue)
        {
            var words = type.Shape?.Dim.Take(8).Select(dim => dim.DimParam.Length > 0 ? $"'{dim.DimParam}'" : $"{dim.DimValue}");
            var found = string.Join(", ", words ?? []);
            throw new InputException($"has the input '{name}' [{found}]; [N, C, H, W] with fixed C, H and W was expected");
        }

        return (name, [(int)Math.Max(1, dims[0]), .. dims.Skip(1).Select(dim => (int)dim)]);
    }

    private static OnnxNode ReadNode(NodeProto node, TensorReader tensors)
    {
        var attributes = new Dictionary<string, object>();
        var result = new OnnxNode(node.OpType, node.Name, [.. node.Input], [.. node.Output], attributes);
        if (!IsStandard(node.Domain)) throw result.Illegal($"is of the operation set '{node.Domain}'; the standard one was expected");
        foreach (var attribute in node.Attribute)
        {
            object? value = attribute.Type switch
            {
                AttributeType.Float => attribute.F,
                AttributeType.Int => attribute.I,
                AttributeType.String => attribute.S.ToStringUtf8(),
                AttributeType.Tensor when attribute.T is not null => tensors.Read(attribute.T),
                AttributeType.Floats => attribute.Floats.ToArray(),
                AttributeType.Ints => attribute.Ints.ToArray(),
                _ => null,
            };
            if (value is null)
                throw result.Illegal(
                    $"has the attribute '{attribute.Name}' of type {(int)attribute.Type}; "
                    + "a number, string, tensor or list of numbers was expected");
            attributes[attribute.Name] = value;
        }

        return result;
    }
}
