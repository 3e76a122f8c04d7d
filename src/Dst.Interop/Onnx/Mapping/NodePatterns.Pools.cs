using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <content>The poolings with chance and the spectral one, as our export writes what they give in inference.</content>
internal sealed partial class NodePatterns
{
    /// <summary>The mean over the choice of stochastic pooling, with the window of the mean.</summary>
    public const string StochasticPool = "StochasticPool";

    /// <summary>The weighted mean of the sorted values of a window.</summary>
    public const string WeightedPool = "WeightedPool";

    /// <summary>The attribute of <see cref="WeightedPool"/> that is the share of retained units.</summary>
    public const string Retain = "retain";

    /// <summary>The low frequencies of a map.</summary>
    public const string SpectralPool = "SpectralPool";

    /// <summary>What is below this stands for padding.</summary>
    private const float Low = -1e38f;

    /// <summary>A mean below this stands for zero.</summary>
    private const float Negligible = 1e-20f;

    /// <summary>mean(r²) / max(mean(r), tiny) with r = max(x, 0) and equal windows.</summary>
    private OnnxNode? FindStochasticPool(OnnxNode node)
    {
        if (node.Operation != "Div" || node.Inputs is not [var dividend, var divisor]) return null;
        if (Producer(dividend, "AveragePool") is not { } squares) return null;
        if (Producer(divisor, "Max") is not { Inputs: [var mean, var least] } || Number(least) is not (> 0 and < Negligible)) return null;
        if (Producer(mean, "AveragePool") is not { } values || Producer(squares.Inputs[0], "Mul") is not { Inputs: [var left, var right] })
            return null;
        if (left != right || left != values.Inputs[0]) return null;
        return Producer(left, "Relu") is { } positive && HasEqualWindows(squares, values)
            ? node.With(StochasticPool, values.Attributes, positive.Inputs[0]) : null;
    }

    private static bool HasEqualWindows(OnnxNode a, OnnxNode b)
    {
        static string Text(object value) => value is long[] many ? RowMajor.Text(many) : Invariant($"{value}");
        return a.Attributes.Count == b.Attributes.Count && a.GetInt("count_include_pad", 0) == 0
            && a.Attributes.All(pair => b.Attributes.TryGetValue(pair.Key, out var other) && Text(pair.Value) == Text(other));
    }

    /// <summary>Σ p·qʲ·(the j-th largest value of a window), from slices of the map that are sorted together.</summary>
    private OnnxNode? FindWeightedPool(OnnxNode node)
    {
        if (node.Inputs is not [var values, var weights]) return null;
        if (ConstantOf(weights) is not { FloatsOrNull: { } shares, Shape: [> 0 and var area] } || !IsGeometric(shares)) return null;
        if (WithPadding(values) is not { } sorted || Producer(sorted, "TopK") is not { Inputs: [var joined, var count] } sort) return null;
        if (sort.Outputs[0] != sorted) return null;
        if (sort.GetInt("axis", -1) is not (4 or -1) || sort.GetInt("largest", 1) != 1 || sort.GetInt("sorted", 1) != 1) return null;
        if (Integers(count) is not [var all] || all != area) return null;
        if (Producer(joined, "Concat") is not { } concat || concat.GetInt("axis", 0) != 4 || concat.Inputs.Count != area) return null;
        return WindowOf([.. concat.Inputs.Select(SliceOf)]) is var (x, attributes)
            ? node.With(WeightedPool, new Dictionary<string, object>(attributes) { [Retain] = shares[0] }, x) : null;
    }

    /// <summary>Sorted values before those of the padding became zeros. They are the values themselves where nothing did that.</summary>
    private string? WithPadding(string values)
    {
        if (Producer(values, "Where") is not { Inputs: [var condition, var kept, var otherwise] }) return values;
        var isValue = Producer(condition, "Greater") is { Inputs: [var compared, var low] } && compared == kept && Number(low) < Low;
        return isValue && Number(otherwise) == 0 ? kept : null;
    }

    /// <summary>Whether weights are p·qʲ with q = 1 − p.</summary>
    private static bool IsGeometric(float[] weights)
    {
        var p = weights[0];
        return p is > 0 and <= 1
            && weights.Select((weight, j) => Math.Abs(weight - p * Math.Pow(1.0 - p, j)) <= Tolerance * p).All(fits => fits);
    }

    /// <summary>A·x·Bᵀ with the matrices of spectral pooling.</summary>
    private OnnxNode? FindSpectralPool(OnnxNode node)
    {
        if (node.Inputs is not [var mixed, var right] || Producer(mixed, "MatMul") is not { Inputs: [var left, var x] }) return null;
        if (ConstantOf(left) is not { FloatsOrNull: { } first, Shape: [var height, var rows] }) return null;
        if (ConstantOf(right) is not { FloatsOrNull: { } second, Shape: [var columns, var width] }) return null;
        if (!IsCrop(height, rows) || !IsCrop(width, columns)) return null;
        var ofRows = Kernels.SpectralPool.Matrix(rows, height).Select((value, i) => value - first[i]);
        var ofColumns = Kernels.SpectralPool.Matrix(columns, width).Select((value, i) => value - second[i % columns * width + i / columns]);
        var isSpectral = ofRows.Concat(ofColumns).All(error => Math.Abs(error) <= Tolerance);
        if (!isSpectral) return null;
        var sizes = new Dictionary<string, object> { ["kept"] = new long[] { height, width }, ["of"] = new long[] { rows, columns } };
        return node.With(SpectralPool, sizes, x);
    }

    private static bool IsCrop(int kept, int length) => kept >= 1 && kept <= length && length <= Kernels.SpectralPool.MaxExtent;

    /// <summary>The map without its padding, and the attributes of the window, of whose positions these are the slices.</summary>
    private (string X, Dictionary<string, object> Attributes)? WindowOf(Slice?[] slices)
    {
        if (slices[0] is not { Row: 0, Column: 0 } first || slices[^1] is not { } last) return null;
        var (width, height) = (last.Column + 1, last.Row + 1);
        if (width * height != slices.Length) return null;
        for (var tap = 0; tap < slices.Length; tap++)
        {
            var (row, column) = (tap / width, tap % width);
            var (endRow, endColumn) = (first.EndRow + row, first.EndColumn + column);
            if (slices[tap] != first with { Row = row, Column = column, EndRow = endRow, EndColumn = endColumn }) return null;
        }

        var (x, pads) = (first.X, new long[4]);
        if (Producer(x, "Pad") is { Inputs: [var map, var sides, var value] } && Number(value) < Low)
        {
            if (Integers(sides) is not [0, 0, var top, var left, 0, 0, var bottom, var right]) return null;
            (x, pads) = (map, [top, left, bottom, right]);
        }

        return (x, new()
        {
            ["kernel_shape"] = new[] { height, width },
            ["strides"] = new[] { first.StepRow, first.StepColumn },
            ["pads"] = pads,
            ["ends"] = new[] { first.EndRow, first.EndColumn },
        });
    }

    /// <summary>A slice of rows and columns with one more axis at its end.</summary>
    private Slice? SliceOf(string value)
    {
        if (Producer(value, "Unsqueeze") is not { Inputs: [var sliced, var axis] } || Integers(axis) is not [4 or -1]) return null;
        if (Producer(sliced, "Slice") is not { Inputs: [var x, var starts, var ends, var axes, var steps] }) return null;
        if (Integers(axes) is not [2, 3] || Integers(starts) is not [var row, var column]) return null;
        return (Integers(ends), Integers(steps)) is ([var endRow, var endColumn], [var down, var right])
            ? new(x, row, column, endRow, endColumn, down, right) : null;
    }

    private sealed record Slice(string X, long Row, long Column, long EndRow, long EndColumn, long StepRow, long StepColumn);
}
