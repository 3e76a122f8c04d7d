using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Operations that take, join and add channels, rows and columns.</summary>
internal static class Channels
{
    private const int ChannelAxis = 1;

    /// <summary><c>Slice</c>: a run of channels, or every n-th row and column from the first on.</summary>
    public static void Slice(NetworkImport import, OnnxNode node)
    {
        var x = import.View(node, 0);
        var ranges = ShapeRules.Slice(node, x.Dims, [.. Enumerable.Range(1, 4).Select(i => import.Constant(node, i))]);
        var changed = ranges.Index().Where(range => range.Item != new SliceRange(0, 1, x.Dims[range.Index])).ToList();
        if (changed.Count == 0)
        {
            import.Set(node, x);
        }
        else if (changed is [(ChannelAxis, { Step: 1 } channels)])
        {
            import.Set(node, import.Append(node, null, new SliceOp(channels.Start, channels.Count), import.Map(node, 0)));
        }
        else if (x is { Order: null, Dims.Length: 4 }
            && changed.TrueForAll(range => range.Index > ChannelAxis && IsEveryNth(range.Item, x.Dims[range.Index])))
        {
            if ((x.RowStep, x.ColumnStep) == (1, 1)) x = import.Map(node, 0);
            import.Set(node, x with
            {
                Dims = Array.ConvertAll(ranges, range => range.Count),
                RowStep = x.RowStep * ranges[2].Step,
                ColumnStep = x.ColumnStep * ranges[3].Step,
            });
        }
        else
        {
            var found = changed.Select(range =>
                $"{range.Item.Count} of {x.Dims[range.Index]} elements from {range.Item.Start} on in steps of {range.Item.Step} "
                + $"along the axis {range.Index}");
            throw node.Illegal(
                $"takes {string.Join(", ", found)}; a run of channels, or every n-th row and column from the first on was expected");
        }
    }

    /// <summary><c>Split</c> along the channels: a slice for each output.</summary>
    public static void Split(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var axis = ShapeRules.Axis(node, node.Get("axis", 0L), x.Dims.Length);
        if (axis != ChannelAxis) throw node.Illegal($"splits the axis {axis} of {x}; the channels (1) were expected");
        var parts = node.Outputs.Count;
        var channels = x.Shape.Channels;
        // If equal parts do not divide the channels, the last one is smaller.
        var equal = (channels + parts - 1) / parts;
        var equalSizes = Enumerable.Range(0, parts).Select(i => (long)Math.Min(equal, channels - i * equal));
        var sizes = import.Constant(node, 1)?.Longs(node) ?? node.Get<long[]>("split", [.. equalSizes]);
        if (sizes.Length != parts || sizes.Any(size => size < 1 || size > channels) || sizes.Sum() != channels)
            throw node.Illegal(
                $"splits {channels} channels into {parts} parts of {RowMajor.Text(sizes.Take(9))}; "
                + "as many sizes that add up to them were expected");
        var start = 0;
        for (var i = 0; i < parts; i++)
        {
            import.SetOutput(node, i, import.Append(node, null, new SliceOp(start, (int)sizes[i]), x));
            start += (int)sizes[i];
        }
    }

    /// <summary><c>Concat</c> along the channels.</summary>
    public static void Concat(NetworkImport import, OnnxNode node)
    {
        var inputs = node.Inputs.Select((_, i) => import.Map(node, i)).ToArray();
        var axis = ShapeRules.Axis(node, node.Get("axis", 0L), inputs[0].Dims.Length);
        if (axis != ChannelAxis) throw node.Illegal($"joins along the axis {axis}; the channels (1) were expected");
        if (inputs.Any(input => input.Dims.Length != inputs[0].Dims.Length))
            throw node.Illegal($"joins {string.Join<OnnxFeature>(" and ", inputs.Take(4))}; as many dimensions were expected");
        import.Set(node, inputs.Length == 1 ? inputs[0] : import.Append(node, null, new ConcatOp(), inputs));
    }

    /// <summary><c>Pad</c> with a constant; its sizes are attributes before operation set 11.</summary>
    public static void Pad(NetworkImport import, OnnxNode node)
    {
        if (node.Get("mode", "constant") is var mode && mode != "constant")
            throw node.Illegal($"pads in the mode '{mode}'; 'constant' was expected");
        var x = import.Map(node, 0);
        var rank = x.Dims.Length;
        var pads = import.Constant(node, 1)?.Longs(node) ?? node.Get<long[]>("pads", []);
        var axes = import.Constant(node, 3)?.Longs(node) ?? [.. Enumerable.Range(0, rank).Select(axis => (long)axis)];
        if (pads.Length != 2 * axes.Length || pads.Any(pad => pad is < 0 or > int.MaxValue))
            throw node.Illegal(
                $"has the pads {RowMajor.Text(pads.Take(9))}; two of 0 or more for each of {axes.Length} dimensions were expected");
        var (before, after) = (new int[4], new int[4]);
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = ShapeRules.Axis(node, axes[i], rank);
            (before[axis], after[axis]) = ((int)pads[i], (int)pads[i + axes.Length]);
        }

        if (before[0] + (long)after[0] > 0) throw node.Illegal("pads the batch, which is not supported");
        var value = import.Constant(node, 2)?.Scalar(node) ?? node.Get("value", 0f);
        var finite = Math.Clamp(value, float.MinValue, float.MaxValue);
        var operation = new PadOp(before[2], before[3], after[2], after[3], before[ChannelAxis], after[ChannelAxis], finite);
        import.Set(node, operation == new PadOp(0, 0, 0, 0, Value: operation.Value) ? x : import.Append(node, null, operation, x));
    }

    private static bool IsEveryNth(SliceRange range, int extent) =>
        range.Start == 0 && range.Step >= 1 && range.Count == (extent + range.Step - 1) / range.Step;
}
