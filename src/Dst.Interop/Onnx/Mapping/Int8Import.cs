using Dst.Graph;
using Dst.Interop.CSource;
using Dst.Interop.Onnx.Reading;
using Dst.Quantisation;
using Dst.Runtime.Lowering;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>The scales of a network in the form QDQ, as far as they are known, and whether our arithmetic can express them.</summary>
/// <param name="floats">Values that are known to be computed and read in floats, by <see cref="FloatsOf"/>.</param>
internal sealed class Int8Import(IReadOnlySet<string> floats)
{
    private readonly Dictionary<string, ByteScale> _values = []; // by our node
    private readonly HashSet<string> _bounded = []; // those of them that the range of their bytes holds
    private readonly Dictionary<string, float[]> _filters = []; // by our node
    private readonly Dictionary<string, (float[] Scales, int Axis)> _weights = []; // by constant
    private readonly Dictionary<string, string> _otherIntegers = []; // constants that cannot be weights of bytes, and why
    private readonly Dictionary<string, string> _floats = []; // layers that have such weights, and why they compute in floats

    /// <summary>Whether a value is known to be computed and read in floats.</summary>
    public bool IsFloat(string value) => floats.Contains(value);

    /// <summary>Sets the scale of a value.</summary>
    /// <param name="reader">The node that rounds it.</param>
    /// <param name="value">Name of our node, or of the network's input.</param>
    /// <param name="scale">The scale.</param>
    /// <param name="isBounded">Whether the value is within the range of its bytes before it is rounded.</param>
    public void SetValue(OnnxNode reader, string value, ByteScale scale, bool isBounded)
    {
        if (!_values.TryAdd(value, scale) && _values[value] != scale) throw reader.Illegal("rounds features twice, with two scales");
        if (isBounded) _bounded.Add(value);
    }

    /// <summary>Remembers the scales of a constant that <c>DequantizeLinear</c> gives, or why its integers are not ours.</summary>
    public void SetConstant(OnnxNode node, ConstantTensor integers, ConstantTensor scale, ConstantTensor? zero)
    {
        var shifted = zero?.Longs(node).FirstOrDefault(point => point != 0) ?? 0;
        var problem = integers.Range is (byte.MinValue, byte.MaxValue) ? "are unsigned"
            : integers.Range is not (sbyte.MinValue, sbyte.MaxValue) ? "are integers of other than 8 bits"
            : shifted != 0 ? Invariant($"have the zero point {shifted}")
            : null;
        if (problem is not null)
        {
            _otherIntegers[node.Outputs[0]] = problem;
            return;
        }

        var axis = scale.Count == 1 ? 0 : ShapeRules.Axis(node, node.GetInt("axis", 1), integers.Shape.Length);
        _weights[node.Outputs[0]] = (scale.Floats(node), axis);
    }

    /// <summary>Gives a layer the scales of its weights, if there is one for all of them or one for each filter.</summary>
    /// <param name="layer">Name of our node.</param>
    /// <param name="weight">Name of the constant.</param>
    /// <param name="filters">Number of filters.</param>
    /// <param name="axis">Which dimension of the constant numbers the filters.</param>
    public void SetFilters(string layer, string weight, int filters, int axis)
    {
        if (_otherIntegers.TryGetValue(weight, out var problem))
            _floats[layer] = $"the weights of layer '{layer}' {problem}; signed 8 bits with the zero point 0 were expected";
        if (!_weights.TryGetValue(weight, out var known) || !known.Scales.All(scale => scale > 0 && float.IsFinite(scale))) return;
        if (known.Scales is [var only]) _filters[layer] = [.. Enumerable.Repeat(only, filters)];
        else if (known.Axis == axis && known.Scales.Length == filters) _filters[layer] = known.Scales;
    }

    /// <summary>
    /// Values that are computed and read in floats between bytes, and that the file clips to the range of 8 bits: the network has to bound
    /// them.
    /// </summary>
    /// <exception cref="InputException">Scales cannot be expressed.</exception>
    public IReadOnlySet<string> FloatsOf(Model model)
    {
        var (program, scales) = Lower(model);
        return scales.Values.Keys.Where(name => NeedsBound(program, name)).ToHashSet();
    }

    /// <summary>
    /// The network with its scales, how many of its layers with weights compute on bytes, how many there are, and why one computes in
    /// floats, where its weights say it.
    /// </summary>
    /// <exception cref="InputException">It cannot compute on bytes, or would give other values than the file says.</exception>
    public (Model Model, int OnBytes, int Layers, string? WhyFloat) Apply(Model model)
    {
        var (program, scales) = Lower(model);
        Check(program, scales);
        var layers = program.Nodes.Where(node => node.Operation.IsWeighted).ToList();
        var onBytes = layers.Where(node => node.Integers is not null).Select(node => node.Layer).ToHashSet();
        if (onBytes.Count == 0)
            throw new InputException(ReasonOf(layers)
                ?? "no layer with weights has integers of 8 bits around it, with the zero point 0 for its weights");
        // The weights of a layer that computes in floats may be other integers than ours.
        var filters = _filters.Where(layer => onBytes.Contains(layer.Key)).ToDictionary();
        return (model with { Int8 = scales with { Filters = filters } }, onBytes.Count, layers.Count, ReasonOf(layers));
    }

    private (LoweredProgram Program, Int8Scales Scales) Lower(Model model)
    {
        bool IsValue(string name) => name == NetworkGraph.InputName || model.Graph.Shapes.ContainsKey(name);
        var scales = new Int8Scales(_values.Where(value => IsValue(value.Key)).ToDictionary(), _filters);
        // Any backend would do: which nodes compute on bytes does not depend on it.
        return (LoweredProgram.Lower(model with { Int8 = scales }, COperations.Target), scales);
    }

    /// <summary>A value of floats must not need the clipping of a scale. What only moves bytes must have the scale of its input.</summary>
    private void Check(LoweredProgram program, Int8Scales scales)
    {
        foreach (var (name, scale) in scales.Values)
        {
            if (!program.Values.TryGetValue(name, out var value)) continue; // a later operation is computed with it
            if (NeedsBound(program, name))
                throw new InputException(ReasonOf(program.Nodes.Where(node => node.Output == name || node.Reads.Contains(name)))
                    ?? $"value '{name}' is rounded to 8 bits between operations that have no form for them");
            if (value.Scale is { } other && other != scale)
                throw new InputException($"value '{name}' has another scale than the value that it is taken from");
        }
    }

    private bool NeedsBound(LoweredProgram program, string name) =>
        program.Values.TryGetValue(name, out var value) && value.Scale is null && !_bounded.Contains(name)
        && (name == program.Output || program.Nodes.Any(node => node.Reads.Contains(name) && node.Operation is not ConversionOp));

    /// <summary>Why the first layer whose weights are integers of another kind computes in floats; null if there is none.</summary>
    private string? ReasonOf(IEnumerable<LoweredNode> nodes) =>
        nodes.Select(node => _floats.GetValueOrDefault(node.Layer)).FirstOrDefault(reason => reason is not null);
}
