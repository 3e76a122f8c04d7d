using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>
/// A convolution in Winograd form, where the whole batch takes each step before the next. With many filters the transformed weights
/// are larger than the tiles, so each position's weights are read once for all images, and their gradient needs no partial sums.
/// </summary>
internal sealed unsafe class WinogradByPositionNode : WinogradConvolutionNode
{
    private readonly Action<int> _transformInput;
    private readonly Action<int> _multiply;
    private readonly Action<int> _transformOutputGradient;
    private readonly Action<int> _multiplyTransposed;
    private readonly Action<int> _unpackOwnBlock;

    public WinogradByPositionNode(NodeContext context, Node node, Feature input, StoredFeature output, WinogradConvolution kernel)
        : base(context, node, input, output, kernel)
    {
        _transformInput = context.Ranks.OfParts(TransformInput);
        _multiply = Multiply;
        _transformOutputGradient = context.Ranks.OfPartsOfAll(TransformOutputGradient);
        _multiplyTransposed = MultiplyTransposed;
        _unpackOwnBlock = block => Kernel.UnpackWeightGradient(OwnBlocks.First + block, WeightGradient, Weight.Gradient);
    }

    public override bool ReadsInChunks => false;

    private TileRows AllRows => RowsOf(new(0, Pass.Images));

    /// <summary>Rows of tiles of this rank's images.</summary>
    private TileRows OwnRows => RowsOf(Context.Ranks.ImagesOf(Pass.Images));

    private float* InputTiles => Context.Workspace.Shared;

    private float* OutputTiles => InputTiles + Layout.WholeLines(Kernel.InputTilesLength);

    private float* WeightGradient => OutputTiles + Layout.WholeLines(Kernel.OutputTilesLength);

    protected override void PlanScratch()
    {
        base.PlanScratch();
        Context.Workspace.ReserveShared(
            Layout.WholeLines(Kernel.InputTilesLength) + Layout.WholeLines(Kernel.OutputTilesLength) + Kernel.WeightGradientLength);
    }

    protected override void RunForward(WorkerPool pool)
    {
        RunParts(pool, _transformInput);
        pool.Run(Kernel.Positions, _multiply);
        base.RunForward(pool);
    }

    protected override void ForwardImages(ImageRange images, int part)
    {
        Kernel.TransformOutput(RowsOf(images), OutputTiles, OutputValue(images.First));
        AddBias(images);
    }

    protected override void RunBackward(WorkerPool pool)
    {
        GatherImages();
        RunParts(pool, _transformOutputGradient);
        pool.Run(Kernel.Positions, _multiplyTransposed);
        if (Input.NeedsGradient) base.RunBackward(pool);
    }

    protected override void BackwardImages(ImageRange images, int part) =>
        Kernel.TransformInputGradient(RowsOf(images), InputTiles, BeginInputGradient(images), Input.Gradient(images.First));

    protected override void BeginBackwardPart(int part)
    {
        // The bias's gradient is gathered before the inputs' gradient, in a job of its own.
    }

    protected override void EndBackward(WorkerPool pool)
    {
        base.EndBackward(pool);
        pool.Run(OwnBlocks.End - OwnBlocks.First, _unpackOwnBlock);
        Context.Gradients.Gather(Weight);
    }

    /// <summary>Rows of tiles of some images, at the images' place in the batch.</summary>
    private TileRows RowsOf(ImageRange images) => new(0, images.First * Kernel.RowsPerImage, images.Count * Kernel.RowsPerImage);

    private void TransformInput(int part)
    {
        var images = Context.Ranks.ImagesOfPart(Pass.Images, part);
        for (var i = 0; i < images.Count; i++)
        {
            var image = images.Slice(i, 1);
            Kernel.TransformInput(RowsOf(image), ReadInput(0, image, part), InputTiles);
        }
    }

    private void TransformOutputGradient(int part)
    {
        if (Context.Ranks.Owns(part)) Bias.BeginGradient(part);
        TransformInput(part);
        var images = Context.Ranks.ImagesOfPart(Pass.Images, part);
        for (var i = 0; i < images.Count; i++)
        {
            var image = images.Slice(i, 1);
            var dy = ReadOutputGradient(image, part);
            if (Context.Ranks.Owns(part)) Bias.AddGradient(image, dy, part);
            Kernel.TransformOutputGradient(RowsOf(image), dy, OutputTiles);
        }
    }

    private void Multiply(int position)
    {
        if (OwnRows.Count > 0) Kernel.Multiply(position, position + 1, OwnRows, InputTiles, Weights, OutputTiles);
    }

    /// <summary>
    /// The weight gradient comes first: the tiles of the input's gradient overwrite those of the input. A rank computes it for its share of
    /// the filters, with the images of all.
    /// </summary>
    private void MultiplyTransposed(int position)
    {
        var (first, length) = Kernel.WeightGradientRange(position);
        new Span<float>(WeightGradient + first, length).Clear();
        Kernel.AddWeightGradient(position, position + 1, AllRows, InputTiles, OutputTiles, WeightGradient, OwnBlocks);
        if (Input.NeedsGradient && OwnRows.Count > 0)
            Kernel.MultiplyTransposed(position, position + 1, OwnRows, OutputTiles, BackwardDataWeights, InputTiles);
    }
}
