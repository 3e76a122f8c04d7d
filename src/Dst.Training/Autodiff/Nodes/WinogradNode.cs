using Dst.Kernels;
using Dst.Runtime.Graph;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A 3×3 convolution in Winograd form, where a few images at a time run through all steps in the cache.</summary>
internal sealed unsafe class WinogradNode : WinogradConvolutionNode
{
    private readonly Workspace _workspace;
    private readonly Action<int> _sumWeightGradient;
    private readonly int _chunkImages;
    private int _inputTiles;
    private int _outputTiles;

    public WinogradNode(Node node, Feature input, StoredFeature output, WinogradConv2d kernel, Parameter weight, Parameter? bias, Workspace workspace, int maxBatch)
        : base(node, input, output, kernel, weight, bias, workspace)
    {
        _workspace = workspace;
        _chunkImages = CachedImages(Math.Max(input.ImageLength, output.ImageLength), maxBatch);
        _sumWeightGradient = SumWeightGradient;
    }

    protected override int ChunkImages => _chunkImages;

    protected override void PlanScratch(int maxBatch)
    {
        _inputTiles = ReserveScratch(checked((int)Kernel.InputTilesLength));
        _outputTiles = ReserveScratch(checked((int)Kernel.OutputTilesLength));
        _workspace.Reserve(0, Kernel.WeightGradientLength);
    }

    protected override void ForwardImages(ImageRange images, int part)
    {
        float* v = Scratch(part, _inputTiles), m = Scratch(part, _outputTiles);
        float* x = ReadInput(0, images, part), y = OutputValue(images.First);
        for (var first = 0; first < images.Count * Kernel.RowsPerImage; first += Kernel.Capacity)
        {
            var rows = RunOfRows(images, first);
            Kernel.TransformInput(rows, x, v);
            Kernel.Multiply(0, Kernel.Positions, rows.Count, v, Weights, m);
            Kernel.TransformOutput(rows, m, y);
        }

        AddBias(images);
    }

    protected override void BeginBackwardPart(int part)
    {
        base.BeginBackwardPart(part);
        new Span<float>(_workspace.Partial(part), Kernel.WeightGradientLength).Clear();
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        float* v = Scratch(part, _inputTiles), m = Scratch(part, _outputTiles);
        float* x = ReadInput(0, images, part), dy = ReadOutputGradient(images, part);
        Bias.AddGradient(images, dy, part);
        if (Input.NeedsGradient) BeginInputGradient(images);
        for (var first = 0; first < images.Count * Kernel.RowsPerImage; first += Kernel.Capacity)
        {
            var rows = RunOfRows(images, first);
            Kernel.TransformInput(rows, x, v);
            Kernel.TransformOutputGradient(rows, dy, m);
            Kernel.AddWeightGradient(0, Kernel.Positions, rows.Count, v, m, _workspace.Partial(part));
            if (!Input.NeedsGradient) continue;
            Kernel.MultiplyTransposed(0, Kernel.Positions, rows.Count, m, TransposedWeights, v);
            Kernel.AddInputGradient(rows, v, Input.Gradient(images.First));
        }
    }

    private TileRows RunOfRows(ImageRange images, int first) => new(first, 0, Math.Min(Kernel.Capacity, images.Count * Kernel.RowsPerImage - first));

    protected override void EndBackward(WorkerPool pool)
    {
        base.EndBackward(pool);
        pool.Run(Shape.FilterBlocks, _sumWeightGradient);
    }

    private void SumWeightGradient(int block)
    {
        var total = _workspace.Partial(0);
        for (var part = 1; part < WorkerPool.Parts; part++) Kernel.SumWeightGradient(block, _workspace.Partial(part), total);
        Kernel.UnpackWeightGradient(block, total, Weight.Gradient);
    }
}
