using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Operations that take, join and add channels, rows and columns.</summary>
internal static class Channels
{
    /// <summary>Runs of channels that one node may take. Hostile files may take many.</summary>
    private const int MaxRuns = 64;

    /// <summary><c>Slice</c>: channels, or every n-th row and column from the first on.</summary>
    public static void Slice(NetworkImport import, OnnxNode node)
    {
        var x = import.View(node, 0);
        var ranges = ShapeRules.Slice(node, x.Dims, [.. Enumerable.Range(1, 4).Select(i => import.Constant(node, i))]);
        var changed = ranges.Index().Where(range => range.Item != new SliceRange(0, 1, x.Dims[range.Index])).ToList();
        if (changed.Count == 0)
        {
            import.SetOutput(node, x);
        }
        else if (changed is [(var axis, var range)] && axis == import.WithChannels(node, 0).ChannelAxis)
        {
            var channels = Enumerable.Range(0, range.Count).Select(i => range.Start + i * range.Step);
            import.SetOutput(node, Take(import, node, [.. channels]));
        }
        else if (x is { Order: null, Dims.Length: 4 }
            && changed.TrueForAll(range => range.Index > 1 && IsEveryNth(range.Item, x.Dims[range.Index])))
        {
            if ((x.RowStep, x.ColumnStep) == (1, 1)) x = import.Map(node, 0);
            import.SetOutput(node, x with
            {
                Dims = Array.ConvertAll(ranges, range => range.Count),
                RowStep = x.RowStep * ranges[2].Step,
                ColumnStep = x.ColumnStep * ranges[3].Step,
            });
        }
        else
        {
            throw node.Illegal($"takes a part of {x}; take channels, or every n-th row and column from the first on");
        }
    }

    /// <summary><c>Gather</c> of channels: one, which leaves out their axis, or a list.</summary>
    public static void Gather(NetworkImport import, OnnxNode node)
    {
        var x = import.WithChannels(node, 0);
        var axis = ShapeRules.Axis(node, node.Get("axis", 0L), x.Dims.Length);
        var indices = import.NeededConstant(node, 1);
        var channels = x.Shape.Channels;
        if (axis != x.ChannelAxis || indices.Shape.Length > 1 || indices.Count > channels)
            throw node.Illegal(
                Invariant($"takes {RowMajor.Text(indices.Shape)} elements along the axis {axis} of {x}; take one channel, or a list of ")
                + "at most all");
        int Channel(long index) => index >= -channels && index < channels ? (int)(index < 0 ? index + channels : index)
            : throw node.Illegal(Invariant($"takes the channel {index} of {x}; {-channels} to {channels - 1} were expected"));
        var y = Take(import, node, Array.ConvertAll(indices.Longs(node), Channel));
        import.SetOutput(node, indices.Shape.Length == 1 ? y : y.Reshape([.. x.Dims[..axis], .. x.Dims[(axis + 1)..]]));
    }

    /// <summary>The given channels of the first input: a slice of each run, joined.</summary>
    private static OnnxFeature Take(NetworkImport import, OnnxNode node, int[] channels)
    {
        var x = import.WithChannels(node, 0);
        var runs = channels.Where((channel, i) => i == 0 || channel != channels[i - 1] + 1).Count();
        if (runs is 0 or > MaxRuns) throw node.Illegal($"takes {runs} runs of channels of {x}; 1 to {MaxRuns} were expected");
        var parts = new List<OnnxFeature>();
        for (var (start, end) = (0, 0); start < channels.Length; start = end)
        {
            for (end = start + 1; end < channels.Length && channels[end] == channels[end - 1] + 1;) end++;
            parts.Add(import.Append(node, new SliceOp(channels[start], end - start), x));
        }

        return (parts is [var only] ? only : import.Append(node, new ConcatOp(), [.. parts])).SeenAsPixelsOf(x);
    }

    /// <summary><c>Split</c> along the channels: a slice for each output.</summary>
    public static void Split(NetworkImport import, OnnxNode node)
    {
        var x = import.WithChannels(node, 0);
        var axis = ShapeRules.Axis(node, node.Get("axis", 0L), x.Dims.Length);
        if (axis != x.ChannelAxis) throw node.Illegal(Invariant($"splits the axis {axis} of {x}; split the channels"));
        var parts = node.Outputs.Count;
        var channels = x.Shape.Channels;
        // If equal parts do not divide the channels, the last one is smaller.
        var equal = (channels + parts - 1) / parts;
        var equalSizes = Enumerable.Range(0, parts).Select(i => (long)Math.Min(equal, channels - i * equal));
        var sizes = import.Constant(node, 1)?.Longs(node) ?? node.Get<long[]>("split", [.. equalSizes]);
        if (sizes.Length != parts || sizes.Any(size => size < 1 || size > channels) || sizes.Sum() != channels)
            throw node.Illegal(
                $"splits {channels} channels into {parts} parts of {RowMajor.ShortText(sizes)}; "
                + "as many sizes that add up to them were expected");
        var start = 0;
        for (var i = 0; i < parts; i++)
        {
            import.SetOutput(node, i, import.Append(node, new SliceOp(start, (int)sizes[i]), x).SeenAsPixelsOf(x));
            start += (int)sizes[i];
        }
    }

    /// <summary><c>Concat</c> along the channels.</summary>
    public static void Concat(NetworkImport import, OnnxNode node)
    {
        var inputs = node.Inputs.Select((_, i) => import.WithChannels(node, i)).ToArray();
        var first = inputs[0];
        var axis = ShapeRules.Axis(node, ShapeRules.ConcatAxis(node), first.Dims.Length);
        bool Fits(OnnxFeature input) => input.ChannelAxis == axis && input.Dims.Length == first.Dims.Length
            && (input.RowAxis, input.ColumnAxis) == (first.RowAxis, first.ColumnAxis);
        if (!inputs.All(Fits))
            throw node.Illegal(
                Invariant($"joins {string.Join<OnnxFeature>(" and ", inputs.Take(4))} along the axis {axis}; join channels of equal maps"));
        import.SetOutput(node, inputs.Length == 1 ? first : import.Append(node, new ConcatOp(), inputs).SeenAsPixelsOf(first));
    }

    /// <summary><c>Pad</c> with a constant or with the map's own values; its sizes are attributes before operation set 11.</summary>
    public static void Pad(NetworkImport import, OnnxNode node)
    {
        var mode = node.Get("mode", "constant");
        if (mode is not ("constant" or "reflect" or "edge"))
            throw node.Illegal($"pads in the mode '{mode}'; constant, reflect or edge was expected");
        var x = import.WithChannels(node, 0);
        var rank = x.Dims.Length;
        var (before, after) = ReadPads(import, node, rank);
        int[] known = [x.ChannelAxis, x.RowAxis, x.ColumnAxis];
        if (Enumerable.Range(0, rank).Any(axis => (before[axis] > 0 || after[axis] > 0) && !known.Contains(axis)))
            throw node.Illegal($"pads {x} along an axis that is neither channels, rows nor columns; pad [N, C, H, W]");
        (int Before, int After) On(int axis) => axis < 0 ? (0, 0) : (before[axis], after[axis]);
        var (channels, rows, columns) = (On(x.ChannelAxis), On(x.RowAxis), On(x.ColumnAxis));
        if (mode != "constant" && channels != (0, 0))
            throw node.Illegal($"pads channels of {x} in the mode '{mode}'; pad rows and columns");
        var value = import.Constant(node, 2)?.Scalar(node) ?? node.Get("value", 0f);
        Operation operation = mode == "constant"
            ? new PadOp(
                rows.Before, columns.Before, rows.After, columns.After, channels.Before, channels.After,
                Math.Clamp(value, float.MinValue, float.MaxValue))
            : new EdgePadOp(rows.Before, columns.Before, rows.After, columns.After, mode == "reflect");
        var padded = x.Dims.Select((dim, axis) => dim + before[axis] + after[axis]).ToArray();
        import.SetOutput(node, padded.SequenceEqual(x.Dims) ? x : import.Append(node, operation, x).SeenAs(x, padded));
    }

    /// <summary>Elements to add before and after each dimension.</summary>
    private static (int[] Before, int[] After) ReadPads(NetworkImport import, OnnxNode node, int rank)
    {
        var pads = import.Constant(node, 1)?.Longs(node) ?? node.Get<long[]>(node.Opset < 2 ? "paddings" : "pads", []);
        var axes = import.Constant(node, 3)?.Longs(node) ?? [.. Enumerable.Range(0, rank).Select(axis => (long)axis)];
        if (pads.Length != 2 * axes.Length || pads.Any(pad => pad is < 0 or > int.MaxValue))
            throw node.Illegal(
                $"has the pads {RowMajor.ShortText(pads)}; two of 0 or more for each of {axes.Length} dimensions were expected");
        var (before, after) = (new int[rank], new int[rank]);
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = ShapeRules.Axis(node, axes[i], rank);
            (before[axis], after[axis]) = ((int)pads[i], (int)pads[i + axes.Length]);
        }

        return (before, after);
    }

    private static bool IsEveryNth(SliceRange range, int extent) =>
        range.Start == 0 && range.Step >= 1 && range.Count == (extent + range.Step - 1) / range.Step;
}
