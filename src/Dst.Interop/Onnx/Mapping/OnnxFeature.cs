using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>
/// A value of the ONNX graph that depends on the image. It has the elements of one of our nodes' output, in the same order unless steps or
/// a transposition are still to be done. A reshape changes only <see cref="Dims"/>, until an operation needs another shape.
/// </summary>
/// <param name="Node">Our node, or <see cref="NetworkGraph.InputName"/>.</param>
/// <param name="Shape">Shape of one image in our node.</param>
/// <param name="Dims">Dimensions in the ONNX graph, the batch first.</param>
internal sealed record OnnxFeature(string Node, FeatureShape Shape, int[] Dims)
{
    /// <summary>Distance between the rows that are taken.</summary>
    public int RowStep { get; init; } = 1;

    /// <summary>Distance between the columns that are taken.</summary>
    public int ColumnStep { get; init; } = 1;

    /// <summary>For each dimension of <see cref="Transposed"/>, its number before the transposition; null if there is none.</summary>
    public int[]? Order { get; private init; }

    /// <summary>Dimensions after the transposition, which <see cref="Dims"/> may reshape.</summary>
    public int[] Transposed { get; private init; } = Dims;

    /// <summary>Whether something is reshaped after it was transposed, so that no axis is one of ours.</summary>
    public bool IsMixed => Order is not null && !Dims.AsSpan().SequenceEqual(Transposed);

    /// <summary>Which axis holds all channels and nothing else; −1 if none does.</summary>
    public int ChannelAxis => FindAxes().Channels;

    /// <summary>Which axis holds the rows; −1 if none does, as where there is one row.</summary>
    public int RowAxis => FindAxes().Rows;

    /// <summary>Which axis holds the columns; −1 if none does, as where there is one column.</summary>
    public int ColumnAxis => FindAxes().Columns;

    /// <summary>The same elements with other dimensions.</summary>
    public OnnxFeature Reshape(int[] dims) => this with { Dims = dims };

    /// <summary>The elements in another order.</summary>
    /// <param name="dims">The new dimensions.</param>
    /// <param name="order">For each, its number before any transposition.</param>
    public OnnxFeature Transpose(int[] dims, int[] order)
    {
        // Dimensions of 1 move nothing.
        var moving = order.Where((_, axis) => axis == 0 || dims[axis] != 1).ToArray();
        var isSame = order[0] == 0 && moving.SequenceEqual(moving.Order());
        return this with { Dims = dims, Transposed = dims, Order = isSame ? null : order };
    }

    /// <summary>This feature, seen in the dimensions of one whose elements it replaces one by one.</summary>
    public OnnxFeature SeenAs(OnnxFeature other) => this with { Dims = other.Dims, Order = other.Order, Transposed = other.Transposed };

    /// <summary>This feature, seen with the axes of one that has other channels at the same pixels.</summary>
    public OnnxFeature SeenAsPixelsOf(OnnxFeature other)
    {
        var dims = (int[])other.Dims.Clone();
        dims[other.ChannelAxis] = Shape.Channels;
        return SeenAs(other, dims);
    }

    /// <summary>This feature, seen with the axes of another and other extents.</summary>
    public OnnxFeature SeenAs(OnnxFeature other, int[] dims) => this with { Dims = dims, Order = other.Order, Transposed = dims };

    /// <summary>This feature, seen in the dimensions of one from which it reduces some axes to 1.</summary>
    /// <param name="other">The other.</param>
    /// <param name="axes">The axes.</param>
    /// <param name="keep">Whether these axes stay as 1, or are left out.</param>
    public OnnxFeature SeenAsReduced(OnnxFeature other, IReadOnlySet<int> axes, bool keep)
    {
        var ones = other.Dims.Select((dim, axis) => axes.Contains(axis) ? 1 : dim).ToArray();
        var order = other.Order ?? [.. Enumerable.Range(0, ones.Length)];
        if (keep) return Transpose(ones, order);
        var kept = Enumerable.Range(0, ones.Length).Where(axis => !axes.Contains(axis)).ToArray();
        var rest = kept.Select(axis => order[axis]).Order().ToList();
        return Transpose([.. kept.Select(axis => ones[axis])], [.. kept.Select(axis => rest.IndexOf(order[axis]))]);
    }

    /// <inheritdoc/>
    public override string ToString() => RowMajor.Text(Dims);

    /// <summary>Before any transposition, the channels are the first axis behind the batch that is not 1, then rows and columns.</summary>
    private (int Channels, int Rows, int Columns) FindAxes()
    {
        if (IsMixed) return (-1, -1, -1);
        var order = Order ?? [.. Enumerable.Range(0, Dims.Length)];
        int AxisOf(int source) => Array.IndexOf(order, source);
        var dims = new int[Dims.Length];
        for (var axis = 0; axis < dims.Length; axis++) dims[order[axis]] = Dims[axis];
        var channels = 1;
        while (channels < dims.Length && dims[channels] == 1 && Shape.Channels != 1) channels++;
        if (channels >= dims.Length || dims[channels] != Shape.Channels) return (-1, -1, -1);
        if (dims.AsSpan(channels + 1).SequenceEqual([Shape.Height, Shape.Width]))
            return (AxisOf(channels), AxisOf(channels + 1), AxisOf(channels + 2));
        var pixels = Enumerable.Range(channels + 1, dims.Length - channels - 1).Where(axis => dims[axis] != 1).ToArray();
        var sides = new[] { Shape.Height, Shape.Width }.Where(side => side != 1);
        if (!pixels.Select(axis => dims[axis]).SequenceEqual(sides)) return (AxisOf(channels), -1, -1);
        var rows = Shape.Height == 1 ? -1 : AxisOf(pixels[0]);
        var columns = Shape.Width == 1 ? -1 : AxisOf(pixels[^1]);
        return (AxisOf(channels), rows, columns);
    }
}
