using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>An operation over windows, block by block of channels.</summary>
internal abstract unsafe class PoolStep(LoweredNode node, string form, WindowShape shape)
    : InferenceStep(node.Layer, form, node.Inputs[0], null, node.Output)
{
    private readonly WindowShape _block = shape with { Channels = Layout.Block };

    public override int Units(int images) => images * shape.Blocks;

    public override void Run(in StepData data, int first, int end, float* scratch) => Pool(
        data.Tier,
        _block,
        data.X + (long)first * _block.Height * _block.Width * Layout.Block,
        end - first,
        data.Y + (long)first * _block.OutHeight * _block.OutWidth * Layout.Block);

    /// <summary>Runs the kernel on some blocks, each as if it were an image.</summary>
    protected abstract void Pool(SimdTier tier, WindowShape block, float* x, int blocks, float* y);
}

/// <summary>Maximum over windows, or over the whole map, times a scale.</summary>
internal sealed unsafe class MaxPoolStep(LoweredNode node, WindowShape shape, float scale = 1) : PoolStep(node, "max-pool", shape)
{
    protected override void Pool(SimdTier tier, WindowShape block, float* x, int blocks, float* y) =>
        MaxPool.Forward(tier, block, x, blocks, y, scale);
}

/// <summary>Probabilistic weighted pooling.</summary>
internal sealed unsafe class WeightedPoolStep(LoweredNode node, WindowShape shape, float retain) : PoolStep(node, "weighted-pool", shape)
{
    protected override void Pool(SimdTier tier, WindowShape block, float* x, int blocks, float* y) =>
        MaxPoolDropout.Mean(tier, block, x, blocks, retain, y);
}

/// <summary>The mean over the choices of stochastic pooling.</summary>
internal sealed unsafe class StochasticPoolStep(LoweredNode node, WindowShape shape) : PoolStep(node, "stochastic-pool", shape)
{
    protected override void Pool(SimdTier tier, WindowShape block, float* x, int blocks, float* y) =>
        StochasticPool.Mean(tier, block, x, blocks, y);
}

/// <summary>Mean over windows, or over the whole map.</summary>
internal sealed unsafe class AvgPoolStep(LoweredNode node, WindowShape shape, bool countPadding) : PoolStep(node, "avg-pool", shape)
{
    protected override void Pool(SimdTier tier, WindowShape block, float* x, int blocks, float* y) =>
        AvgPool.Forward(tier, block, x, blocks, countPadding, y);
}
