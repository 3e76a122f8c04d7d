using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>
/// A convolution in the frequency domain. The whole batch takes each step before the next, so that the weights of each frequency are read
/// once for all images, and their gradient needs no partial sums. A rank computes the gradient for its share of the filters.
/// </summary>
internal sealed unsafe class FftNode : ConvolutionNode
{
    private readonly FftConvolution _kernel;
    private readonly AlignedBuffer _weights;
    private readonly Action<int> _packBlock;
    private readonly Action<int> _packBackwardDataBlock;
    private readonly Action<int> _transformInput;
    private readonly Action<int> _multiply;
    private readonly Action<int> _transformOutputGradient;
    private readonly Action<int> _multiplyTransposed;
    private readonly Action<int> _unpackOwnBlock;
    private int _scratch;

    public FftNode(NodeContext context, Node node, Feature input, StoredFeature output, FftConvolution kernel)
        : base(context, node, input, output, kernel.Shape)
    {
        _kernel = kernel;
        _weights = new AlignedBuffer(kernel.WeightLength);
        _packBlock = block => _kernel.PackWeights(block, Weight.Value, _weights.Pointer);
        _packBackwardDataBlock = block => _kernel.PackBackwardDataWeights(block, Weight.Value, BackwardDataWeights);
        _transformInput = context.Ranks.OfParts(TransformInput);
        _multiply = Multiply;
        _transformOutputGradient = context.Ranks.OfPartsOfAll(TransformOutputGradient);
        _multiplyTransposed = MultiplyTransposed;
        _unpackOwnBlock = block => _kernel.UnpackWeightGradient(OwnBlocks.First + block, WeightGradient, Weight.Gradient);
    }

    public override bool ReadsInChunks => false;

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

    protected override void RunForward(WorkerPool pool)
    {
        RunParts(pool, _transformInput);
        pool.Run(WorkerPool.Parts, _multiply);
        base.RunForward(pool);
    }

    protected override void ForwardImages(ImageRange images, int part) =>
        _kernel.TransformOutput(
            TilesOf(images), OutputSpectra, new(Bias.Packed, null, Bounds.None), OutputValue(images.First), Scratch(part, _scratch));

    protected override void BeginBackward(WorkerPool pool)
    {
        if (Input.NeedsGradient) pool.Run(_kernel.BackwardDataBlocks, _packBackwardDataBlock);
    }

    protected override void RunBackward(WorkerPool pool)
    {
        GatherImages();
        RunParts(pool, _transformOutputGradient);
        pool.Run(WorkerPool.Parts, _multiplyTransposed);
        if (Input.NeedsGradient) base.RunBackward(pool);
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        var gradient = Input.Gradient(images.First);
        if (!Accumulates(0)) new Span<float>(gradient, images.Count * Input.ImageLength).Clear();
        _kernel.AddInputGradient(TilesOf(images), InputSpectra, gradient, Scratch(part, _scratch));
    }

    protected override void BeginBackwardPart(int part)
    {
        // The bias's gradient is gathered before the inputs' gradient, in a job of its own.
    }

    protected override void EndBackward(WorkerPool pool)
    {
        Bias.EndGradient();
        pool.Run(OwnBlocks.End - OwnBlocks.First, _unpackOwnBlock);
        Context.Gradients.Gather(Weight);
    }

    /// <summary>Tiles of some images, at the images' place in the batch.</summary>
    private TileRun TilesOf(ImageRange images) =>
        new(0, images.First * _kernel.TilesPerImage, images.Count * _kernel.TilesPerImage);

    private void TransformInput(int part)
    {
        var images = Context.Ranks.ImagesOfPart(Pass.Images, part);
        for (var i = 0; i < images.Count; i++)
        {
            var image = images.Slice(i, 1);
            _kernel.TransformInput(TilesOf(image), ReadInput(0, image, part), InputSpectra, Scratch(part, _scratch));
        }
    }

    private void Multiply(int job)
    {
        var (first, end) = FrequenciesOf(job);
        if (OwnTiles.Count > 0) _kernel.Multiply(first, end, OwnTiles, InputSpectra, _weights.Pointer, OutputSpectra);
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
            _kernel.TransformOutputGradient(TilesOf(image), dy, OutputSpectra, Scratch(part, _scratch));
        }
    }

    /// <summary>The weight gradient comes first: the spectra of the input's gradient overwrite those of the input.</summary>
    private void MultiplyTransposed(int job)
    {
        var (first, end) = FrequenciesOf(job);
        _kernel.MultiplyForWeightGradient(
            first, end, Tiles, InputSpectra, OutputSpectra, WeightGradient, accumulate: false, OwnBlocks);
        if (Input.NeedsGradient && OwnTiles.Count > 0)
            _kernel.MultiplyTransposed(first, end, OwnTiles, OutputSpectra, BackwardDataWeights, InputSpectra);
    }

    /// <summary>The frequencies of a job: each multiplies its share of them for all images.</summary>
    private (int First, int End) FrequenciesOf(int job) =>
        (_kernel.Frequencies * job / WorkerPool.Parts, _kernel.Frequencies * (job + 1) / WorkerPool.Parts);
}
