using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Operations that give the same elements other dimensions.</summary>
internal static class Views
{
    public static void Reshape(NetworkImport import, OnnxNode node)
    {
        var x = import.Elements(node, 0);
        SetDims(import, node, x, ShapeRules.Reshape(node, x.Dims, import.NeededConstant(node, 1)));
    }

    public static void Flatten(NetworkImport import, OnnxNode node)
    {
        var x = import.Elements(node, 0);
        SetDims(import, node, x, ShapeRules.Flatten(node, x.Dims));
    }

    public static void Squeeze(NetworkImport import, OnnxNode node)
    {
        var x = import.Elements(node, 0);
        var ofOne = Enumerable.Range(1, x.Dims.Length - 1).Where(axis => x.Dims[axis] == 1).Select(axis => (long)axis);
        var axes = ShapeRules.Axes(node, import.Constant(node, 1)) ?? [.. ofOne];
        if (axes.Any(axis => ShapeRules.Axis(node, axis, x.Dims.Length) == 0))
            throw node.Illegal("removes the batch dimension, which is not supported");
        SetDims(import, node, x, ShapeRules.Squeeze(node, x.Dims, axes));
    }

    public static void Unsqueeze(NetworkImport import, OnnxNode node)
    {
        var x = import.Elements(node, 0);
        var axes = ShapeRules.Axes(node, import.Constant(node, 1)) ?? [];
        if (axes.Any(axis => ShapeRules.Axis(node, axis, x.Dims.Length + axes.Length) == 0))
            throw node.Illegal("inserts a dimension before the batch, which is not supported");
        SetDims(import, node, x, ShapeRules.Unsqueeze(node, x.Dims, axes));
    }

    /// <summary>
    /// <c>Transpose</c>. Of the two parts of split channels it is a channel shuffle. Of dimensions of 1 it moves nothing. Any other waits
    /// for one that undoes it.
    /// </summary>
    public static void Transpose(NetworkImport import, OnnxNode node)
    {
        var x = import.View(node, 0);
        var rank = x.Dims.Length;
        var order = ShapeRules.Permutation(node, rank);
        var dims = Array.ConvertAll(order, axis => x.Dims[axis]);
        if (x.Order is null && IsShuffle(x, order))
        {
            var shuffled = import.Append(node, null, new ChannelShuffleOp(x.Dims[1]), import.Elements(node, 0));
            import.Set(node, shuffled with { Dims = dims });
            return;
        }

        var total = Array.ConvertAll(order, axis => x.Order?[axis] ?? axis);
        var moving = total.Where((_, axis) => axis == 0 || dims[axis] != 1).ToArray();
        var isSame = total[0] == 0 && moving.SequenceEqual(moving.Order());
        if (!isSame) x = import.InAnyOrder(node, 0);
        import.Set(node, x with { Dims = dims, Order = isSame ? null : total });
    }

    public static void Identity(NetworkImport import, OnnxNode node) => import.Set(node, import.View(node, 0));

    /// <summary><c>Cast</c> of features, only to float.</summary>
    public static void Cast(NetworkImport import, OnnxNode node)
    {
        const long float32 = 1;
        if (node.Get("to", 0L) is var type && type != float32)
            throw node.Illegal($"casts features to the data type {type}; float (1) was expected");
        Identity(import, node);
    }

    /// <summary>Whether channels [a, b] become [b, a] and nothing else moves.</summary>
    private static bool IsShuffle(OnnxFeature x, int[] order) =>
        order is [0, 2, 1, ..] && order.Skip(3).SequenceEqual(Enumerable.Range(3, order.Length - 3))
        && (long)x.Dims[1] * x.Dims[2] == x.Shape.Channels && x.Dims[1] > 1 && x.Dims[2] > 1;

    private static void SetDims(NetworkImport import, OnnxNode node, OnnxFeature x, int[] dims)
    {
        if (dims.Length < 2 || dims[0] != import.Batch)
            throw node.Illegal($"turns {x} into {RowMajor.Text(dims)}; the batch was expected to stay the first dimension of several");
        import.Set(node, x with { Dims = dims });
    }
}
