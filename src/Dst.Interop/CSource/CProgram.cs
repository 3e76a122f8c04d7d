using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>The source file of a network under construction: its functions, constants and statements.</summary>
/// <param name="network">The network.</param>
/// <param name="prefix">What the name of each function, type, macro and constant begins with.</param>
/// <param name="weights">Takes the arrays of constants that are not part of the source; null if all are.</param>
internal sealed class CProgram(CNetwork network, string prefix, CWeights? weights)
{
    private readonly OrderedDictionary<string, string> _functions = [];
    private readonly OrderedDictionary<string, string> _maps = [];
    private readonly OrderedDictionary<string, int[]> _taps = []; // the key is the C expression for their address
    private readonly List<ConstantArray> _arrays = [];
    private readonly Dictionary<LoweredNode, string> _names = [];
    private readonly HashSet<string> _taken = [];
    private readonly StringBuilder _layers = new(); // layers that are constants
    private readonly StringBuilder _layersOfCall = new(); // layers that are variables of the next call
    private readonly StringBuilder _statements = new();
    private CRows? _rows; // the rows of a map whose loop is being written

    /// <summary>The network, with the place of each value in the arena.</summary>
    public CNetwork Network => network;

    /// <summary>Statements of the function that predicts.</summary>
    public string Statements => _statements.ToString();

    /// <summary>The functions, each before those that call it.</summary>
    public IEnumerable<string> Functions => _functions.Values;

    /// <summary>Whether functions of <c>math.h</c> are called.</summary>
    public bool NeedsMath { get; private set; }

    /// <summary>Bytes of weights, biases and other numbers.</summary>
    public long WeightBytes => weights?.Length ?? _arrays.Sum(array => array.Bytes);

    /// <summary>Bytes of the lists that say which weights are kept.</summary>
    public long TapBytes => _taps.Values.Sum(taps => (long)taps.Length) * (HasWideTaps ? sizeof(uint) : sizeof(ushort));

    /// <summary>The definition of the type of taps.</summary>
    public string TapType => _taps.Count == 0 ? "" : $"typedef unsigned {(HasWideTaps ? "int" : "short")} {prefix}_tap;\n\n";

    private bool HasWideTaps => _taps.Values.Any(taps => taps.Any(tap => tap > ushort.MaxValue));

    /// <summary>The macro that says where the taps begin in separate weights.</summary>
    private string TapsMacro => $"{prefix.ToUpperInvariant()}_TAPS";

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

    /// <summary>Adds constants of a layer and returns a C expression for their address.</summary>
    public string AddFloats(LoweredNode node, string suffix, float[] values) => AddArray(node, suffix, "float", values, CText.Float);

    /// <summary>Adds whole numbers of a layer and returns a C expression for their address.</summary>
    public string AddIntegers<T>(LoweredNode node, string suffix, T[] values) where T : unmanaged, IBinaryInteger<T>
    {
        var sign = T.IsNegative(T.Zero - T.One) ? "" : "u";
        var type = $"{sign}int{8 * Unsafe.SizeOf<T>()}_t";
        return AddArray(node, suffix, type, values, value => value.ToString(null, CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// Adds a list of taps or their counts, unless another layer has the same one, and returns a C expression for its address.
    /// </summary>
    public string AddTaps(LoweredNode node, string suffix, int[] taps)
    {
        if (_taps.FirstOrDefault(other => other.Value.AsSpan().SequenceEqual(taps)).Key is { } equal) return equal;
        var address = weights is null
            ? NameOf(node, suffix)
            : $"(const {prefix}_tap *)(const void *)(weights + {TapsMacro}) + {_taps.Values.Sum(others => others.Length)}";
        _taps.Add(address, taps);
        return address;
    }

    /// <summary>
    /// Adds a structure that describes a layer and returns its address. Fields are in the order of its type. It is a constant where the
    /// weights are; else it lives while the layer is computed.
    /// </summary>
    public string AddLayer(LoweredNode node, string type, params (string Field, string Value)[] fields)
    {
        var name = NameOf(node, type);
        var (target, storage, indent) = weights is null ? (_layers, "static ", "") : (_layersOfCall, "        ", "        ");
        var lines = fields.Select(field => $"{indent}    {field.Value}, /* {field.Field} */\n");
        target.Append($"{storage}const {prefix}_{type} {name} = {{\n{string.Concat(lines)}{indent}}};\n");
        return $"&{name}";
    }

    /// <summary>The address of a value as a C expression; in a loop over rows, the address of what the row needs.</summary>
    public string AddressOf(string value) => _rows?.RowStepOf(value) is > 0 and var step
        ? $"{network.AddressOf(value)} + row * {step * network[value].Pitch}"
        : network.AddressOf(value);

    /// <summary>The address of the constant that describes a value's map; in a loop over rows, of the one row that is written.</summary>
    public string MapOf(string value)
    {
        var map = value == _rows?.Pooling.Output ? network[value].Rows(1) : network[value];
        var name = $"{prefix}_{map.MapName}";
        _maps.TryAdd(name, map.MapFields);
        return $"&{name}";
    }

    /// <summary>Begins a layer: a comment, and the zeros around its output.</summary>
    public void Begin(string layer, string meaning, string output)
    {
        Write($"    /* {CText.Comment(layer)}: {meaning} */\n");
        if (network[output].Border == 0) return;
        var (function, zero) = network[output].Zero is { } z ? ("clear_border_bytes", $", {z}") : ("clear_border", "");
        Statement(function, network.AddressOf(output), MapOf(output) + zero);
    }

    /// <summary>Begins a loop over the rows of a pooling.</summary>
    public void BeginRows(CRows rows)
    {
        Write($"    for (int row = 0; row < {network[rows.Pooling.Output].Shape.Height}; row++) {{\n");
        _rows = rows;
    }

    /// <summary>Ends the loop.</summary>
    public void EndRows()
    {
        _rows = null;
        Write("    }\n");
    }

    /// <summary>Adds the call <c>function(x, map of x, arguments, y, map of y)</c>.</summary>
    public void Call(string function, LoweredNode node, string arguments)
    {
        var inputs = $"{AddressOf(node.Inputs[0])}, {MapOf(node.Inputs[0])}";
        Statement(function, arguments.Length > 0 ? $"{inputs}, {arguments}" : inputs, AddressOf(node.Output), MapOf(node.Output));
    }

    /// <summary>Adds the call <c>function(x, map of x, y)</c>, whose output has no border.</summary>
    public void CallToPlanes(string function, LoweredNode node) =>
        Statement(function, AddressOf(node.Inputs[0]), MapOf(node.Inputs[0]), AddressOf(node.Output));

    /// <summary>Adds the call <c>function(layer, x, map of x, residual, y, map of y)</c>.</summary>
    public void CallLayer(string function, LoweredNode node, string layer) => Statement(
        function, layer, AddressOf(node.Inputs[0]), MapOf(node.Inputs[0]),
        node.Residual is { } residual ? AddressOf(residual) : "NULL", AddressOf(node.Output), MapOf(node.Output));

    /// <summary>
    /// Adds the call of a function, in a block with the layers that are variables of it, and the function itself if a template has its
    /// name.
    /// </summary>
    public void Statement(string function, params string[] arguments)
    {
        if (Templates.Exists($"{function}.c")) Use($"{function}.c");
        var call = $"    {prefix}_{function}({string.Join(", ", arguments)});\n";
        Write(_layersOfCall.Length == 0 ? call : $"    {{\n{_layersOfCall}    {call}    }}\n");
        _layersOfCall.Clear();
    }

    /// <summary>Writes the constants with their numbers, or only their declarations if <paramref name="withoutNumbers"/>.</summary>
    public void WriteConstants(TextWriter writer, bool withoutNumbers)
    {
        foreach (var (name, fields) in _maps) writer.Write($"static const {prefix}_map {name} = {fields};\n");
        if (weights is not null)
        {
            writer.Write($"#define {TapsMacro} {weights.Length} /* where the taps begin */\n");
            return;
        }

        foreach (var (name, taps) in _taps) WriteArray($"{prefix}_tap", name, taps.Length, taps.Select(tap => $"{tap}"));
        foreach (var array in _arrays) WriteArray(array.Type, array.Name, array.Length, array.Values);
        writer.Write(_layers);

        void WriteArray(string type, string name, int length, IEnumerable<string> values) =>
            writer.Write(withoutNumbers ? $"extern const {type} {name}[{length}];\n" : CText.Array(type, name, values));
    }

    /// <summary>The arrays that are not part of the source, one after another, with the taps at the end.</summary>
    public byte[] SeparateData()
    {
        var taps = _taps.Values.SelectMany(list => list);
        var bytes = HasWideTaps ? CWeights.BytesOf(taps.Select(tap => (uint)tap)) : CWeights.BytesOf(taps.Select(tap => (ushort)tap));
        return [.. weights!.Bytes, .. bytes];
    }

    private string AddArray<T>(LoweredNode node, string suffix, string type, T[] values, Func<T, string> write) where T : unmanaged
    {
        if (weights is not null) return $"(const {type} *)(const void *)(weights + {weights.Add(values)})";
        var name = NameOf(node, suffix);
        _arrays.Add(new(type, name, values.Length, (long)values.Length * Unsafe.SizeOf<T>(), values.Select(write)));
        return name;
    }

    /// <summary>Adds lines to the statements, indented once more in a loop over rows.</summary>
    private void Write(string lines) => _statements.Append(_rows is null ? lines : "    " + lines[..^1].Replace("\n", "\n    ") + "\n");

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

    private sealed record ConstantArray(string Type, string Name, int Length, long Bytes, IEnumerable<string> Values);
}
