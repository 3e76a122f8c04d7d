using System.Numerics;
using System.Text;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>The source file of a network under construction: its functions, constants and statements.</summary>
/// <param name="network">The network.</param>
/// <param name="prefix">What the name of each function, type, macro and constant begins with.</param>
internal sealed class CProgram(CNetwork network, string prefix)
{
    private readonly OrderedDictionary<string, string> _functions = [];
    private readonly OrderedDictionary<string, string> _maps = [];
    private readonly OrderedDictionary<string, int[]> _taps = [];
    private readonly List<(string Type, string Name, long Bytes, int Length, IEnumerable<string> Values)> _constants = [];
    private readonly Dictionary<LoweredNode, string> _names = [];
    private readonly HashSet<string> _taken = [];
    private readonly StringBuilder _layers = new();
    private readonly StringBuilder _statements = new();

    /// <summary>The network.</summary>
    public CNetwork Network => network;

    /// <summary>Statements of the function that predicts.</summary>
    public string Statements => _statements.ToString();

    /// <summary>The functions, each before those that call it.</summary>
    public IEnumerable<string> Functions => _functions.Values;

    /// <summary>Whether functions of <c>math.h</c> are called.</summary>
    public bool NeedsMath { get; private set; }

    /// <summary>Bytes of weights, biases and other numbers.</summary>
    public long WeightBytes => _constants.Sum(array => array.Bytes);

    /// <summary>Bytes of the lists that say which weights are kept.</summary>
    public long TapBytes => _taps.Values.Sum(taps => (long)taps.Length) * (HasWideTaps ? sizeof(uint) : sizeof(ushort));

    private bool HasWideTaps => _taps.Values.Any(taps => taps.Any(tap => tap > ushort.MaxValue));

    /// <summary>Lower and upper bound of an operation's result, as C expressions.</summary>
    public static (string Low, string High) BoundsOf(LoweredNode node)
    {
        var (least, most) = (node.Bounds.Least, node.Bounds.Most);
        return (float.IsFinite(least) ? CText.Float(least) : "-INFINITY", float.IsFinite(most) ? CText.Float(most) : "INFINITY");
    }

    /// <summary>Adds a function, unless it is there already.</summary>
    public void Use(string template, params (string Word, string Text)[] words)
    {
        var text = Templates.Prefix(Templates.Read(template, words), prefix);
        _functions.TryAdd(text, text);
    }

    /// <summary>Includes <c>math.h</c>.</summary>
    public void UseMath() => NeedsMath = true;

    /// <summary>Adds constants of a layer and returns their name.</summary>
    public string AddFloats(LoweredNode node, string suffix, float[] values)
    {
        var name = NameOf(node, suffix);
        _constants.Add(("float", name, (long)values.Length * sizeof(float), values.Length, values.Select(CText.Float)));
        return name;
    }

    /// <summary>Adds whole numbers of a layer and returns their name.</summary>
    public string AddConstants<T>(LoweredNode node, string suffix, T[] values) where T : unmanaged, IBinaryInteger<T>
    {
        var (name, size) = (NameOf(node, suffix), default(T).GetByteCount());
        var type = (T.IsNegative(T.Zero - T.One) ? "int" : "uint") + $"{8 * size}_t";
        _constants.Add((type, name, (long)values.Length * size, values.Length, values.Select(value => $"{value}")));
        return name;
    }

    /// <summary>Adds a list of taps or their counts, unless another layer has the same one, and returns its name.</summary>
    public string AddTaps(LoweredNode node, string suffix, int[] taps)
    {
        if (_taps.FirstOrDefault(other => other.Value.AsSpan().SequenceEqual(taps)).Key is { } equal) return equal;
        var name = NameOf(node, suffix);
        _taps.Add(name, taps);
        return name;
    }

    /// <summary>Adds a structure that describes a layer and returns its address. Fields are in the order of its type.</summary>
    public string AddLayer(LoweredNode node, string type, params (string Field, string Value)[] fields)
    {
        var name = NameOf(node, type);
        var lines = fields.Select(field => $"    {field.Value}, /* {field.Field} */\n");
        _layers.Append($"static const {prefix}_{type} {name} = {{\n{string.Concat(lines)}}};\n");
        return $"&{name}";
    }

    /// <summary>The address of the constant that describes a value's map.</summary>
    public string MapOf(string value)
    {
        var name = $"{prefix}_{network[value].MapName}";
        _maps.TryAdd(name, network[value].MapFields);
        return $"&{name}";
    }

    /// <summary>Begins a layer: a comment, and the zeros around its output.</summary>
    public void Begin(string layer, string meaning, string output)
    {
        _statements.Append($"    /* {CText.Comment(layer)}: {meaning} */\n");
        if (network[output].Border == 0) return;
        var (function, zero) = network[output].Zero is { } z ? ("clear_border_bytes", $", {z}") : ("clear_border", "");
        Use($"{function}.c");
        Statement(function, network.AddressOf(output), MapOf(output) + zero);
    }

    /// <summary>Adds the call <c>function(x, map of x, arguments, y, map of y)</c>.</summary>
    public void Call(string function, LoweredNode node, string arguments)
    {
        var inputs = $"{network.AddressOf(node.Inputs[0])}, {MapOf(node.Inputs[0])}";
        Statement(function, arguments.Length > 0 ? $"{inputs}, {arguments}" : inputs, network.AddressOf(node.Output), MapOf(node.Output));
    }

    /// <summary>Adds the call of a function.</summary>
    public void Statement(string function, params string[] arguments) =>
        _statements.Append($"    {prefix}_{function}({string.Join(", ", arguments)});\n");

    /// <summary>Writes the constants with their numbers, or only their declarations if <paramref name="withoutNumbers"/>.</summary>
    public void WriteConstants(TextWriter writer, bool withoutNumbers)
    {
        void Write(string type, string name, int length, IEnumerable<string> values) =>
            writer.Write(withoutNumbers ? $"extern const {type} {name}[{length}];\n" : CText.Array(type, name, values));

        foreach (var (name, fields) in _maps) writer.Write($"static const {prefix}_map {name} = {fields};\n");
        foreach (var (name, taps) in _taps) Write($"{prefix}_tap", name, taps.Length, taps.Select(tap => $"{tap}"));
        foreach (var (type, name, _, length, values) in _constants) Write(type, name, length, values);
        writer.Write(_layers);
    }

    /// <summary>The definition of the type of taps.</summary>
    public string TapType => _taps.Count == 0 ? "" : $"typedef unsigned {(HasWideTaps ? "int" : "short")} {prefix}_tap;\n\n";

    private string NameOf(LoweredNode node, string suffix)
    {
        if (!_names.TryGetValue(node, out var name))
        {
            // Layers such as "a.b" and "a_b" have equal identifiers.
            var identifier = CText.Identifier(node.Layer);
            name = identifier;
            for (var i = 2; !_taken.Add(name); i++) name = $"{identifier}_{i}";
            _names.Add(node, name);
        }

        return $"{prefix}_{name}_{suffix}";
    }
}
