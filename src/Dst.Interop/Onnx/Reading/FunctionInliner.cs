using Dst.Interop.Onnx.Schema;

namespace Dst.Interop.Onnx.Reading;

/// <summary>Replaces nodes that call a function of the file by the nodes of that function.</summary>
internal sealed class FunctionInliner
{
    private const int MaxDepth = 32;
    private const int MaxCalls = 1 << 16;
    private const int MaxName = 200;

    /// <summary>Most bytes of all nodes that take the place of calls: few functions that call each other can stand for very many.</summary>
    private const long MaxBytes = 1 << 24;

    private readonly Dictionary<(string Domain, string Name, string Overload), FunctionProto> _functions = [];
    private readonly List<(NodeProto, int)> _nodes = [];
    private int _calls;
    private long _bytes;

    private FunctionInliner(ModelProto model)
    {
        foreach (var function in model.Functions)
        {
            if (!_functions.TryAdd((function.Domain, function.Name, function.Overload), function))
                throw new InputException($"has two functions '{function.Name}'; different names were expected");
        }
    }

    /// <summary>All nodes, those of functions in the place of their calls, each with the version of its operation set.</summary>
    /// <param name="model">The file's content.</param>
    /// <param name="opset">Version of the operation set of the graph.</param>
    /// <exception cref="InputException">A function calls itself, or there are too many nodes.</exception>
    public static IReadOnlyList<(NodeProto Node, int Opset)> Inline(ModelProto model, int opset)
    {
        var inliner = new FunctionInliner(model);
        foreach (var node in model.Graph.Node) inliner.Add(node, opset, 0);
        return inliner._nodes;
    }

    private void Add(NodeProto node, int opset, int depth)
    {
        if (!_functions.TryGetValue((node.Domain, node.OpType, node.Overload), out var function))
        {
            _nodes.Add((node, opset));
            return;
        }

        Take(function.Node.Sum(inner => (long)inner.CalculateSize()));
        if (depth == MaxDepth || ++_calls > MaxCalls) throw TooLarge();
        var names = new Dictionary<string, string>();
        foreach (var absent in function.Input.Skip(node.Input.Count)) names[absent] = "";
        foreach (var (name, value) in function.Input.Zip(node.Input)) names[name] = value;
        foreach (var (name, value) in function.Output.Zip(node.Output).Where(pair => pair.Second.Length > 0)) names[name] = value;
        var call = _calls;
        var scope = node.Name.Length is > 0 and <= MaxName ? node.Name : $"call{call}";
        var version = OnnxReader.ReadOpset(function.OpsetImport) ?? opset;
        foreach (var inner in function.Node) Add(Rename(inner), version, depth + 1);

        NodeProto Rename(NodeProto inner)
        {
            var renamed = inner.Clone();
            renamed.Name = $"{scope}/{(inner.Name.Length > 0 ? inner.Name : inner.OpType)}";
            for (var i = 0; i < renamed.Input.Count; i++) renamed.Input[i] = ValueOf(renamed.Input[i]);
            for (var i = 0; i < renamed.Output.Count; i++) renamed.Output[i] = ValueOf(renamed.Output[i]);
            renamed.Attribute.Clear();
            renamed.Attribute.Add(inner.Attribute.Select(Resolve).OfType<AttributeProto>());
            return renamed;
        }

        string ValueOf(string name) => name.Length == 0 ? "" : names.GetValueOrDefault(name, $"{call}:{name}");

        // An attribute may stand for one of the call, or for its default. If there is neither, it is absent.
        AttributeProto? Resolve(AttributeProto attribute)
        {
            if (attribute.RefAttrName.Length == 0) return attribute;
            var given = node.Attribute.Concat(function.AttributeProto).FirstOrDefault(other => other.Name == attribute.RefAttrName);
            if (given is null) return null;
            Take(given.CalculateSize());
            return new(given) { Name = attribute.Name };
        }

        void Take(long bytes)
        {
            _bytes += bytes;
            if (_bytes > MaxBytes) throw TooLarge();
        }

        InputException TooLarge() =>
            new($"has the function '{function.Name}', which calls itself or too many others; export without functions");
    }
}
