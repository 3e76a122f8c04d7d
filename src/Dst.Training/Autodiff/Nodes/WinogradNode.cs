using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A convolution in Winograd form, where a few images at a time run through all steps in the cache.</summary>
internal sealed unsafe class WinogradNode : ConvolutionNode
{
    /// <summary>From this size of the weight gradient on, two parts of the batch share their sums, in floats: 1 MB.</summary>
    private const int LargeWeights = 256 * 1024;

    /// <summary>
    /// Transformed weights from this size on leave the second-level cache between two runs, in floats. A run then has at least
    /// <see cref="FewTiles"/> tiles.
    /// </summary>
    private const int MediumWeights = 250_000;
    private const int FewTiles = 32;

    private readonly WinogradConvolution _kernel;
    private readonly WinogradWeights _weights;
    private readonly int _partsOfSum;
    private readonly Action<int> _backwardParts;
    private readonly Action<int> _unpackBlock;
    private readonly int _chunkImages;
    private int _inputTiles;
    private int _outputTiles;

    public WinogradNode(NodeContext context, Node node, Feature input, StoredFeature output, WinogradConvolution kernel)
        : base(context, node, input, output, kernel.Shape)
    {
        _kernel = kernel;
        _weights = new(context.Workspace, kernel, Weight);
        _chunkImages = CachedImages();
        _partsOfSum = kernel.WeightGradientLength >= LargeWeights ? 2 : 1;
        if (_partsOfSum > context.Ranks.PartCount)
            throw new InputException(
                $"layer '{node.Name}' has so many weights that two parts of a batch share a sum, and each of {context.Ranks.Count} ranks "
                + $"has one part; {context.Ranks.Count / 2} ranks or fewer were expected, or a larger number of parts in key parts");
        _backwardParts = BackwardParts;
        _unpackBlock = block => _kernel.UnpackWeightGradient(block, new WinogradSums(Sums.First, Sums.Pitch, Sums.Count), Weight.Gradient);
    }

    protected override int ChunkImages => _chunkImages;

    private WeightGradientSums Sums => new(Context, _partsOfSum);

    /// <summary>Rows of tiles that go through all steps together.</summary>
    public static int RowsTogether(WinogradForm form, Conv2dShape shape, int imagesOfPart)
    {
        var (rows, columns) = (form.CachedRowsOf(shape), form.ColumnsOf(shape));
        if (form.WeightsOf(shape) >= MediumWeights) rows = Math.Max(rows, Layout.CeilDiv(FewTiles, columns));
        return Math.Clamp(rows, 1, imagesOfPart * form.RowsOf(shape));
    }

    public override void Dispose()
    {
        _weights.Dispose();
        base.Dispose();
    }

    protected override void PlanScratch()
    {
        _weights.Reserve(Input.NeedsGradient);
        _inputTiles = ReserveScratch(checked((int)_kernel.InputTilesLength));
        _outputTiles = ReserveScratch(checked((int)_kernel.OutputTilesLength));
        Context.Workspace.ReservePartials(_kernel.WeightGradientLength);
    }

    protected override void BeginForward(WorkerPool pool)
    {
        _weights.Pack(pool, keep: Pass.Frozen);
        Bias.Pack();
    }

    protected override void ForwardImages(ImageRange images, int part)
    {
        float* v = Scratch(part, _inputTiles), m = Scratch(part, _outputTiles);
        float* x = ReadInput(0, images, part), y = OutputValue(images.First);
        MemoryRange written = Output.Values(images), next = Input.Values(images.Next(Pass.Images));
        for (var first = 0; first < images.Count * _kernel.RowsPerImage; first += _kernel.Capacity)
        {
            var rows = RunOfRows(images, first);
            _kernel.TransformInput(rows, x, v);
            _kernel.Multiply(
                0, _kernel.Positions, rows, v, _weights.Forward, m, new(ShareOf(written, rows, images), ShareOf(next, rows, images)));
            _kernel.TransformOutput(rows, m, y);
        }

        Bias.AddTo(images, y);
    }

    protected override void BeginBackward(WorkerPool pool)
    {
        if (Input.NeedsGradient) _weights.PackBackwardData(pool);
    }

    protected override void BeginBackwardPart(int part)
    {
        Bias.BeginGradient(part);
        if (part % _partsOfSum == 0) new Span<float>(Sums.Of(part), _kernel.WeightGradientLength).Clear();
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        float* v = Scratch(part, _inputTiles), m = Scratch(part, _outputTiles);
        float* x = ReadInput(0, images, part), dy = ReadOutputGradient(images, part);
        Bias.AddGradient(images, dy, part);
        var accumulate = Input.NeedsGradient && BeginInputGradient(images, _kernel.CoversInput);

        // What is fetched ahead: what these images write, and what the next ones read.
        var next = images.Next(Pass.Images);
        var nextInputs = Input.Values(next);
        MemoryRange written = default, completed = default, nextGradients = default, nextOutputs = default;
        if (Input.NeedsGradient)
        {
            written = Input.Gradients(images);
            if (CompletesGradient(0)) completed = Input.ValuesOfOperands(images);
            nextGradients = Output.GradientsRead(next);
            if (Output.IsGradientComputed) nextOutputs = Output.Values(next);
        }

        for (var first = 0; first < images.Count * _kernel.RowsPerImage; first += _kernel.Capacity)
        {
            var rows = RunOfRows(images, first);
            _kernel.TransformInput(rows, x, v);
            _kernel.TransformOutputGradient(rows, dy, m);
            _kernel.AddWeightGradient(
                0, _kernel.Positions, rows, v, m, Sums.Of(part),
                prefetch: new(ShareOf(written, rows, images), ShareOf(completed, rows, images), ShareOf(nextInputs, rows, images)));
            if (!Input.NeedsGradient) continue;
            _kernel.MultiplyTransposed(
                0, _kernel.Positions, rows, m, BackwardDataWeights, v,
                new(ShareOf(nextGradients, rows, images), ShareOf(nextOutputs, rows, images)));
            _kernel.TransformInputGradient(rows, v, accumulate, Input.Gradient(images.First));
        }
    }

    protected override void EndBackward(WorkerPool pool)
    {
        Bias.EndGradient();
        pool.Run(Shape.FilterBlocks, _unpackBlock);
        Context.Gradients.Sum(Weight);
    }

    protected override void RunBackward(WorkerPool pool) => pool.Run(Context.Ranks.PartCount / _partsOfSum, _backwardParts);

    private TileRows RunOfRows(ImageRange images, int first) =>
        new(first, 0, Math.Min(_kernel.Capacity, images.Count * _kernel.RowsPerImage - first));

    /// <summary>What a run of rows fetches of memory that all runs of some images fetch together.</summary>
    private MemoryRange ShareOf(MemoryRange memory, TileRows rows, ImageRange images) =>
        memory.Slice(rows.First, rows.Count, images.Count * _kernel.RowsPerImage);

    /// <summary>The parts that add to the same sums, one after another.</summary>
    private void BackwardParts(int sum)
    {
        var first = Context.Ranks.FirstPart + sum * _partsOfSum;
        for (var part = first; part < first + _partsOfSum; part++) BackwardPart(part);
    }
}
