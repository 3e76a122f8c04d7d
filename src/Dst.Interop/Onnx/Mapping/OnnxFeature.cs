using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>
/// A value of the ONNX graph that depends on the image. It has the elements of the output of one of our nodes in the same order:
/// reshaping changes <see cref="Dims"/> alone, until an operation needs another shape. Steps and a transposition that have not been
/// carried out yet are the exceptions.
/// </summary>
/// <param name="Node">Our node, or <see cref="NetworkGraph.InputName"/>.</param>
/// <param name="Shape">Shape of one image in our node.</param>
/// <param name="Dims">Dimensions in the ONNX graph, the batch first.</param>
internal sealed record OnnxFeature(string Node, FeatureShape Shape, int[] Dims)
{
    /// <summary>Every how many rows are taken.</summary>
    public int RowStep { get; init; } = 1;

    /// <summary>Every how many columns are taken.</summary>
    public int ColumnStep { get; init; } = 1;

    /// <summary>For each dimension, which one it is of those before the transposition; null if there is none.</summary>
    public int[]? Order { get; init; }

    /// <inheritdoc/>
    public override string ToString() => RowMajor.Text(Dims);
}
