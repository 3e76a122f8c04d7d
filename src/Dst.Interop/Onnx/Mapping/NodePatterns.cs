using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>
/// Finds nodes that together are one operation of ours, and puts one node in their place. Exporters write several nodes where their
/// operation set has no name: for GELU, SiLU, Mish, hard swish, layer normalisation, and random or spectral poolings. A pair of nodes that
/// quantises and dequantises a value becomes one node too.
/// </summary>
internal sealed partial class NodePatterns
{
    /// <summary>How far a number may be off: those of 16 bits are rounded by up to 5e-4, and some are products of two.</summary>
    private const float Tolerance = 1e-3f;

    /// <summary>Factors of a product that are looked at. Hostile files may have longer ones.</summary>
    private const int MaxFactors = 8;

    private static readonly Dictionary<string, object> None = [];
    private readonly IReadOnlyDictionary<string, ConstantTensor> _constants;
    private readonly Dictionary<string, OnnxNode> _producers = [];

    private NodePatterns(OnnxGraph graph)
    {
        _constants = graph.Constants;
        foreach (var node in graph.Nodes)
        {
            foreach (var output in node.Outputs) _producers[output] = node;
        }
    }

    /// <summary>The graph with one node for each pattern.</summary>
    /// <param name="graph">Nodes, each after its inputs.</param>
    public static OnnxGraph Rewrite(OnnxGraph graph)
    {
        var patterns = new NodePatterns(graph);
        var nodes = new List<OnnxNode>();
        foreach (var node in graph.Nodes)
        {
            var found = patterns.Find(node) ?? node;
            nodes.Add(found);
            foreach (var output in found.Outputs) patterns._producers[output] = found;
        }

        return graph.With(nodes);
    }

    private OnnxNode? Find(OnnxNode node) => node.Domain.Length > 0 || node.Inputs.Count == 0 ? null : node.Operation switch
    {
        "Mul" or "Div" => FindGated(node) ?? FindLayerNorm(node) ?? FindStochasticPool(node),
        "MatMul" => FindWeightedPool(node) ?? FindSpectralPool(node),
        "DequantizeLinear" when Producer(node.Inputs[0], "QuantizeLinear") is { } quantised => Pair(quantised, node),
        _ => null,
    };

    /// <summary>Both nodes as one: the value, then the scale and zero point of each.</summary>
    private static OnnxNode Pair(OnnxNode quantised, OnnxNode dequantised)
    {
        string Input(OnnxNode node, int index) => node.Inputs.ElementAtOrDefault(index) ?? "";
        return dequantised.With(
            QuantisedFeatures.Pair, quantised.Attributes, quantised.Inputs[0],
            Input(quantised, 1), Input(quantised, 2), Input(dequantised, 1), Input(dequantised, 2));
    }

    /// <summary>x · gate(x), times a number.</summary>
    private OnnxNode? FindGated(OnnxNode node)
    {
        foreach (var gate in FactorsOf(node.Outputs[0]).Values)
        {
            foreach (var x in ArgumentsOf(gate))
            {
                var (scale, values) = FactorsOf(node.Outputs[0], x);
                if (values.Count == 2 && values.Contains(x) && values.Contains(gate) && x != gate && NameOf(gate, x, scale) is { } found)
                    return node.With(found.Operation, found.Attributes, x);
            }
        }

        return null;
    }

    /// <summary>The operation that scale · x · gate(x) is, or null.</summary>
    private (string Operation, Dictionary<string, object> Attributes)? NameOf(string gate, string x, float scale)
    {
        var node = _producers[gate];
        return node.Operation switch
        {
            "Sigmoid" when IsNear(scale, 1) => ("Swish", None),
            "HardSigmoid" when IsNear(scale, 1) && IsNear(node.Get("alpha", 0.2f), 1 / 6f) && IsNear(node.Get("beta", 0.5f), 0.5f) =>
                ("HardSwish", None),
            "Clip" when IsNear(scale, 1 / 6f) && IsReluOfSix(node) && NumberAddedTo(x, node.Inputs[0]) is { } three && IsNear(three, 3) =>
                ("HardSwish", None),
            "Tanh" when IsNear(scale, 1) && Producer(node.Inputs[0], "Softplus") is not null => ("Mish", None),
            "Add" when IsNear(scale, 0.5f) && IsErf(node, x) => ("Gelu", None),
            "Add" when IsNear(scale, 0.5f) && IsTanhOfCube(node, x) => ("Gelu", new() { ["approximate"] = "tanh" }),
            _ => null,
        };
    }

    /// <summary>Values of which a value may be a gate.</summary>
    private IEnumerable<string> ArgumentsOf(string gate)
    {
        if (!_producers.TryGetValue(gate, out var node) || node.Inputs.Count == 0) return [];
        return node.Operation switch
        {
            "Sigmoid" or "HardSigmoid" => [node.Inputs[0]],
            "Clip" when Producer(node.Inputs[0], "Add") is { } sum => sum.Inputs,
            "Tanh" when Producer(node.Inputs[0], "Softplus") is { } softplus => [softplus.Inputs[0]],
            "Add" when AddedToOne(node) is { } value && Producer(value, "Erf") is { } erf => Operands(erf.Inputs[0]),
            "Add" when AddedToOne(node) is { } value && Producer(value, "Tanh") is { } tanh =>
                Operands(tanh.Inputs[0]).SelectMany(Operands),
            _ => [],
        };
    }

    private IEnumerable<string> Operands(string value) =>
        _producers.TryGetValue(value, out var node) && node.Operation is "Mul" or "Div" or "Add" ? node.Inputs.Append(value) : [value];

    /// <summary>1 + erf(x / √2).</summary>
    private bool IsErf(OnnxNode sum, string x)
    {
        if (AddedToOne(sum) is not { } value || Producer(value, "Erf") is not { } erf) return false;
        var (scale, values) = FactorsOf(erf.Inputs[0], x);
        return values is [var only] && only == x && IsNear(scale, MathF.Sqrt(0.5f));
    }

    /// <summary>1 + tanh(√(2/π) · (x + 0.044715·x³)).</summary>
    private bool IsTanhOfCube(OnnxNode sum, string x)
    {
        if (AddedToOne(sum) is not { } value || Producer(value, "Tanh") is not { } tanh) return false;
        var (scale, values) = FactorsOf(tanh.Inputs[0], x);
        if (!IsNear(scale, MathF.Sqrt(2 / MathF.PI))) return false;
        if (values is not [var inner] || Producer(inner, "Add") is not { } polynomial) return false;
        if (polynomial.Inputs.FirstOrDefault(input => input != x) is not { } cubic || !polynomial.Inputs.Contains(x)) return false;
        var (factor, cube) = FactorsOf(cubic, x);
        return IsNear(factor, 0.044715f) && cube.Count == 3 && cube.TrueForAll(part => part == x);
    }

    private bool IsReluOfSix(OnnxNode clip)
    {
        float? Bound(int index, string name) =>
            index < clip.Inputs.Count ? Number(clip.Inputs[index]) : clip.Has(name) ? clip.Get(name, 0f) : null;
        return Bound(1, "min") == 0 && Bound(2, "max") == 6;
    }

    /// <summary>(x − mean(x)) / √(mean((x − mean(x))²) + epsilon) over the same axes.</summary>
    private OnnxNode? FindLayerNorm(OnnxNode node)
    {
        if (node.Operation != "Div" || node.Inputs is not [var dividend, var divisor]) return null;
        if (CentredOf(dividend) is not var (x, axes) || RootOf(divisor) is not { } radicand) return null;
        if (Producer(radicand, "Add") is not { Inputs: [var left, var right] }) return null;
        var (variance, epsilon) = Number(right) is { } behind ? (left, behind) : (right, Number(left) ?? 0);
        if (epsilon <= 0 || Producer(variance, "ReduceMean") is not { } mean || !AxesOf(mean).AsSpan().SequenceEqual(axes)) return null;
        if (FactorsOf(mean.Inputs[0]) is not (var scale, [var factor, var other]) || !IsNear(scale, 1) || factor != other) return null;
        if (CentredOf(factor) is not var (y, otherAxes) || y != x || !otherAxes.AsSpan().SequenceEqual(axes)) return null;
        return node.With("MeanVarianceNormalization", new Dictionary<string, object> { ["axes"] = axes, ["epsilon"] = epsilon }, x);
    }

    /// <summary>What √ is taken of, or null.</summary>
    private string? RootOf(string value) => Producer(value, "Sqrt") is { } root ? root.Inputs[0]
        : Producer(value, "Pow") is { Inputs.Count: 2 } power && Number(power.Inputs[1]) == 0.5f ? power.Inputs[0] : null;

    /// <summary>x and the axes, if a value is x − mean(x) over these axes; else null.</summary>
    private (string X, long[] Axes)? CentredOf(string value)
    {
        if (Producer(value, "Sub") is not { Inputs: [var x, var subtracted] }) return null;
        if (Producer(subtracted, "ReduceMean") is not { } mean || mean.Inputs[0] != x || mean.GetInt("keepdims", 1) == 0) return null;
        return AxesOf(mean) is { } axes ? (x, axes) : null;
    }

    private long[]? AxesOf(OnnxNode mean) => ShapeRules.Axes(mean, mean.Inputs.Count > 1 ? ConstantOf(mean.Inputs[1]) : null);

    /// <summary>A value as a number times a product of values. Powers of 2 and 3 are products.</summary>
    /// <param name="value">The value.</param>
    /// <param name="leaf">A value that is not taken apart; null for none.</param>
    private (float Scale, List<string> Values) FactorsOf(string value, string? leaf = null)
    {
        var (scale, values, open) = (1f, new List<string>(), new Stack<string>([value]));
        for (var steps = 0; open.TryPop(out var next); steps++)
        {
            var node = next == leaf || steps > MaxFactors ? null : _producers.GetValueOrDefault(next);
            var (left, right) = (node?.Inputs.ElementAtOrDefault(0) ?? "", node?.Inputs.ElementAtOrDefault(1) ?? "");
            switch (node?.Operation)
            {
                case "Mul" when Number(right) is { } number:
                    scale *= number;
                    open.Push(left);
                    break;
                case "Mul" when Number(left) is { } number:
                    scale *= number;
                    open.Push(right);
                    break;
                case "Div" when Number(right) is { } number:
                    scale /= number;
                    open.Push(left);
                    break;
                case "Mul":
                    open.Push(left);
                    open.Push(right);
                    break;
                case "Pow" when Number(right) is 2 or 3:
                    for (var i = 0; i < Number(right); i++) open.Push(left);
                    break;
                default:
                    values.Add(next);
                    break;
            }
        }

        return (scale, values);
    }

    /// <summary>The number that a sum adds to <paramref name="x"/>, or null.</summary>
    private float? NumberAddedTo(string x, string sum) =>
        Producer(sum, "Add") is { } node && node.Inputs.Contains(x)
            ? node.Inputs.Select(Number).FirstOrDefault(number => number is not null) : null;

    /// <summary>The value that a sum adds to 1, or null.</summary>
    private string? AddedToOne(OnnxNode sum) => sum.Inputs.Any(input => Number(input) is { } number && IsNear(number, 1))
        ? sum.Inputs.FirstOrDefault(input => Number(input) is null) : null;

    /// <summary>The node that computes a value, if it is of this operation; else null.</summary>
    private OnnxNode? Producer(string value, string operation) =>
        _producers.TryGetValue(value, out var node) && node.Operation == operation && node.Inputs.Count > 0 ? node : null;

    /// <summary>The value of a constant of one float, or null.</summary>
    private float? Number(string value) => ConstantOf(value)?.FloatsOrNull is [var number] ? number : null;

    /// <summary>The values of a constant of whole numbers, or null.</summary>
    private long[]? Integers(string value) => ConstantOf(value)?.LongsOrNull;

    private ConstantTensor? ConstantOf(string value)
    {
        if (_constants.TryGetValue(value, out var constant)) return constant;
        return _producers.TryGetValue(value, out var node) && node.Operation == "Constant" ? ConstantFolder.Constant(node) : null;
    }

    private static bool IsNear(float value, float expected) => MathF.Abs(value - expected) <= Tolerance * MathF.Abs(expected);
}
