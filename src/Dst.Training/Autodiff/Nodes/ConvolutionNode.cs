using Dst.Graph;
using Dst.Kernels;
using Dst.Masks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A convolution, dense or masked. Weights are packed anew in each pass, as the optimiser may have changed them.</summary>
internal abstract unsafe class ConvolutionNode(NodeContext context, Node node, Feature input, StoredFeature output, Conv2dShape shape)
    : StoringNode(context, node, [input], output), IDisposable
{
    protected Conv2dShape Shape { get; } = shape;

    protected Parameter Weight { get; } = context.ParameterOf(node, "weight");

    protected BiasTerm Bias { get; } = new(context, context.FindParameterOf(node, "bias"), output.Shape);

    /// <summary>Weights of the backward-data pass, packed before it.</summary>
    protected float* BackwardDataWeights => Context.Workspace.Weights;

    /// <summary>
    /// Images that stay in the second-level cache together: the larger of their inputs and outputs takes 128 kB, and there is room for
    /// five more such maps.
    /// </summary>
    protected int CachedImages() =>
        Math.Clamp(32 * 1024 / Math.Max(Input.ImageLength, Output.ImageLength), 1, Context.Ranks.LargestPart(Context.MaxBatch));

    /// <summary>Fetches the inputs and the output gradients of other ranks' images, for a gradient that is not summed over parts.</summary>
    protected void GatherImages()
    {
        if (Context.Ranks.Count == 1) return;
        Input.GatherValues(Context.Ranks, Pass.Images);
        Output.GatherGradients(Context.Ranks, Pass.Images);
    }

    /// <summary>The blocks of filters whose weight gradient this rank computes, where it needs the images of all.</summary>
    protected (int First, int End) OwnBlocks =>
        (Context.Ranks.FirstOf(Shape.FilterBlocks, Context.Ranks.Rank), Context.Ranks.FirstOf(Shape.FilterBlocks, Context.Ranks.Rank + 1));

    public virtual void Dispose() => Bias.Dispose();

    /// <summary>The node in the layer's form.</summary>
    public static TrainingNode Create(NodeContext context, Node node, Feature input, StoredFeature output)
    {
        var shape = ((Conv2dOp)node.Operation).ShapeFor(input.Shape);
        var kept = context.ParameterOf(node, "weight").Mask?.ToKeptTaps();
        var form = context.Forms.Of(context.Tier, node.Name, shape, kept, context.MaxBatch);
        if (form == ConvolutionForm.Depthwise) return new DepthwiseNode(context, node, input, output, shape.ToWindowShape());
        if (form is FftForm depthwise && shape.IsDepthwise)
            return new DepthwiseFftNode(context, node, input, output, new(context.Tier, depthwise, shape));
        if (form is FftForm fft)
            return new FftNode(
                context, node, input, output, new(context.Tier, fft, shape, kept, context.MaxBatch * fft.TilesOf(shape)));
        if (form is not WinogradForm winograd)
            return new DirectConvolutionNode(context, node, input, output, new(context.Tier, shape, kept));
        var isByPosition = winograd.RunsByPosition(shape);
        var rows = isByPosition
            ? context.MaxBatch * winograd.RowsOf(shape)
            : WinogradNode.RowsTogether(winograd, shape, context.Ranks.LargestPart(context.MaxBatch));
        var kernel = new WinogradConvolution(context.Tier, winograd, shape, kept, rows);
        return isByPosition
            ? new WinogradByPositionNode(context, node, input, output, kernel)
            : new WinogradNode(context, node, input, output, kernel);
    }
}
