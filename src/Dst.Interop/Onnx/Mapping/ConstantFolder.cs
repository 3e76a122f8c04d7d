using System.Numerics;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Computes nodes that read only constants: exporters write paddings, shapes and pooling sizes with them.</summary>
internal sealed class ConstantFolder(MemoryBudget budget)
{
    /// <summary>What a rule reads: a node with its inputs, of which absent ones are null.</summary>
    private readonly record struct Arguments(OnnxNode Node, ConstantTensor?[] Inputs, MemoryBudget Budget)
    {
        public ConstantTensor this[int index] => Optional(index) ?? throw Node.Illegal($"has no input {index}, which was expected");

        public ConstantTensor? Optional(int index) => index < Inputs.Length ? Inputs[index] : null;

        /// <summary>The elements of a view.</summary>
        public ConstantTensor View(ConstantTensor from, int[] shape, int offset, int[] strides)
        {
            Budget.Take(RowMajor.Count(shape));
            return from.Pick(shape, RowMajor.Positions(shape, offset, strides));
        }
    }

    private static readonly Dictionary<string, Func<Arguments, ConstantTensor>> Rules = new()
    {
        ["Constant"] = a => Constant(a.Node),
        ["ConstantOfShape"] = ConstantOfShape,
        ["Identity"] = a => a[0],
        [QuantisedFeatures.Pair] = a => a[0], // weights: their scale comes from their range, so nothing is clipped
        ["Cast"] = Cast,
        ["Shape"] = a => ShapeOf(a.Node, a[0].Shape),
        ["Reshape"] = a => a[0].Reshape(ShapeRules.Reshape(a.Node, a[0].Shape, a.Optional(1))),
        ["Flatten"] = a => a[0].Reshape(ShapeRules.Flatten(a.Node, a[0].Shape)),
        ["Squeeze"] = Squeeze,
        ["Unsqueeze"] = a => a[0].Reshape(ShapeRules.Unsqueeze(a.Node, a[0].Shape, ShapeRules.Axes(a.Node, a.Optional(1)) ?? [])),
        ["Transpose"] = Transpose,
        ["Slice"] = Slice,
        ["Gather"] = Gather,
        ["Concat"] = Concat,
        ["Expand"] = Expand,
        ["Where"] = Where,
        ["Equal"] = a => Combine(a, (x, y) => x == y ? 1 : 0, (x, y) => x == y ? 1 : 0).Cast(toFloat: false),
        ["Floor"] = Floor,
        ["DequantizeLinear"] = Dequantize,
        ["Add"] = a => Combine(a, (x, y) => x + y, (x, y) => x + y),
        ["Sub"] = a => Combine(a, (x, y) => x - y, (x, y) => x - y),
        ["Mul"] = a => Combine(a, (x, y) => x * y, (x, y) => x * y),
        ["Div"] = a => Combine(
            a, (x, y) => x / y, (x, y) => y is not 0 and not -1 ? x / y : y == -1 ? -x : throw a.Node.Illegal("divides by 0")),
        ["Mod"] = a => Combine(a, (x, y) => x % y, (x, y) => Remainder(a.Node, x, y)),
    };

    /// <summary>Computes the output of a node, or gives null if its operation has no rule.</summary>
    /// <param name="node">The node.</param>
    /// <param name="inputs">Its inputs; null stands for an absent one.</param>
    public ConstantTensor? Fold(OnnxNode node, ConstantTensor?[] inputs) =>
        Rules.TryGetValue(node.Operation, out var rule) ? rule(new(node, inputs, budget)) : null;

    /// <summary>The dimensions <paramref name="dims"/> as a constant: <c>Shape</c>, all or those from <c>start</c> to <c>end</c>.</summary>
    public static ConstantTensor ShapeOf(OnnxNode node, int[] dims)
    {
        int Bound(string name, long fallback)
        {
            var bound = node.Get(name, fallback);
            return (int)Math.Clamp(bound < 0 ? bound + dims.Length : bound, 0, dims.Length);
        }

        var (start, end) = (Bound("start", 0), Bound("end", dims.Length));
        var values = dims.Take(end).Skip(start).Select(dim => (long)dim).ToArray();
        return new([values.Length], values);
    }

    /// <summary>The value of a node <c>Constant</c>.</summary>
    public static ConstantTensor Constant(OnnxNode node)
    {
        if (node.Has("value_float")) return new([], [node.Get("value_float", 0f)]);
        if (node.Has("value_int")) return new([], [node.Get("value_int", 0L)]);
        if (node.Get<float[]?>("value_floats", null) is { } floats) return new([floats.Length], floats);
        if (node.Get<long[]?>("value_ints", null) is { } longs) return new([longs.Length], longs);
        return node.Get<ConstantTensor?>("value", null) ?? throw node.Illegal("has no value of numbers, which was expected");
    }

    private static ConstantTensor ConstantOfShape(Arguments a)
    {
        var dims = a[0].Longs(a.Node);
        if (dims.Length > RowMajor.MaxRank || dims.Any(dim => dim is < 0 or > int.MaxValue))
            throw a.Node.Illegal(
                $"has the shape {RowMajor.ShortText(dims)}; at most {RowMajor.MaxRank} dimensions from 0 on were expected");
        var value = a.Node.Get<ConstantTensor>("value", new([1], [0f]));
        if (value.Count != 1) throw a.Node.Illegal($"has a value {RowMajor.Text(value.Shape)}; one element was expected");
        return a.View(value, Array.ConvertAll(dims, dim => (int)dim), 0, new int[dims.Length]);
    }

    private static ConstantTensor Cast(Arguments a)
    {
        a.Budget.Take(a[0].Count);
        var type = a.Node.Opset < 6 ? 0 : a.Node.Get("to", 0L);
        return a[0].Cast(ShapeRules.CastsToFloat(a.Node)).WithRange(ConstantTensor.RangeOf(type));
    }

    /// <summary>(x − zero point) · scale, with one scale, or one for each element along an axis.</summary>
    private static ConstantTensor Dequantize(Arguments a)
    {
        var (x, scale, zero) = (a[0].Cast(toFloat: true), a[1].Floats(a.Node), a.Optional(2)?.Cast(toFloat: true).Floats(a.Node));
        var shape = x.Shape;
        var axis = scale.Length == 1 ? 0 : ShapeRules.Axis(a.Node, a.Node.GetInt("axis", 1), shape.Length);
        var isLegal = scale.Length == 1 || a[1].Shape.Length == 1 && scale.Length == shape[axis];
        if (!isLegal || zero is not null && zero.Length != scale.Length)
            throw a.Node.Illegal($"has {scale.Length} scales for {RowMajor.Text(shape)}; quantise with one, or one for each channel");
        a.Budget.Take(2L * x.Count);
        var run = scale.Length == 1 ? Math.Max(1, x.Count) : RowMajor.Count(shape[(axis + 1)..]);
        var values = (float[])x.Floats(a.Node).Clone();
        for (var i = 0; i < values.Length; i++)
        {
            var channel = i / run % scale.Length;
            values[i] = (values[i] - (zero?[channel] ?? 0)) * scale[channel];
        }

        return new(shape, values);
    }

    private static ConstantTensor Squeeze(Arguments a)
    {
        var dims = a[0].Shape;
        var ofOne = Enumerable.Range(0, dims.Length).Where(axis => dims[axis] == 1).Select(axis => (long)axis);
        var axes = ShapeRules.Axes(a.Node, a.Optional(1)) ?? [.. ofOne];
        return a[0].Reshape(ShapeRules.Squeeze(a.Node, dims, axes));
    }

    private static ConstantTensor Transpose(Arguments a)
    {
        var (dims, strides) = (a[0].Shape, RowMajor.Strides(a[0].Shape));
        var order = ShapeRules.Permutation(a.Node, dims.Length);
        return a.View(a[0], Array.ConvertAll(order, axis => dims[axis]), 0, Array.ConvertAll(order, axis => strides[axis]));
    }

    private static ConstantTensor Slice(Arguments a)
    {
        var strides = RowMajor.Strides(a[0].Shape);
        var ranges = ShapeRules.Slice(a.Node, a[0].Shape, [a.Optional(1), a.Optional(2), a.Optional(3), a.Optional(4)]);
        var offset = ranges.Zip(strides).Sum(axis => axis.First.Start * axis.Second);
        var steps = ranges.Zip(strides, (range, stride) => range.Count > 1 ? range.Step * stride : 0);
        return a.View(a[0], Array.ConvertAll(ranges, range => range.Count), offset, [.. steps]);
    }

    private static ConstantTensor Gather(Arguments a)
    {
        var (dims, chosen) = (a[0].Shape, a[1].Longs(a.Node));
        var axis = ShapeRules.Axis(a.Node, a.Node.GetInt("axis", 0), dims.Length);
        int[] shape = [.. dims[..axis], .. a[1].Shape, .. dims[(axis + 1)..]];
        if (shape.Length > RowMajor.MaxRank)
            throw a.Node.Illegal($"gives {shape.Length} dimensions; at most {RowMajor.MaxRank} were expected");
        a.Budget.Take(RowMajor.Count(shape));
        var inner = RowMajor.Count(dims[(axis + 1)..]);
        var positions = new int[RowMajor.Count(shape)];
        for (var i = 0; i < positions.Length; i++)
        {
            var (outer, index) = Math.DivRem(i / inner, chosen.Length);
            positions[i] = (outer * dims[axis] + ShapeRules.Axis(a.Node, chosen[index], dims[axis])) * inner + i % inner;
        }

        return a[0].Pick(shape, positions);
    }

    private static ConstantTensor Concat(Arguments a)
    {
        var inputs = Enumerable.Range(0, a.Inputs.Length).Select(i => a[i]).ToArray();
        var axis = ShapeRules.Axis(a.Node, ShapeRules.ConcatAxis(a.Node), a[0].Shape.Length);
        bool Fits(ConstantTensor other) => other.IsFloat == inputs[0].IsFloat && other.Shape.Length == inputs[0].Shape.Length
            && other.Shape.Index().All(dim => dim.Index == axis || dim.Item == inputs[0].Shape[dim.Index]);
        if (!inputs.All(Fits))
            throw a.Node.Illegal(
                $"joins {string.Join(" and ", inputs.Take(4).Select(input => RowMajor.Text(input.Shape)))} "
                + Invariant($"along the axis {axis}; ")
                + "equal types and other dimensions were expected");
        var joined = inputs.Sum(input => (long)input.Shape[axis]);
        if (joined > int.MaxValue) throw a.Node.Illegal($"joins {joined} elements along one axis; at most {int.MaxValue} were expected");
        var shape = inputs[0].Shape.Select((dim, i) => i == axis ? (int)joined : dim).ToArray();
        var count = RowMajor.Count(shape);
        a.Budget.Take(count);
        Array values = inputs[0].IsFloat ? new float[count] : new long[count];
        var outer = RowMajor.Count(shape[..axis]);
        var at = 0;
        for (var i = 0; i < outer; i++)
        {
            foreach (var input in inputs)
            {
                var run = input.Count / outer;
                input.CopyTo(i * run, run, values, at);
                at += run;
            }
        }

        return values is float[] floats ? new(shape, floats) : new(shape, (long[])values);
    }

    private static ConstantTensor Floor(Arguments a)
    {
        a.Budget.Take(a[0].Count);
        return new(a[0].Shape, Array.ConvertAll(a[0].Floats(a.Node), MathF.Floor));
    }

    /// <summary>What is left of a division of whole numbers, with the sign of the divisor unless <c>fmod</c> is set.</summary>
    private static long Remainder(OnnxNode node, long x, long y)
    {
        if (y is 0) throw node.Illegal("divides by 0");
        var rest = y == -1 ? 0 : x % y;
        return node.Get("fmod", 0L) == 0 && rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
    }

    private static ConstantTensor Expand(Arguments a)
    {
        var dims = a[1].Longs(a.Node);
        if (dims.Length > RowMajor.MaxRank || dims.Any(dim => dim is < 0 or > int.MaxValue))
            throw a.Node.Illegal(
                $"has the shape {RowMajor.ShortText(dims)}; at most {RowMajor.MaxRank} dimensions from 0 on were expected");
        return Broadcast(a, a[0], CommonShape(a.Node, a[0].Shape, Array.ConvertAll(dims, dim => (int)dim)));
    }

    /// <summary>Elements of the second input where the first is true, and of the third elsewhere.</summary>
    private static ConstantTensor Where(Arguments a)
    {
        var shape = CommonShape(a.Node, a[0].Shape, a[1].Shape, a[2].Shape);
        var (condition, x, y) = (Broadcast(a, a[0], shape).Longs(a.Node), Broadcast(a, a[1], shape), Broadcast(a, a[2], shape));
        T[] Choose<T>(T[] yes, T[] no) => [.. condition.Select((value, i) => value != 0 ? yes[i] : no[i])];
        return x.IsFloat ? new(shape, Choose(x.Floats(a.Node), y.Floats(a.Node))) : new(shape, Choose(x.Longs(a.Node), y.Longs(a.Node)));
    }

    /// <summary>Combines two constants element by element. Either is repeated along an axis where it has the extent 1.</summary>
    private static ConstantTensor Combine(Arguments a, Func<float, float, float> floats, Func<long, long, long> longs)
    {
        var shape = CommonShape(a.Node, a[0].Shape, a[1].Shape);
        var (first, second) = (Broadcast(a, a[0], shape), Broadcast(a, a[1], shape));
        if (first.IsFloat != second.IsFloat) throw a.Node.Illegal("combines floats and whole numbers; one kind was expected");
        return first.IsFloat
            ? new(shape, CombineElements(first.Floats(a.Node), second.Floats(a.Node), floats))
            : new(shape, CombineElements(first.Longs(a.Node), second.Longs(a.Node), longs));
    }

    private static T[] CombineElements<T>(T[] x, T[] y, Func<T, T, T> combine) where T : INumber<T>
    {
        var result = new T[x.Length];
        for (var i = 0; i < x.Length; i++) result[i] = combine(x[i], y[i]);
        return result;
    }

    private static int[] WithRank(int[] shape, int rank) => [.. Enumerable.Repeat(1, rank - shape.Length), .. shape];

    /// <summary>The shape of what broadcasting makes of these.</summary>
    private static int[] CommonShape(OnnxNode node, params int[][] shapes)
    {
        var rank = shapes.Max(shape => shape.Length);
        var aligned = Array.ConvertAll(shapes, shape => WithRank(shape, rank));
        var common = Enumerable.Range(0, rank).Select(axis => Array.Find(aligned, shape => shape[axis] != 1)?[axis] ?? 1).ToArray();
        return aligned.All(shape => shape.Zip(common).All(pair => pair.First == pair.Second || pair.First == 1)) ? common
            : throw node.Illegal($"combines {string.Join(" and ", shapes.Select(RowMajor.Text))}, which do not fit");
    }

    private static ConstantTensor Broadcast(Arguments a, ConstantTensor from, int[] shape)
    {
        var dims = WithRank(from.Shape, shape.Length);
        var strides = RowMajor.Strides(dims).Select((stride, axis) => dims[axis] == 1 ? 0 : stride).ToArray();
        return a.View(from, shape, 0, strides);
    }
}
