using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A convolution in Winograd form, where a few images at a time run through all steps in the cache.</summary>
internal sealed unsafe class WinogradNode : WinogradConvolutionNode
{
    /// <summary>From this size of the weight gradient on, two parts of the batch share their sums, in floats: 1 MB.</summary>
    private const int LargeWeights = 256 * 1024;

    /// <summary>
    /// Transformed weights from this size on leave the second-level cache between two runs, in floats. A run then has at least
    /// <see cref="FewTiles"/> tiles.
    /// </summary>
    private const int MediumWeights = 250_000;
    private const int FewTiles = 32;

    private readonly int _sums;
    private readonly Action<int> _backwardParts;
    private readonly Action<int> _sumPosition;
    private readonly Action<int> _unpackBlock;
    private readonly int _chunkImages;
    private int _inputTiles;
    private int _outputTiles;

    public WinogradNode(NodeContext context, Node node, Feature input, StoredFeature output, WinogradConvolution kernel)
        : base(context, node, input, output, kernel)
    {
        _chunkImages = CachedImages();
        _sums = kernel.WeightGradientLength >= LargeWeights ? WorkerPool.Parts / 2 : WorkerPool.Parts;
        _backwardParts = BackwardParts;
        _sumPosition = SumPosition;
        _unpackBlock = block => Kernel.UnpackWeightGradient(block, Context.Workspace.Partial(0), Weight.Gradient);
    }

    protected override int ChunkImages => _chunkImages;

    /// <summary>Rows of tiles that go through all steps together.</summary>
    public static int RowsTogether(WinogradForm form, Conv2dShape shape, int maxBatch)
    {
        var (rows, columns) = (form.CachedRowsOf(shape), form.ColumnsOf(shape));
        if (form.WeightsOf(shape) >= MediumWeights) rows = Math.Max(rows, (FewTiles + columns - 1) / columns);
        return Math.Clamp(rows, 1, ImageRange.LargestPart(maxBatch) * form.RowsOf(shape));
    }

    protected override void PlanScratch()
    {
        _inputTiles = ReserveScratch(checked((int)Kernel.InputTilesLength));
        _outputTiles = ReserveScratch(checked((int)Kernel.OutputTilesLength));
        Context.Workspace.Reserve(0, Kernel.WeightGradientLength);
    }

    protected override void ForwardImages(ImageRange images, int part)
    {
        float* v = Scratch(part, _inputTiles), m = Scratch(part, _outputTiles);
        float* x = ReadInput(0, images, part), y = OutputValue(images.First);
        for (var first = 0; first < images.Count * Kernel.RowsPerImage; first += Kernel.Capacity)
        {
            var rows = RunOfRows(images, first);
            Kernel.TransformInput(rows, x, v);
            Kernel.Multiply(0, Kernel.Positions, rows, v, Weights, m);
            Kernel.TransformOutput(rows, m, y);
        }

        AddBias(images);
    }

    protected override void BeginBackwardPart(int part)
    {
        base.BeginBackwardPart(part);
        if (part * _sums % WorkerPool.Parts == 0) new Span<float>(Sums(part), Kernel.WeightGradientLength).Clear();
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        float* v = Scratch(part, _inputTiles), m = Scratch(part, _outputTiles);
        float* x = ReadInput(0, images, part), dy = ReadOutputGradient(images, part);
        Bias.AddGradient(images, dy, part);
        var adds = Input.NeedsGradient && AddsInputGradient(images);
        for (var first = 0; first < images.Count * Kernel.RowsPerImage; first += Kernel.Capacity)
        {
            var rows = RunOfRows(images, first);
            Kernel.TransformInput(rows, x, v);
            Kernel.TransformOutputGradient(rows, dy, m);
            Kernel.AddWeightGradient(0, Kernel.Positions, rows, v, m, Sums(part));
            if (!Input.NeedsGradient) continue;
            Kernel.MultiplyTransposed(0, Kernel.Positions, rows, m, BackwardDataWeights, v);
            Kernel.TransformInputGradient(rows, v, adds, Input.Gradient(images.First));
        }
    }

    private TileRows RunOfRows(ImageRange images, int first) =>
        new(first, 0, Math.Min(Kernel.Capacity, images.Count * Kernel.RowsPerImage - first));

    protected override void EndBackward(WorkerPool pool)
    {
        base.EndBackward(pool);
        pool.Run(Kernel.Positions, _sumPosition);
        pool.Run(Shape.FilterBlocks, _unpackBlock);
    }

    protected override void RunBackward(WorkerPool pool) => pool.Run(_sums, _backwardParts);

    /// <summary>The parts that add to the same sums, one after another.</summary>
    private void BackwardParts(int sums)
    {
        for (var part = sums * WorkerPool.Parts / _sums; part < (sums + 1) * WorkerPool.Parts / _sums; part++) BackwardPart(part);
    }

    private float* Sums(int part) => Context.Workspace.Partial(part * _sums / WorkerPool.Parts);

    private void SumPosition(int position)
    {
        var (first, length) = Kernel.WeightGradientRange(position);
        for (var sums = 1; sums < _sums; sums++)
            Elementwise.Accumulate(Tier, Context.Workspace.Partial(sums) + first, length, Context.Workspace.Partial(0) + first);
    }
}
