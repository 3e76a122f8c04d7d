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

        Take(function.Node.Sum(inner => (long)inner.CalculateSize()), function);
        if (depth == MaxDepth || ++_calls > MaxCalls) throw TooLarge(function);
        var call = new Call(this, node, function, _calls);
        var version = OnnxReader.ReadOpset(function.OpsetImport) ?? opset;
        foreach (var inner in function.Node) Add(call.Rename(inner), version, depth + 1);
    }

    private void Take(long bytes, FunctionProto function)
    {
        _bytes += bytes;
        if (_bytes > MaxBytes) throw TooLarge(function);
    }

    private static InputException TooLarge(FunctionProto function) =>
        new($"has the function '{function.Name}', which calls itself or too many others; export without functions");

    /// <summary>The nodes of one call of a function: names and attributes are those of the call.</summary>
    private sealed class Call
    {
        private readonly FunctionInliner _inliner;
        private readonly NodeProto _node;
        private readonly FunctionProto _function;
        private readonly int _number;
        private readonly string _scope;
        private readonly Dictionary<string, string> _values = [];

        public Call(FunctionInliner inliner, NodeProto node, FunctionProto function, int number)
        {
            (_inliner, _node, _function, _number) = (inliner, node, function, number);
            _scope = node.Name.Length is > 0 and <= MaxName ? node.Name : $"call{number}";
            foreach (var absent in function.Input.Skip(node.Input.Count)) _values[absent] = "";
            foreach (var (name, value) in function.Input.Zip(node.Input)) _values[name] = value;
            foreach (var (name, value) in function.Output.Zip(node.Output).Where(pair => pair.Second.Length > 0)) _values[name] = value;
        }

        /// <summary>A node of the function as the graph has it.</summary>
        public NodeProto Rename(NodeProto inner)
        {
            var renamed = inner.Clone();
            renamed.Name = $"{_scope}/{(inner.Name.Length > 0 ? inner.Name : inner.OpType)}";
            for (var i = 0; i < renamed.Input.Count; i++) renamed.Input[i] = ValueOf(renamed.Input[i]);
            for (var i = 0; i < renamed.Output.Count; i++) renamed.Output[i] = ValueOf(renamed.Output[i]);
            renamed.Attribute.Clear();
            renamed.Attribute.Add(inner.Attribute.Select(Resolve).OfType<AttributeProto>());
            return renamed;
        }

        private string ValueOf(string name) => name.Length == 0 ? "" : _values.GetValueOrDefault(name, $"{_number}:{name}");

        // An attribute may stand for one of the call, or for its default. If there is neither, it is absent.
        private AttributeProto? Resolve(AttributeProto attribute)
        {
            if (attribute.RefAttrName.Length == 0) return attribute;
            var given = _node.Attribute.Concat(_function.AttributeProto).FirstOrDefault(other => other.Name == attribute.RefAttrName);
            if (given is null) return null;
            _inliner.Take(given.CalculateSize(), _function);
            return new(given) { Name = attribute.Name };
        }
    }
}
