using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>
/// A convolution in Winograd form, where the whole batch takes each step before the next. It suits many filters: their transformed weights
/// are larger than the tiles. A job multiplies one position of the tiles.
/// </summary>
internal sealed unsafe class WinogradByPositionNode : WholeBatchNode
{
    private readonly WinogradConvolution _kernel;
    private readonly WinogradWeights _weights;

    public WinogradByPositionNode(NodeContext context, Node node, Feature input, StoredFeature output, WinogradConvolution kernel)
        : base(context, node, input, output, kernel.Shape)
    {
        _kernel = kernel;
        _weights = new(context.Workspace, kernel, Weight);
    }

    protected override int Jobs => _kernel.Positions;

    private TileRows AllRows => RowsOf(new(0, Pass.Images));

    /// <summary>Rows of tiles of this rank's images.</summary>
    private TileRows OwnRows => RowsOf(Context.Ranks.ImagesOf(Pass.Images));

    private float* InputTiles => Context.Workspace.Shared;

    private float* OutputTiles => InputTiles + Layout.WholeLines(_kernel.InputTilesLength);

    private float* WeightGradient => OutputTiles + Layout.WholeLines(_kernel.OutputTilesLength);

    public override void Dispose()
    {
        _weights.Dispose();
        base.Dispose();
    }

    protected override void PlanScratch()
    {
        _weights.Reserve(Input.NeedsGradient);
        Context.Workspace.ReserveShared(
            Layout.WholeLines(_kernel.InputTilesLength) + Layout.WholeLines(_kernel.OutputTilesLength) + _kernel.WeightGradientLength);
    }

    protected override void BeginForward(WorkerPool pool)
    {
        _weights.Pack(pool, keep: Pass.Frozen);
        Bias.Pack();
    }

    protected override void TransformInput(ImageRange image, float* x, int part) => _kernel.TransformInput(RowsOf(image), x, InputTiles);

    protected override void Multiply(int position)
    {
        if (OwnRows.Count > 0) _kernel.Multiply(position, position + 1, OwnRows, InputTiles, _weights.Forward, OutputTiles);
    }

    protected override void ForwardImages(ImageRange images, int part)
    {
        var y = OutputValue(images.First);
        _kernel.TransformOutput(RowsOf(images), OutputTiles, y);
        Bias.AddTo(images, y);
    }

    protected override void BeginBackward(WorkerPool pool)
    {
        if (Input.NeedsGradient) _weights.PackBackwardData(pool);
    }

    protected override void TransformOutputGradient(ImageRange image, float* dy, int part) =>
        _kernel.TransformOutputGradient(RowsOf(image), dy, OutputTiles);

    protected override void MultiplyTransposed(int position)
    {
        var (first, length) = _kernel.WeightGradientRange(position);
        new Span<float>(WeightGradient + first, length).Clear();
        _kernel.AddWeightGradient(position, position + 1, AllRows, InputTiles, OutputTiles, WeightGradient, OwnBlocks);
        if (Input.NeedsGradient && OwnRows.Count > 0)
            _kernel.MultiplyTransposed(position, position + 1, OwnRows, OutputTiles, BackwardDataWeights, InputTiles);
    }

    protected override void BackwardImages(ImageRange images, int part) =>
        _kernel.TransformInputGradient(
            RowsOf(images), InputTiles, BeginInputGradient(images, _kernel.CoversInput), Input.Gradient(images.First));

    protected override void UnpackWeightGradient(int block) => _kernel.UnpackWeightGradient(block, WeightGradient, Weight.Gradient);

    /// <summary>Rows of tiles of some images, at the images' place in the batch.</summary>
    private TileRows RowsOf(ImageRange images) => new(0, images.First * _kernel.RowsPerImage, images.Count * _kernel.RowsPerImage);
}
