using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>
/// A convolution in the frequency domain. The whole batch takes each step before the next, and a job multiplies its share of the
/// frequencies.
/// </summary>
internal sealed unsafe class FftNode : WholeBatchNode
{
    private readonly FftConvolution _kernel;
    private readonly AlignedBuffer _weights;
    private readonly Action<int> _packBlock;
    private readonly Action<int> _packBackwardDataBlock;
    private int _scratch;

    public FftNode(NodeContext context, Node node, Feature input, StoredFeature output, FftConvolution kernel)
        : base(context, node, input, output, kernel.Shape)
    {
        _kernel = kernel;
        _weights = new AlignedBuffer(kernel.WeightLength);
        _packBlock = block => _kernel.PackWeights(block, Weight.Value, _weights.Pointer);
        _packBackwardDataBlock = block => _kernel.PackBackwardDataWeights(block, Weight.Value, BackwardDataWeights);
    }

    protected override int Jobs => WorkerPool.Parts;

    private int Tiles => Pass.Images * _kernel.TilesPerImage;

    /// <summary>Tiles of this rank's images.</summary>
    private TileRun OwnTiles => TilesOf(Context.Ranks.ImagesOf(Pass.Images));

    private float* InputSpectra => Context.Workspace.Shared;

    private float* OutputSpectra => InputSpectra + _kernel.InputSpectraLength;

    private float* WeightGradient => OutputSpectra + _kernel.OutputSpectraLength;

    public override void Dispose()
    {
        _weights.Dispose();
        base.Dispose();
    }

    protected override void PlanScratch()
    {
        _scratch = ReserveScratch(_kernel.ScratchLength);
        if (Input.NeedsGradient) Context.Workspace.ReserveWeights(_kernel.BackwardDataWeightLength);
        Context.Workspace.ReserveShared(_kernel.InputSpectraLength + _kernel.OutputSpectraLength + _kernel.WeightLength);
    }

    protected override void BeginForward(WorkerPool pool)
    {
        pool.Run(Shape.FilterBlocks, _packBlock);
        Bias.Pack();
    }

    protected override void TransformInput(ImageRange image, float* x, int part) =>
        _kernel.TransformInput(TilesOf(image), x, InputSpectra, Scratch(part, _scratch));

    protected override void Multiply(int job)
    {
        var (first, end) = FrequenciesOf(job);
        if (OwnTiles.Count > 0) _kernel.Multiply(first, end, OwnTiles, InputSpectra, _weights.Pointer, OutputSpectra);
    }

    protected override void ForwardImages(ImageRange images, int part) =>
        _kernel.TransformOutput(
            TilesOf(images), OutputSpectra, new(Bias.Packed, null, Bounds.None), OutputValue(images.First), Scratch(part, _scratch));

    protected override void BeginBackward(WorkerPool pool)
    {
        if (Input.NeedsGradient) pool.Run(_kernel.BackwardDataBlocks, _packBackwardDataBlock);
    }

    protected override void TransformOutputGradient(ImageRange image, float* dy, int part) =>
        _kernel.TransformOutputGradient(TilesOf(image), dy, OutputSpectra, Scratch(part, _scratch));

    protected override void MultiplyTransposed(int job)
    {
        var (first, end) = FrequenciesOf(job);
        _kernel.MultiplyForWeightGradient(
            first, end, Tiles, InputSpectra, OutputSpectra, WeightGradient, accumulate: false, OwnBlocks);
        if (Input.NeedsGradient && OwnTiles.Count > 0)
            _kernel.MultiplyTransposed(first, end, OwnTiles, OutputSpectra, BackwardDataWeights, InputSpectra);
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        BeginInputGradient(images, isCovered: false);
        _kernel.AddInputGradient(TilesOf(images), InputSpectra, Input.Gradient(images.First), Scratch(part, _scratch));
    }

    protected override void UnpackWeightGradient(int block) => _kernel.UnpackWeightGradient(block, WeightGradient, Weight.Gradient);

    /// <summary>Tiles of some images, at the images' place in the batch.</summary>
    private TileRun TilesOf(ImageRange images) =>
        new(0, images.First * _kernel.TilesPerImage, images.Count * _kernel.TilesPerImage);

    private (int First, int End) FrequenciesOf(int job) =>
        (_kernel.Frequencies * job / WorkerPool.Parts, _kernel.Frequencies * (job + 1) / WorkerPool.Parts);
}
