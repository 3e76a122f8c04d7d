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

    /// <summary>For each dimension, its number before the transposition; null if there is none.</summary>
    public int[]? Order { get; init; }

    /// <inheritdoc/>
    public override string ToString() => RowMajor.Text(Dims);
}
