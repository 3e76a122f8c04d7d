using Dst.Kernels;
using Dst.Runtime.Graph;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A 3×3 convolution in Winograd form, where a few images at a time run through all steps in the cache.</summary>
internal sealed unsafe class WinogradNode : WinogradConvolutionNode
{
    private readonly Workspace _workspace;
    private readonly Action<int> _sumWeightGradient;
    private int _inputTiles;
    private int _outputTiles;

    public WinogradNode(Node node, Feature input, StoredFeature output, WinogradConv2d kernel, Parameter weight, Parameter? bias, Workspace workspace)
        : base(node, input, output, kernel, weight, bias, workspace)
    {
        _workspace = workspace;
        _sumWeightGradient = SumWeightGradient;
    }

    protected override int ChunkImages => Kernel.Images;

    protected override void PlanScratch(int maxBatch)
    {
        _inputTiles = ReserveScratch(checked((int)Kernel.InputTilesLength));
        _outputTiles = ReserveScratch(checked((int)Kernel.OutputTilesLength));
        _workspace.Reserve(0, Kernel.WeightGradientLength);
    }

    protected override void ForwardImages(ImageRange images, int part)
    {
        float* v = Scratch(part, _inputTiles), m = Scratch(part, _outputTiles);
        Kernel.TransformInput(0, images.Count, ReadInput(0, images, part), v);
        Kernel.Multiply(0, Kernel.Positions, images.Count, v, Weights, m);
        WriteOutput(images, 0, m);
    }

    protected override void BeginBackwardPart(int part)
    {
        base.BeginBackwardPart(part);
        new Span<float>(_workspace.Partial(part), Kernel.WeightGradientLength).Clear();
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        float* v = Scratch(part, _inputTiles), m = Scratch(part, _outputTiles);
        Kernel.TransformInput(0, images.Count, ReadInput(0, images, part), v);
        ReadGradientTiles(images, 0, part, m);
        Kernel.AddWeightGradient(0, Kernel.Positions, images.Count, v, m, _workspace.Partial(part));
        if (!Input.NeedsGradient) return;
        Kernel.MultiplyTransposed(0, Kernel.Positions, images.Count, m, TransposedWeights, v);
        Kernel.TransformInputGradient(0, images.Count, v, Input.Gradient(images.First), Accumulate(0));
    }

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
