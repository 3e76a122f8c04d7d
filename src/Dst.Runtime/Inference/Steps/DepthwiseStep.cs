using Dst.Kernels;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A depthwise convolution, block by block of channels.</summary>
internal sealed unsafe class DepthwiseStep : WeightedStep
{
    private readonly WindowShape _block;
    private readonly int _blocks;

    public DepthwiseStep(PlanNode node, WindowShape shape) : base(node, "depthwise", shape.Channels, DepthwiseConv2d.WeightLength(shape))
    {
        DepthwiseConv2d.PackWeights(shape, node.Weight, Packed.Span);
        _block = shape with { Channels = Layout.Block };
        _blocks = shape.Blocks;
    }

    public override int Units(int images) => images * _blocks;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var pixels = _block.OutHeight * _block.OutWidth;
        for (var plane = first; plane < end; plane++)
        {
            var block = plane % _blocks;
            var (from, to) = ((long)plane * _block.Height * _block.Width * Layout.Block, (long)plane * pixels * Layout.Block);
            DepthwiseConv2d.Forward(
                _block, data.X + from, Packed.Pointer + (long)block * _block.Area * Layout.Block, Bias + block * Layout.Block, 1, data.Y + to);
            Finish(data.Y + to, data.Second == null ? null : data.Second + to, 1, 1, pixels);
        }
    }
}
