using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Operations that give the same elements other dimensions.</summary>
internal static class Views
{
    /// <summary>Whether a node gives the same elements in the same order.</summary>
    public static bool ChangesOnlyShape(OnnxNode node) =>
        node.Operation is "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Identity" or "Cast";

    /// <summary>Whether a node gives the same elements, perhaps in another order.</summary>
    public static bool IsView(OnnxNode node) => ChangesOnlyShape(node) || node.Operation == "Transpose";

    /// <summary><c>Reshape</c>: its shape is an attribute before operation set 5.</summary>
    public static void Reshape(NetworkImport import, OnnxNode node)
    {
        var x = import.InAnyOrder(node, 0);
        SetDims(import, node, x, ShapeRules.Reshape(node, x.Dims, import.Constant(node, 1)));
    }

    public static void Flatten(NetworkImport import, OnnxNode node)
    {
        var x = import.InAnyOrder(node, 0);
        SetDims(import, node, x, ShapeRules.Flatten(node, x.Dims));
    }

    /// <summary><c>Expand</c>: repeated elements are left to the product that reads them.</summary>
    public static void Expand(NetworkImport import, OnnxNode node)
    {
        var x = import.InAnyOrder(node, 0);
        var dims = import.NeededConstant(node, 1).Longs(node);
        bool Fits(long dim, int axis) => dim == x.Dims[axis] || dim == 1 || x.Dims[axis] == 1 && dim is > 0 and <= int.MaxValue;
        if (dims.Length != x.Dims.Length || !dims.Select(Fits).All(fits => fits))
            throw node.Illegal($"expands {x} to {RowMajor.ShortText(dims)}; as many dimensions were expected, equal ones or from 1 on");
        import.SetExpanded(node, x, [.. dims.Select((dim, axis) => Math.Max((int)dim, x.Dims[axis]))]);
    }

    public static void Squeeze(NetworkImport import, OnnxNode node)
    {
        var x = import.InAnyOrder(node, 0);
        var ofOne = Enumerable.Range(1, x.Dims.Length - 1).Where(axis => x.Dims[axis] == 1).Select(axis => (long)axis);
        var axes = ShapeRules.Axes(node, import.Constant(node, 1)) ?? [.. ofOne];
        if (axes.Any(axis => ShapeRules.Axis(node, axis, x.Dims.Length) == 0))
            throw node.Illegal("removes the batch dimension; leave it as the first");
        SetDims(import, node, x, ShapeRules.Squeeze(node, x.Dims, axes));
    }

    public static void Unsqueeze(NetworkImport import, OnnxNode node)
    {
        var x = import.InAnyOrder(node, 0);
        var axes = ShapeRules.Axes(node, import.Constant(node, 1)) ?? [];
        if (axes.Any(axis => ShapeRules.Axis(node, axis, x.Dims.Length + axes.Length) == 0))
            throw node.Illegal("inserts a dimension before the batch; leave the batch as the first");
        SetDims(import, node, x, ShapeRules.Unsqueeze(node, x.Dims, axes));
    }

    /// <summary>
    /// <c>Transpose</c>. Of the two parts of split channels it is a channel shuffle. Any other waits for one that undoes it, or for an
    /// operation that can read it.
    /// </summary>
    public static void Transpose(NetworkImport import, OnnxNode node)
    {
        var x = import.View(node, 0);
        var order = ShapeRules.Permutation(node, x.Dims.Length);
        var dims = Array.ConvertAll(order, axis => x.Dims[axis]);
        if (x.IsMixed) throw node.Illegal($"transposes {x} for the second time after a reshape; leave maps as [N, C, H, W]");
        if (x.Order is null && IsShuffle(x, order))
        {
            var shuffled = import.Append(node, new ChannelShuffleOp(x.Dims[1]), import.InAnyOrder(node, 0));
            import.SetOutput(node, shuffled.Reshape(dims));
            return;
        }

        int[] total = [.. order.Select(axis => x.Order?[axis] ?? axis)];
        // Steps count rows and columns that are in their places: what is transposed takes them first.
        var y = x.Transpose(dims, total);
        if (y.Order is not null) y = import.InAnyOrder(node, 0).Transpose(dims, total);
        import.SetOutput(node, y);
    }

    public static void Identity(NetworkImport import, OnnxNode node) => import.SetOutput(node, import.View(node, 0));

    /// <summary><c>Cast</c> of features to floats of any width: all are computed in 32 bits.</summary>
    public static void Cast(NetworkImport import, OnnxNode node)
    {
        if (!ShapeRules.CastsToFloat(node)) throw node.Illegal("casts features to integers; export a network of floats");
        Identity(import, node);
    }

    /// <summary>Whether channels [a, b] become [b, a] and nothing else moves.</summary>
    private static bool IsShuffle(OnnxFeature x, int[] order) =>
        order is [0, 2, 1, ..] && order.Skip(3).SequenceEqual(Enumerable.Range(3, order.Length - 3))
        && (long)x.Dims[1] * x.Dims[2] == x.Shape.Channels && x.Dims[1] > 1 && x.Dims[2] > 1;

    private static void SetDims(NetworkImport import, OnnxNode node, OnnxFeature x, int[] dims)
    {
        // One score of each image may be [N].
        if (dims.Length == 0 || dims.Length == 1 && x.Shape.Count != 1 || dims[0] != import.Batch)
            throw node.Illegal($"turns {x} into {RowMajor.Text(dims)}; leave the batch as the first dimension of several");
        import.SetOutput(node, x.Reshape(dims));
    }
}
