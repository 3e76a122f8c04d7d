namespace Dst.Interop.Onnx.Reading;

/// <summary>One operation of an ONNX graph.</summary>
/// <param name="operation">Its type, such as <c>Conv</c>.</param>
/// <param name="name">Its name; may be empty.</param>
/// <param name="inputs">Values that it reads; "" stands for an absent one.</param>
/// <param name="outputs">Values that it writes.</param>
/// <param name="attributes">
/// long, float, string, long[], float[] or <see cref="ConstantTensor"/> by name, read when they are needed.
/// </param>
internal sealed class OnnxNode(
    string operation, string name, IReadOnlyList<string> inputs, IReadOnlyList<string> outputs,
    Lazy<IReadOnlyDictionary<string, object>> attributes)
{
    public string Operation => operation;

    public string Name => name;

    /// <summary>Who defines the operation; empty for the standard.</summary>
    public string Domain { get; init; } = "";

    /// <summary>Version of the operation set.</summary>
    public required int Opset { get; init; }

    public IReadOnlyList<string> Inputs => inputs;

    public IReadOnlyList<string> Outputs => outputs;

    /// <summary>The attributes by name.</summary>
    public IReadOnlyDictionary<string, object> Attributes => attributes.Value;

    /// <summary>Another operation that takes the place of this node and reads other values.</summary>
    /// <param name="operation">Its type.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <param name="inputs">The values that it reads.</param>
    public OnnxNode With(string operation, IReadOnlyDictionary<string, object> attributes, params string[] inputs) =>
        new(operation, name, inputs, outputs, new(attributes)) { Opset = Opset };

    /// <summary>Whether the node has an attribute.</summary>
    public bool Has(string attribute) => Attributes.ContainsKey(attribute);

    /// <summary>An attribute, or <paramref name="fallback"/> if the node has none of this name.</summary>
    /// <exception cref="InputException">It is of another type.</exception>
    public T Get<T>(string attribute, T fallback)
    {
        if (!Attributes.TryGetValue(attribute, out var value)) return fallback;
        return value is T typed ? typed : throw Illegal($"has the attribute '{attribute}' of another type than was expected");
    }

    /// <summary>An attribute that is a whole number in the range of an int.</summary>
    /// <exception cref="InputException">It is out of range or of another type.</exception>
    public int GetInt(string attribute, int fallback) => ToInt(attribute, Get<long>(attribute, fallback));

    /// <summary>An attribute of <paramref name="count"/> whole numbers in the range of an int.</summary>
    /// <exception cref="InputException">There is another number of them, one is out of range, or the type is another.</exception>
    public int[] GetInts(string attribute, int count, int fallback)
    {
        var values = Get<long[]>(attribute, [.. Enumerable.Repeat((long)fallback, count)]);
        if (values.Length != count) throw Illegal($"has {values.Length} {attribute}; {count} were expected");
        return Array.ConvertAll(values, value => ToInt(attribute, value));
    }

    /// <summary>The error of this node: its name, its operation and the problem.</summary>
    public InputException Illegal(string problem) =>
        new($"node '{(name.Length > 0 || outputs.Count == 0 ? name : outputs[0])}' ({operation}) {problem}");

    private int ToInt(string attribute, long value) =>
        value is >= int.MinValue and <= int.MaxValue
            ? (int)value
            : throw Illegal(Invariant($"has {value} in its {attribute}, which is out of range"));
}
