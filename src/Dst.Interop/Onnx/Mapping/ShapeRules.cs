using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Start of a slice along one axis, its step (not 0) and the number of its elements.</summary>
internal readonly record struct SliceRange(int Start, int Step, int Count);

/// <summary>Rules by which operations change shapes, the same for constants and features.</summary>
internal static class ShapeRules
{
    /// <summary>The number of an axis from the front.</summary>
    public static int Axis(OnnxNode node, long axis, int rank) =>
        axis >= -rank && axis < rank ? (int)(axis < 0 ? axis + rank : axis)
        : throw node.Illegal(Invariant($"has the axis {axis} but {rank} dimensions"));

    /// <summary>The axis of <c>Concat</c>, which is the channels where operation set 3 and older do not say it.</summary>
    public static int ConcatAxis(OnnxNode node) => node.GetInt("axis", node.Opset < 4 ? 1 : 0);

    /// <summary>The axes of a node: an attribute, or an input in later operation sets; null if there are none.</summary>
    public static long[]? Axes(OnnxNode node, ConstantTensor? input) =>
        input?.Longs(node) ?? (node.Has("axes") ? node.Get<long[]>("axes", []) : null);

    /// <summary>Whether <c>Cast</c> gives floats, of any width. Before operation set 6 it says so in a word.</summary>
    public static bool CastsToFloat(OnnxNode node)
    {
        const long float32 = 1, float16 = 10, float64 = 11, bfloat16 = 16;
        if (node.Opset < 6) return node.Get("to", "") is "FLOAT" or "FLOAT16" or "DOUBLE";
        return node.Get("to", 0L) is float32 or float16 or float64 or bfloat16;
    }

    /// <summary>The dimensions that <c>Reshape</c> gives: 0 keeps a dimension, −1 is the rest.</summary>
    /// <param name="node">The node, which has them as an attribute before operation set 5.</param>
    /// <param name="dims">Dimensions of what it reshapes.</param>
    /// <param name="target">Its second input, if it has one.</param>
    public static int[] Reshape(OnnxNode node, int[] dims, ConstantTensor? target)
    {
        var wanted = target?.Longs(node) ?? node.Get<long[]>("shape", []);
        if (wanted.Length > RowMajor.MaxRank)
            throw node.Illegal($"has {wanted.Length} dimensions; at most {RowMajor.MaxRank} were expected");
        var keepsZero = node.GetInt("allowzero", 0) == 0;
        var result = new long[wanted.Length];
        for (var axis = 0; axis < wanted.Length; axis++)
            result[axis] = wanted[axis] == 0 && keepsZero && axis < dims.Length ? dims[axis] : wanted[axis];
        var count = RowMajor.Count(dims);
        var known = result.Where(dim => dim != -1).Aggregate((Int128)1, (product, dim) => product > int.MaxValue ? product : product * dim);
        var open = Array.IndexOf(result, -1);
        if (open >= 0 && known > 0 && count % known == 0) result[open] = (long)(count / known);
        if (result.Any(dim => dim is < 0 or > int.MaxValue) || open < 0 && known != count)
            throw node.Illegal($"turns {RowMajor.Text(dims)} into {RowMajor.Text(wanted)}, which has not as many elements");
        return [.. result.Select(dim => (int)dim)];
    }

    /// <summary>The dimensions that <c>Flatten</c> gives: those before its axis, and the others.</summary>
    public static int[] Flatten(OnnxNode node, int[] dims)
    {
        var axis = node.GetInt("axis", 1);
        var split = axis == dims.Length ? axis : Axis(node, axis, dims.Length);
        return [RowMajor.Count(dims.Take(split)), RowMajor.Count(dims.Skip(split))];
    }

    /// <summary>The dimensions without those of extent 1 at <paramref name="axes"/>.</summary>
    public static int[] Squeeze(OnnxNode node, int[] dims, IEnumerable<long> axes)
    {
        var gone = axes.Select(axis => Axis(node, axis, dims.Length)).ToHashSet();
        if (gone.Any(axis => dims[axis] != 1)) throw node.Illegal($"removes dimensions of {RowMajor.Text(dims)} that are not 1");
        return [.. dims.Where((_, axis) => !gone.Contains(axis))];
    }

    /// <summary>The dimensions with 1 inserted, such that they are at <paramref name="axes"/> of the result.</summary>
    public static int[] Unsqueeze(OnnxNode node, int[] dims, long[] axes)
    {
        var rank = dims.Length + axes.Length;
        if (rank > RowMajor.MaxRank) throw node.Illegal($"gives {rank} dimensions; at most {RowMajor.MaxRank} were expected");
        var inserted = axes.Select(axis => Axis(node, axis, rank)).ToHashSet();
        if (inserted.Count != axes.Length) throw node.Illegal($"inserts at {RowMajor.Text(axes)}; different axes were expected");
        var rest = new Queue<int>(dims);
        return [.. Enumerable.Range(0, rank).Select(axis => inserted.Contains(axis) ? 1 : rest.Dequeue())];
    }

    /// <summary>For each dimension of the result of <c>Transpose</c>, its number in the input.</summary>
    public static int[] Permutation(OnnxNode node, int rank)
    {
        var order = node.GetInts("perm", rank, 0);
        if (!node.Has("perm")) return [.. Enumerable.Range(0, rank).Reverse()];
        return order.Order().SequenceEqual(Enumerable.Range(0, rank)) ? order
            : throw node.Illegal($"has the permutation {RowMajor.Text(order)} of {rank} dimensions");
    }

    /// <summary>What <c>Slice</c> takes along each axis.</summary>
    /// <param name="node">The node, which has the bounds as attributes before operation set 10.</param>
    /// <param name="dims">Dimensions of what it slices.</param>
    /// <param name="bounds">Its inputs behind the first: starts, ends, axes and steps; null if absent.</param>
    public static SliceRange[] Slice(OnnxNode node, int[] dims, ConstantTensor?[] bounds)
    {
        long[]? Bound(int index, string attribute) =>
            bounds[index]?.Longs(node) ?? (node.Has(attribute) ? node.Get<long[]>(attribute, []) : null);
        if (Bound(0, "starts") is not { } starts || Bound(1, "ends") is not { } ends)
            throw node.Illegal("has no starts and ends, which were expected");
        var axes = Bound(2, "axes") ?? [.. Enumerable.Range(0, starts.Length).Select(axis => (long)axis)];
        var steps = Bound(3, "steps") ?? [.. Enumerable.Repeat(1L, starts.Length)];
        var areEqual = ends.Length == starts.Length && axes.Length == starts.Length && steps.Length == starts.Length;
        if (!areEqual || steps.Contains(0) || starts.Length > dims.Length)
            throw node.Illegal(
                $"has the starts {RowMajor.ShortText(starts)}, ends {RowMajor.ShortText(ends)}, axes {RowMajor.ShortText(axes)} "
                + $"and steps {RowMajor.ShortText(steps)} for {dims.Length} dimensions; as many of each, steps not 0, were expected");
        var ranges = Array.ConvertAll(dims, dim => new SliceRange(0, 1, dim));
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = Axis(node, axes[i], dims.Length);
            ranges[axis] = Range(dims[axis], starts[i], ends[i], steps[i]);
        }

        return ranges;
    }

    private static SliceRange Range(int extent, long start, long end, long step)
    {
        if (extent == 0) return new(0, 1, 0);
        step = Math.Clamp(step, -int.MaxValue, int.MaxValue);
        long FromFront(long bound, int lowest, int highest) => Math.Clamp(bound < 0 ? bound + extent : bound, lowest, highest);
        if (step > 0) (start, end) = (FromFront(start, 0, extent), FromFront(end, 0, extent));
        else (start, end) = (FromFront(start, 0, extent - 1), FromFront(end, -1, extent - 1));
        var count = (end - start + step - Math.Sign(step)) / step;
        return count <= 0 ? new(0, 1, 0) : new((int)start, (int)step, (int)count);
    }
}
