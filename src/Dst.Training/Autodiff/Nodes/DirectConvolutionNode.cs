using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A convolution in direct form.</summary>
internal sealed unsafe class DirectConvolutionNode : ConvolutionNode
{
    /// <summary>Weights from this size on leave no room for partial sums in the third-level cache, in floats: 2 MB a part.</summary>
    private const int LargeWeights = 512 * 1024;

    private readonly DirectConvolution _kernel;
    private readonly AlignedBuffer _weights;
    private readonly InputFeature? _plain; // what is read as it is stored
    private readonly Action<int> _sumBlock;
    private readonly Action<int> _unpackBlock;
    private readonly Action<int> _unpackOwnBlock;
    private readonly Action<int> _backwardWeightOfBlocks;
    private readonly int _chunkImages;
    private int _scratch;

    public DirectConvolutionNode(NodeContext context, Node node, Feature input, StoredFeature output, DirectConvolution kernel)
        : base(context, node, input, output, kernel.Shape)
    {
        _kernel = kernel;
        _plain = kernel.ReadsPlain ? input as InputFeature : null;
        _weights = new AlignedBuffer(kernel.WeightLength);
        _sumBlock = SumBlock;
        _unpackBlock = block => _kernel.UnpackWeightGradient(block, new(WeightGradient, _kernel.WeightGradientLength), Weight.Gradient);
        _unpackOwnBlock = block => _unpackBlock(OwnBlocks.First + block);
        _backwardWeightOfBlocks = context.Ranks.OfParts(BackwardWeightOfBlocks);
        _chunkImages = CachedImages();
    }

    protected override int ChunkImages => _chunkImages;

    /// <summary>
    /// With large weights a part takes some blocks of filters and all images. This saves partial sums but reads all inputs in each part.
    /// </summary>
    private bool SplitsByFilters => Shape.FilterBlocks >= WorkerPool.Parts && _kernel.WeightGradientLength >= LargeWeights;

    private WeightGradientSums Sums => new(Context, partsOfSum: 1);

    /// <summary>The sum over all images, or over those of this rank: one array of all parts, or the total of theirs.</summary>
    private float* WeightGradient => Sums.First;

    public override void Dispose()
    {
        _weights.Dispose();
        base.Dispose();
    }

    protected override void PlanScratch()
    {
        _scratch = ReserveScratch(_kernel.ScratchLength);
        if (Input.NeedsGradient) Context.Workspace.ReserveWeights(_kernel.BackwardDataWeightLength);
        var sums = _kernel.WeightGradientLength;
        var parts = Context.Ranks.PartCount;
        Context.Workspace.ReservePartials(SplitsByFilters ? Layout.CeilDiv(sums, parts) : sums);
    }

    protected override void BeginForward(WorkerPool pool)
    {
        _kernel.PackWeights(Weight.Value, _weights.Span);
        Bias.Pack();
    }

    protected override void ForwardImages(ImageRange images, int part) =>
        _kernel.Forward(
            images.Count, ReadInput(images, part), _weights.Pointer, Bias.Packed, OutputValue(images.First), Scratch(part, _scratch),
            isPlain: _plain is not null);

    protected override void BeginBackward(WorkerPool pool)
    {
        if (Input.NeedsGradient) _kernel.PackBackwardDataWeights(Weight.Value, new(BackwardDataWeights, _kernel.BackwardDataWeightLength));
        if (!SplitsByFilters) return;
        GatherImages();
        RunParts(pool, _backwardWeightOfBlocks);
    }

    protected override void BeginBackwardPart(int part)
    {
        Bias.BeginGradient(part);
        if (!SplitsByFilters) new Span<float>(Sums.Of(part), _kernel.WeightGradientLength).Clear();
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        var gradient = ReadOutputGradient(images, part);
        Bias.AddGradient(images, gradient, part);
        if (!SplitsByFilters)
            _kernel.BackwardWeight(
                images.Count, ReadInput(images, part), gradient, 0, Shape.FilterBlocks,
                Sums.Of(part), Scratch(part, _scratch), isPlain: _plain is not null);
        if (Input.NeedsGradient)
            _kernel.BackwardData(
                images.Count, gradient, BackwardDataWeights, Input.Gradient(images.First),
                Scratch(part, _scratch), Accumulates(0));
    }

    protected override void EndBackward(WorkerPool pool)
    {
        Bias.EndGradient();
        if (SplitsByFilters)
        {
            pool.Run(OwnBlocks.End - OwnBlocks.First, _unpackOwnBlock);
            Context.Gradients.Gather(Weight);
        }
        else
        {
            pool.Run(Shape.FilterBlocks, _sumBlock);
            pool.Run(Shape.FilterBlocks, _unpackBlock);
            Context.Gradients.Sum(Weight);
        }
    }

    /// <summary>The input, plain or blocked.</summary>
    private float* ReadInput(ImageRange images, int part) =>
        _plain is not null ? _plain.Plain(images.First) : ReadInput(0, images, part);

    private void SumBlock(int block)
    {
        var (first, end) = _kernel.WeightGradientRange(block);
        Sums.Combine(first, end - first);
    }

    /// <summary>The first block of filters of a part.</summary>
    private int FirstBlock(int part) => Shape.FilterBlocks * part / Context.Ranks.Parts;

    private void BackwardWeightOfBlocks(int part)
    {
        int firstBlock = FirstBlock(part), endBlock = FirstBlock(part + 1);
        if (firstBlock == endBlock) return;
        var sums = WeightGradient;
        var first = _kernel.WeightGradientRange(firstBlock).First;
        new Span<float>(sums + first, _kernel.WeightGradientRange(endBlock - 1).End - first).Clear();
        var all = new ImageRange(0, Pass.Images);
        for (var i = 0; i < all.Count; i += ChunkImages)
        {
            var images = all.Slice(i, ChunkImages);
            _kernel.BackwardWeight(
                images.Count, ReadInput(images, part), ReadOutputGradient(images, part),
                firstBlock, endBlock, sums, Scratch(part, _scratch), isPlain: _plain is not null);
        }
    }
}
