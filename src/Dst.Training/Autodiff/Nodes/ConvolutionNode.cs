using Dst.Graph;
using Dst.Kernels;
using Dst.Training.Ranks;

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

    /// <summary>The blocks of filters whose weight gradient this rank computes, where it needs the images of all ranks.</summary>
    protected (int First, int End) OwnBlocks => Context.Ranks.OwnShareOf(Shape.FilterBlocks);

    public virtual void Dispose() => Bias.Dispose();

    /// <summary>The node of the layer's form.</summary>
    public static TrainingNode Create(NodeContext context, Node node, Feature input, StoredFeature output)
    {
        var shape = ((Conv2dOp)node.Operation).ShapeFor(input.Shape);
        var kept = context.ParameterOf(node, "weight").Mask?.ToKeptTaps();
        return context.Forms.FormOf(context.Tier, node.Name, shape, kept, context.MaxBatch) switch
        {
            WinogradForm form when form.RunsByPosition(shape) => new WinogradByPositionNode(
                context, node, input, output, new(context.Tier, form, shape, kept, context.MaxBatch * form.RowsOf(shape))),
            WinogradForm form => new WinogradNode(
                context, node, input, output, new(context.Tier, form, shape, kept, WinogradNode.RowsTogether(
                    form, shape, context.Ranks.LargestPart(context.MaxBatch)))),
            FftForm form when shape.IsDepthwise => new DepthwiseFftNode(context, node, input, output, new(context.Tier, form, shape)),
            FftForm form => new FftNode(
                context, node, input, output, new(context.Tier, form, shape, kept, context.MaxBatch * form.TilesOf(shape))),
            var form when form == ConvolutionForm.Depthwise => new DepthwiseNode(context, node, input, output, shape.ToWindowShape()),
            _ => new DirectConvolutionNode(context, node, input, output, new(context.Tier, shape, kept)),
        };
    }

    /// <summary>
    /// Images that stay in the second-level cache together: the larger of their inputs and outputs takes 128 kB, and there is room for
    /// five more such maps.
    /// </summary>
    protected int CachedImages() =>
        Math.Clamp(32 * 1024 / Math.Max(Input.ImageLength, Output.ImageLength), 1, Context.Ranks.LargestPart(Context.MaxBatch));

    /// <summary>
    /// Prepares the input's gradient of some images, and returns whether they must add to it. They must if another reader has written it,
    /// or if they do not cover it: then it is set to zero here.
    /// </summary>
    protected bool BeginInputGradient(ImageRange images, bool isCovered)
    {
        if (Accumulates(0)) return true;
        if (isCovered) return false;
        new Span<float>(Input.Gradient(images.First), images.Count * Input.ImageLength).Clear();
        return true;
    }

    /// <summary>Fetches inputs and output gradients of other ranks' images, for a weight gradient that is one sum over the batch.</summary>
    protected void GatherImages()
    {
        if (Context.Ranks.Count == 1) return;
        Input.GatherValues(Context.Ranks, Pass.Images);
        Output.GatherGradients(Context.Ranks, Pass.Images);
    }
}
