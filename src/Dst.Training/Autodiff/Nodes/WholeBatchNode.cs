using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>
/// A convolution of transformed images, where the whole batch takes each step before the next. So the weights are read once for all images,
/// and their gradient needs no partial sums: a rank computes it for its share of the filters, with the images of all.
/// </summary>
internal abstract unsafe class WholeBatchNode : ConvolutionNode
{
    private readonly Action<int> _transformInputs;
    private readonly Action<int> _multiply;
    private readonly Action<int> _transformOutputGradients;
    private readonly Action<int> _multiplyTransposed;
    private readonly Action<int> _unpackOwnBlock;

    protected WholeBatchNode(NodeContext context, Node node, Feature input, StoredFeature output, Conv2dShape shape)
        : base(context, node, input, output, shape)
    {
        _transformInputs = context.Ranks.OfParts(TransformInputs);
        _multiply = Multiply;
        _transformOutputGradients = context.Ranks.OfPartsOfAll(TransformOutputGradients);
        _multiplyTransposed = MultiplyTransposed;
        _unpackOwnBlock = block => UnpackWeightGradient(OwnBlocks.First + block);
    }

    public override bool ReadsInChunks => false;

    /// <summary>Jobs into which the products are cut. Each takes all images.</summary>
    protected abstract int Jobs { get; }

    /// <summary>Transforms the input of one image.</summary>
    protected abstract void TransformInput(ImageRange image, float* x, int part);

    /// <summary>Multiplies the transformed inputs of this rank by the weights.</summary>
    protected abstract void Multiply(int job);

    /// <summary>Transforms the gradient of one image's output.</summary>
    protected abstract void TransformOutputGradient(ImageRange image, float* dy, int part);

    /// <summary>
    /// Computes the weight gradient of all images, then the gradient of this rank's transformed inputs, which overwrites these inputs.
    /// </summary>
    protected abstract void MultiplyTransposed(int job);

    /// <summary>Writes a block of filters of the weight gradient to the parameter's.</summary>
    protected abstract void UnpackWeightGradient(int block);

    protected override void RunForward(WorkerPool pool)
    {
        RunParts(pool, _transformInputs);
        pool.Run(Jobs, _multiply);
        base.RunForward(pool);
    }

    protected override void RunBackward(WorkerPool pool)
    {
        GatherImages();
        RunParts(pool, _transformOutputGradients);
        pool.Run(Jobs, _multiplyTransposed);
        if (Input.NeedsGradient) base.RunBackward(pool);
    }

    protected override void EndBackward(WorkerPool pool)
    {
        Bias.EndGradient();
        pool.Run(OwnBlocks.End - OwnBlocks.First, _unpackOwnBlock);
        Context.Gradients.Gather(Weight);
    }

    private void TransformInputs(int part)
    {
        var images = Context.Ranks.ImagesOfPart(Pass.Images, part);
        for (var i = 0; i < images.Count; i++)
        {
            var image = images.Slice(i, 1);
            TransformInput(image, ReadInput(0, image, part), part);
        }
    }

    /// <summary>Transforms inputs and output gradients, and gathers the bias's gradient on the way.</summary>
    private void TransformOutputGradients(int part)
    {
        if (Context.Ranks.Owns(part)) Bias.BeginGradient(part);
        TransformInputs(part);
        var images = Context.Ranks.ImagesOfPart(Pass.Images, part);
        for (var i = 0; i < images.Count; i++)
        {
            var image = images.Slice(i, 1);
            var dy = ReadOutputGradient(image, part);
            if (Context.Ranks.Owns(part)) Bias.AddGradient(image, dy, part);
            TransformOutputGradient(image, dy, part);
        }
    }
}
