using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>
/// A convolution in Winograd form, where the whole batch takes each step before the next. With many filters the transformed weights
/// are larger than the tiles, so each position's weights are read once for all images, and their gradient needs no partial sums.
/// </summary>
internal sealed unsafe class WinogradByPositionNode : WinogradConvolutionNode
{
    private readonly Action<int> _gatherInput;
    private readonly Action<int> _multiply;
    private readonly Action<int> _gatherGradient;
    private readonly Action<int> _multiplyTransposed;
    private readonly Action<int> _unpackBlock;

    public WinogradByPositionNode(NodeContext context, Node node, Feature input, StoredFeature output, WinogradConvolution kernel)
        : base(context, node, input, output, kernel)
    {
        _gatherInput = context.Ranks.OfParts(GatherInput);
        _multiply = position => Kernel.Multiply(position, position + 1, OwnRows, InputTiles, Weights, OutputTiles);
        _gatherGradient = GatherGradient;
        _multiplyTransposed = MultiplyTransposed;
        _unpackBlock = block => Kernel.UnpackWeightGradient(block, WeightGradient, Weight.Gradient);
    }

    private TileRows AllRows => RowsOf(new(0, Pass.Images));

    /// <summary>Rows of tiles of this rank's images.</summary>
    private TileRows OwnRows => RowsOf(Context.Ranks.ImagesOf(Pass.Images));

    private float* InputTiles => Context.Workspace.Shared;

    private float* OutputTiles => InputTiles + Workspace.Rounded(Kernel.InputTilesLength);

    private float* WeightGradient => OutputTiles + Workspace.Rounded(Kernel.OutputTilesLength);

    protected override void PlanScratch() => Context.Workspace.ReserveShared(
        Workspace.Rounded(Kernel.InputTilesLength) + Workspace.Rounded(Kernel.OutputTilesLength) + Kernel.WeightGradientLength);

    protected override void RunForward(WorkerPool pool)
    {
        RunParts(pool, _gatherInput);
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
        pool.Run(WorkerPool.Parts, _gatherGradient);
        pool.Run(Kernel.Positions, _multiplyTransposed);
        if (Input.NeedsGradient) base.RunBackward(pool);
    }

    protected override void BackwardImages(ImageRange images, int part) =>
        Kernel.TransformInputGradient(RowsOf(images), InputTiles, AddsInputGradient(images), Input.Gradient(images.First));

    protected override void BeginBackwardPart(int part)
    {
        // The bias's gradient is gathered before the inputs' gradient, in a job of its own.
    }

    protected override void EndBackward(WorkerPool pool)
    {
        base.EndBackward(pool);
        if (Context.Ranks.Count > 1) GatherWeightGradient();
        pool.Run(Shape.FilterBlocks, _unpackBlock);
    }

    /// <summary>Rows of tiles of some images, at the images' place in the batch.</summary>
    private TileRows RowsOf(ImageRange images) => new(0, images.First * Kernel.RowsPerImage, images.Count * Kernel.RowsPerImage);

    private void GatherInput(int part)
    {
        var images = ImageRange.OfPart(Pass.Images, part);
        for (var i = 0; i < images.Count; i++)
        {
            var image = images.Slice(i, 1);
            Kernel.TransformInput(RowsOf(image), ReadInput(0, image, part), InputTiles);
        }
    }

    private void GatherGradient(int part)
    {
        Bias.BeginGradient(part);
        GatherInput(part);
        var images = ImageRange.OfPart(Pass.Images, part);
        for (var i = 0; i < images.Count; i++)
        {
            var image = images.Slice(i, 1);
            var dy = ReadOutputGradient(image, part);
            if (Context.Ranks.Owns(part)) Bias.AddGradient(image, dy, part);
            Kernel.TransformOutputGradient(RowsOf(image), dy, OutputTiles);
        }
    }

    /// <summary>
    /// The weight gradient comes first: the tiles of the input's gradient overwrite those of the input. A rank computes it for its share of
    /// the positions, with the images of all.
    /// </summary>
    private void MultiplyTransposed(int position)
    {
        if (IsOwn(position))
        {
            var (first, length) = Kernel.WeightGradientRange(position);
            new Span<float>(WeightGradient + first, length).Clear();
            Kernel.AddWeightGradient(position, position + 1, AllRows, InputTiles, OutputTiles, WeightGradient);
        }

        if (Input.NeedsGradient) Kernel.MultiplyTransposed(position, position + 1, OwnRows, OutputTiles, BackwardDataWeights, InputTiles);
    }

    private void GatherWeightGradient() => Context.Ranks.Gather(
        new Span<float>(WeightGradient, Kernel.WeightGradientLength),
        rank => rank == 0 ? 0 : EndOfPosition(Context.Ranks.FirstOf(Kernel.Positions, rank) - 1));

    private bool IsOwn(int position) =>
        position >= Context.Ranks.FirstOf(Kernel.Positions, Context.Ranks.Rank)
        && position < Context.Ranks.FirstOf(Kernel.Positions, Context.Ranks.Rank + 1);

    private int EndOfPosition(int position)
    {
        var (first, length) = Kernel.WeightGradientRange(position);
        return checked((int)(first + length));
    }
}
