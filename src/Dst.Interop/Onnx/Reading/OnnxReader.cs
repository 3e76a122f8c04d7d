using Dst.Graph;
using Dst.Interop.Onnx.Schema;
using AttributeType = Dst.Interop.Onnx.Schema.AttributeProto.Types.AttributeType;
using DataType = Dst.Interop.Onnx.Schema.TensorProto.Types.DataType;

namespace Dst.Interop.Onnx.Reading;

/// <summary>Turns the protobuf message of an ONNX file into a plain graph and checks names, types and sizes.</summary>
internal static class OnnxReader
{
    /// <summary>The newest operation set that is known. Mappers know what older ones mean.</summary>
    private const int MaxOpset = 26;

    /// <summary>Reads a network. What does not lead to its output is not read.</summary>
    /// <param name="model">The file's content.</param>
    /// <param name="path">The file's name; external data lies in its folder.</param>
    /// <param name="wanted">Name of the output to take; null if there is one.</param>
    /// <param name="size">Size of an image, which fixes what the file leaves open; null if it leaves nothing open.</param>
    /// <exception cref="InputException">It is not a legal network with one image input and such an output.</exception>
    public static OnnxGraph Read(ModelProto model, string path, string? wanted = null, FeatureShape? size = null)
    {
        var graph = model.Graph ?? throw new InputException("has no graph; an ONNX network was expected");
        // The first versions of the file format do not say it.
        var opset = ReadOpset(model.OpsetImport)
            ?? (model.IrVersion < 3 ? 1 : throw new InputException($"names no operation set; export it with one from 1 to {MaxOpset}"));
        var initialisers = InitialisersOf(graph);
        var output = ChooseOutput([.. graph.Output.Select(output => output.Name)], wanted);
        var inputs = graph.Input.Where(input => !initialisers.ContainsKey(input.Name)).ToList();
        var given = initialisers.Keys.Concat(inputs.Select(input => input.Name)).ToHashSet();
        var tensors = new TensorReader(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var all = FunctionInliner.Inline(model, opset).Select(entry => ReadNode(entry.Node, entry.Opset, tensors));
        var nodes = NodeOrder.Sort([.. all], given, output);
        var values = nodes.SelectMany(node => node.Inputs).ToHashSet();
        var input = ReadInput([.. inputs.Where(input => values.Contains(input.Name))]);
        var constants = initialisers.Where(entry => values.Contains(entry.Key))
            .ToDictionary(entry => entry.Key, entry => tensors.Read(entry.Value));
        // Read now, so that the number of values is known.
        foreach (var node in nodes) _ = node.Attributes;
        var metadata = model.MetadataProps.GroupBy(entry => entry.Key).ToDictionary(group => group.Key, group => group.Last().Value);
        var read = new OnnxGraph(NameOf(model, path), input.Name, [], output, nodes, constants, metadata) { Values = tensors.Values };
        return read with { InputDims = DimsOf(input, read.Name, size, read.IsChannelsLast()) };
    }

    /// <summary>Version of the standard operation set, or null if it is not said.</summary>
    /// <exception cref="InputException">It is not known, or there are several.</exception>
    public static int? ReadOpset(IEnumerable<OperatorSetIdProto> imports)
    {
        var versions = imports.Where(import => IsStandard(import.Domain)).Select(import => import.Version).Distinct().ToList();
        if (versions.Count == 0) return null;
        return versions is [>= 1 and <= MaxOpset and var version] ? (int)version
            : throw new InputException($"has the operation set {string.Join(" and ", versions)}; export it with one from 1 to {MaxOpset}");
    }

    private static bool IsStandard(string domain) => domain is "" or "ai.onnx";

    /// <summary>The name of a graph that we wrote. Other exporters write a word of their own, such as "torch_jit".</summary>
    private static string NameOf(ModelProto model, string path) =>
        model.ProducerName == OnnxFormat.Producer && model.Graph.Name.Length > 0
            ? model.Graph.Name
            : Path.GetFileNameWithoutExtension(path);

    private static Dictionary<string, TensorProto> InitialisersOf(GraphProto graph)
    {
        var initialisers = new Dictionary<string, TensorProto>();
        foreach (var tensor in graph.Initializer)
        {
            if (!initialisers.TryAdd(tensor.Name, tensor))
                throw new InputException($"has two initialisers '{tensor.Name}'; different names were expected");
        }

        return initialisers;
    }

    private static string ChooseOutput(List<string> outputs, string? wanted)
    {
        const int most = 32; // names in a sentence
        var names = string.Join(", ", outputs.Take(most).Select(output => $"'{output}'"));
        if (outputs.Count == 0) throw new InputException("has no output; export it with one, the scores of the classes");
        if (wanted is not null)
            return outputs.Contains(wanted) ? wanted : throw new InputException($"has no output '{wanted}'; one of {names} was expected");
        return outputs is [var only] ? only
            : throw new InputException($"has {outputs.Count} outputs ({names}); choose the scores of the classes with --onnx-output NAME");
    }

    private static ValueInfoProto ReadInput(IReadOnlyList<ValueInfoProto> inputs)
    {
        if (inputs.Count == 0) throw new InputException("has an output that does not depend on the image; export the whole network");
        if (inputs.Count > 1)
            throw new InputException(
                $"has {inputs.Count} inputs without values ({string.Join(", ", inputs.Take(4).Select(input => $"'{input.Name}'"))}); "
                + "export it with one, the images");
        var (name, type) = (inputs[0].Name, inputs[0].Type?.TensorType);
        if (type?.ElemType is not (DataType.Float or DataType.Float16 or DataType.Bfloat16 or DataType.Double))
            throw new InputException(
                $"has the input '{name}' of the type {(int?)type?.ElemType ?? 0}; export it with float (1) or float16 (10) images");
        return inputs[0];
    }

    private static int[] DimsOf(ValueInfoProto input, string network, FeatureShape? size, bool isChannelsLast)
    {
        var shape = input.Type.TensorType.Shape?.Dim ?? [];
        var dims = shape.Select(dim => dim.DimValue).ToList();
        var words = shape.Take(8).Select(dim => dim.DimParam.Length > 0 ? $"'{dim.DimParam}'" : $"{dim.DimValue}");
        var found = $"has the input '{input.Name}' [{string.Join(", ", words)}]";
        if (dims.Count != 4 || dims.Any(dim => dim > int.MaxValue) || dims[0] < 0)
            throw new InputException($"{found}; export it with images [N, C, H, W]");
        if (size is null && dims.Skip(1).Any(dim => dim < 1))
            throw new InputException($"{found}; give channels, height and width of an image with --input C,H,W");
        if (size is { } given)
        {
            FeatureLimits.Check(new(network, NetworkGraph.InputName), given);
            int[] image = [given.Channels, given.Height, given.Width];
            int[] open = isChannelsLast ? [given.Height, given.Width, given.Channels] : image;
            if (dims.Skip(1).Zip(open).Any(pair => pair.First > 0 && pair.First != pair.Second))
                throw new InputException(
                    $"{found}, and --input is {string.Join(',', image)} (channels, height, width); the same numbers were expected");
            dims = [dims[0], .. open];
        }

        return [(int)Math.Max(1, dims[0]), .. dims.Skip(1).Select(dim => (int)dim)];
    }

    private static OnnxNode ReadNode(NodeProto node, int opset, TensorReader tensors)
    {
        Dictionary<string, object> ReadAttributes() => node.Attribute.GroupBy(attribute => attribute.Name)
            .ToDictionary(group => group.Key, group => ReadAttribute(group.Last(), tensors));

        return new(node.OpType, node.Name, [.. node.Input], [.. node.Output], new(ReadAttributes))
        {
            Domain = IsStandard(node.Domain) ? "" : node.Domain,
            Opset = opset,
        };
    }

    /// <summary>The value of an attribute. One of another kind is read as its kind, which no mapper takes.</summary>
    private static object ReadAttribute(AttributeProto attribute, TensorReader tensors) => attribute.Type switch
    {
        AttributeType.Float => attribute.F,
        AttributeType.Int => attribute.I,
        AttributeType.String => attribute.S.ToStringUtf8(),
        AttributeType.Tensor when attribute.T is not null => tensors.Read(attribute.T),
        AttributeType.Floats => attribute.Floats.ToArray(),
        AttributeType.Ints => attribute.Ints.ToArray(),
        _ => attribute.Type,
    };
}
