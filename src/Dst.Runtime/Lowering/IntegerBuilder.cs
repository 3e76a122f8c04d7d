using Dst.Graph;
using Dst.Kernels;
using Dst.Quantisation;

namespace Dst.Runtime.Lowering;

/// <summary>The integers of one node: the one place where scales become them (docs/method.md, "8-bit integers").</summary>
/// <param name="node">The node.</param>
/// <param name="values">Shapes of the program's values.</param>
/// <param name="scales">Scales of the values that are known.</param>
internal sealed class IntegerBuilder(
    LoweredNode node, IReadOnlyDictionary<string, LoweredValue> values, IReadOnlyDictionary<string, ByteScale> scales)
{
    /// <summary>Bits by which single bytes are shifted up: their factor must be below 1/2.</summary>
    private const int ByteShift = 8;

    /// <summary>Elements of a mean whose shifted sum fits in 31 bits.</summary>
    private const int MaxShiftedArea = 1 << 15;

    private ByteScale X => scales[node.Inputs[0]];

    private FeatureShape Shape => values[node.Inputs[0]].Shape;

    /// <summary>The scale of the value that is added to the sums, or null.</summary>
    private ByteScale? Added =>
        node.Residual is { } residual ? scales[residual] : node.Operation is AddOp ? scales[node.Inputs[1]] : null;

    /// <summary>A layer with weights; null if its sums would have to become floats and something follows them.</summary>
    /// <param name="filterScales">Size of a step of each filter's weights.</param>
    /// <exception cref="InputException">The scales cannot be expressed, or sums do not fit in 32 bits.</exception>
    public NodeIntegers? Weighted(float[] filterScales)
    {
        var weight = Int8Scales.ToIntegers(node.Weight, filterScales);
        var zeros = ZerosOf(weight, filterScales.Length);
        var integers = new NodeIntegers { Weight = weight, Padding = X.Zero };
        var biases = Array.ConvertAll(node.Bias ?? new float[filterScales.Length], bias => (double)bias);
        var steps = Array.ConvertAll(filterScales, scale => (double)X.Scale * scale);
        if (!node.Weight.AsSpan().SequenceEqual(Int8Scales.ToFloats(weight, filterScales)))
            throw Inexpressible("weights that are no whole multiples of their scales");
        if (scales.ContainsKey(node.Output)) return integers with { ToBytes = ToBytes(steps, zeros, biases) };
        if (node.Residual is not null || node.Bounds != Bounds.None) return null;
        return integers with { ToFloats = new([.. steps.Select(OffsetOf)], Array.ConvertAll(steps, step => (float)step)) };

        int OffsetOf(double step, int o) => Math.Round(biases[o] / step) is var bias && Math.Abs(bias) <= 1 << 30
            ? (int)(bias - zeros[o])
            : throw Inexpressible(Invariant($"the bias {biases[o]} in filter {o}, which is too large for its steps of {step}"));
    }

    /// <summary>A node without weights.</summary>
    /// <exception cref="InputException">The scales cannot be expressed.</exception>
    public NodeIntegers Unweighted()
    {
        var operation = node.Operation;
        if (operation.OnBytes(Shape) == ByteForm.Moves) return new();
        if (operation is ConcatOp) return new() { Tables = [.. node.Inputs.Select(input => Table(scales[input], x => x))] };
        if (operation is AddOp) return Sum();
        if (operation.ScalesChannels) return ScaleOfChannels();
        return operation switch
        {
            AvgPoolOp pool => Mean(pool.ShapeFor(Shape)),
            GlobalAvgPoolOp => Mean(Shape.WholeMap()),
            _ => new() { Tables = [Table(X, Function())] },
        };
    }

    /// <summary>What the sum of each filter is where the input is 0.</summary>
    private long[] ZerosOf(sbyte[] weight, int filters)
    {
        var row = weight.Length / filters;
        var zeros = new long[filters];
        for (var o = 0; o < filters; o++)
        {
            var (sum, size) = (0L, 0L);
            foreach (var w in weight.AsSpan(o * row, row)) (sum, size) = (sum + w, size + Math.Abs(w));
            if (size * byte.MaxValue > int.MaxValue)
                throw Inexpressible($"sums of {row} products, which may not fit in 32 bits; fewer inputs were expected");
            zeros[o] = sum * X.Zero;
        }

        return zeros;
    }

    private NodeIntegers Sum() => new()
    {
        SumShift = ByteShift,
        ToBytes = ToBytes([X.Scale / (double)(1 << ByteShift)], [(long)X.Zero << ByteShift], [0]),
    };

    private NodeIntegers ScaleOfChannels()
    {
        double[] steps = [.. node.Weight!.Select(scale => (double)scale * X.Scale / (1 << ByteShift))];
        long[] zeros = [.. steps.Select(_ => (long)X.Zero << ByteShift)];
        return new() { SumShift = ByteShift, ToBytes = ToBytes(steps, zeros, Array.ConvertAll(node.Bias!, shift => (double)shift)) };
    }

    private NodeIntegers Mean(WindowShape window)
    {
        var shift = window.Area <= MaxShiftedArea ? ByteShift : 0;
        int[] counts = window.IsWholeEverywhere ? [window.Area] : [.. Enumerable.Range(1, window.Area)];
        double[] steps = [.. counts.Select(count => (double)X.Scale / count / (1 << shift))];
        long[] zeros = [.. counts.Select(count => (long)X.Zero * count << shift)];
        return new() { SumShift = shift, Padding = X.Zero, ToBytes = ToBytes(steps, zeros, new double[counts.Length]) };
    }

    /// <summary>Requantisation of sums whose steps have these sizes.</summary>
    private Requantisation ToBytes(double[] steps, long[] zeros, double[] biases)
    {
        var y = scales[node.Output];
        var range = new ByteRange(y.Zero, y.ToByte(node.Bounds.Least), y.ToByte(node.Bounds.Most));
        return Requantisation.Create(
            Array.ConvertAll(steps, step => step / y.Scale), zeros, Array.ConvertAll(biases, bias => bias / y.Scale), range,
            Added is { } added ? (double)added.Scale / y.Scale : 0, Added?.Zero ?? 0)
            ?? throw Inexpressible(Invariant($"the scale {y.Scale} of its output, which is too small for those of its inputs and weights"));
    }

    private byte[] Table(ByteScale x, Func<float, float> function)
    {
        var (table, y) = (new byte[256], scales[node.Output]);
        for (var i = 0; i < table.Length; i++) table[i] = y.ToByte(function(x.ToFloat((byte)i)));
        return table;
    }

    /// <summary>The function of single elements that the node applies.</summary>
    private Func<float, float> Function()
    {
        if (node.Operation.ToBounds() is { } bounds) return x => Math.Clamp(x, bounds.Least, bounds.Most);
        return node.Operation.ToActivation()!.Value;
    }

    private InputException Inexpressible(string what) => new($"layer '{node.Layer}' has {what}; scales of dst quantise were expected");
}
