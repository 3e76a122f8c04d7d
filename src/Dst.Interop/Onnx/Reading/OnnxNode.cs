namespace Dst.Interop.Onnx.Reading;

/// <summary>One operation of an ONNX graph.</summary>
/// <param name="operation">Its type, such as <c>Conv</c>.</param>
/// <param name="name">Its name; may be empty.</param>
/// <param name="inputs">Values that it reads; "" stands for an absent one.</param>
/// <param name="outputs">Values that it writes.</param>
/// <param name="attributes">long, float, string, long[], float[] or <see cref="ConstantTensor"/> by name.</param>
internal sealed class OnnxNode(
    string operation, string name, IReadOnlyList<string> inputs, IReadOnlyList<string> outputs,
    IReadOnlyDictionary<string, object> attributes)
{
    public string Operation => operation;

    public string Name => name;

    public IReadOnlyList<string> Inputs => inputs;

    public IReadOnlyList<string> Outputs => outputs;

    /// <summary>Whether the node has an attribute.</summary>
    public bool Has(string attribute) => attributes.ContainsKey(attribute);

    /// <summary>An attribute, or <paramref name="fallback"/> if the node has none of this name.</summary>
    /// <exception cref="InputException">It is of another type.</exception>
    public T Get<T>(string attribute, T fallback)
    {
        if (!attributes.TryGetValue(attribute, out var value)) return fallback;
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
        value is >= int.MinValue and <= int.MaxValue ? (int)value : throw Illegal($"has {value} in its {attribute}, which is out of range");
}
