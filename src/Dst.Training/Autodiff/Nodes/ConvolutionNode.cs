using Dst.Graph;
using Dst.Kernels;
using Dst.Masks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A convolution, dense or masked. Weights are packed anew in each pass, as the optimiser may have changed them.</summary>
internal abstract unsafe class ConvolutionNode(
    Node node, Feature input, StoredFeature output, Conv2dShape shape, Parameter weight, Parameter? bias, Workspace workspace)
    : TrainingNode(node, [input], output, workspace), IDisposable
{
    protected Conv2dShape Shape { get; } = shape;

    protected Parameter Weight { get; } = weight;

    protected BiasTerm Bias { get; } = new(workspace.Tier, bias, output.Shape);

    protected float* OutputValue(int image) => ((StoredFeature)Output).Value(image);

    /// <summary>The largest run of images of which <paramref name="imageLength"/> floats each stay in the second-level cache beside five more such maps: 128 kB.</summary>
    protected static int CachedImages(int imageLength, int maxBatch) => Math.Clamp(32 * 1024 / imageLength, 1, ImageRange.LargestPart(maxBatch));

    public virtual void Dispose() => Bias.Dispose();

    /// <summary>The node in the layer's form.</summary>
    public static ConvolutionNode Create(
        Node node, Feature input, StoredFeature output, Parameter weight, Parameter? bias, Workspace workspace, int maxBatch, ConvolutionForms forms)
    {
        var shape = ((Conv2dOp)node.Operation).ShapeFor(input.Shape);
        var kept = weight.Mask?.ToKeptTaps();
        return forms.Of(workspace.Tier, node.Name, shape, kept, maxBatch) switch
        {
            { Kind: ConvolutionKind.Winograd } form => new WinogradNode(node, input, output, new(workspace.Tier, shape, kept, form.Tile, form.Rows), weight, bias, workspace, maxBatch),
            { Kind: ConvolutionKind.WinogradByPosition } form => new WinogradByPositionNode(node, input, output, new(workspace.Tier, shape, kept, form.Tile, form.Rows), weight, bias, workspace),
            _ => new DirectConvolutionNode(node, input, output, new(workspace.Tier, shape, kept), weight, bias, workspace, maxBatch),
        };
    }
}
