using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>What both schedules of a Winograd convolution share: packed weights, bias, and the way from and to features.</summary>
internal abstract unsafe class WinogradConvolutionNode : ConvolutionNode
{
    private readonly Action<int> _packBlock;
    private readonly Action<int> _packBackwardDataBlock;
    private readonly float[] _ones;
    private AlignedBuffer? _keptWeights;

    protected WinogradConvolutionNode(NodeContext context, Node node, Feature input, StoredFeature output, WinogradConvolution kernel)
        : base(context, node, input, output, kernel.Shape)
    {
        Kernel = kernel;
        _packBlock = block => Kernel.PackWeights(block, Weight.Value, Weights);
        _packBackwardDataBlock = block => Kernel.PackBackwardDataWeights(block, Weight.Value, BackwardDataWeights);
        _ones = new float[Layout.PaddedChannels(output.Shape.Channels)];
        Array.Fill(_ones, 1);
    }

    protected WinogradConvolution Kernel { get; }

    protected float* Weights => Pass.Frozen ? _keptWeights!.Pointer : Context.Workspace.Weights;

    public override void Dispose()
    {
        _keptWeights?.Dispose();
        base.Dispose();
    }

    protected override void PlanScratch()
    {
        Context.Workspace.ReserveWeights(Kernel.WeightLength);
        if (Input.NeedsGradient) Context.Workspace.ReserveWeights(Kernel.BackwardDataWeightLength);
    }

    /// <summary>Adds the bias to the output of some images.</summary>
    protected void AddBias(ImageRange images)
    {
        var y = OutputValue(images.First);
        if (Bias.Exists)
            BatchNorm.Apply(Tier, y, _ones, new(Bias.Packed, _ones.Length), images.Count, Shape.Filters, Output.Pixels, relu: false, y);
    }

    /// <summary>
    /// Prepares the input's gradient of some images for <c>TransformInputGradient</c>, and returns whether tiles must add to it: because
    /// another reader has written it, or because the tiles do not cover it, in which case it is set to zero here.
    /// </summary>
    protected bool BeginInputGradient(ImageRange images)
    {
        if (Accumulates(0)) return true;
        if (Kernel.CoversInput) return false;
        new Span<float>(Input.Gradient(images.First), images.Count * Input.ImageLength).Clear();
        return true;
    }

    protected override void BeginForward(WorkerPool pool)
    {
        if (Pass.Frozen) _keptWeights ??= new(Kernel.WeightLength);
        pool.Run(Shape.FilterBlocks, _packBlock);
        Bias.Pack();
    }

    protected override void BeginBackward(WorkerPool pool)
    {
        if (Input.NeedsGradient) pool.Run(Kernel.BackwardDataBlocks, _packBackwardDataBlock);
    }

    protected override void BeginBackwardPart(int part) => Bias.BeginGradient(part);

    protected override void EndBackward(WorkerPool pool) => Bias.EndGradient();
}
