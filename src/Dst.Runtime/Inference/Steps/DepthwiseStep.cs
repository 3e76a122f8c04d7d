using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A depthwise convolution, block by block of channels.</summary>
internal sealed unsafe class DepthwiseStep : WeightedStep
{
    private readonly WindowShape _shape;
    private readonly WindowShape _block;
    private readonly int _blocks;

    public DepthwiseStep(LoweredDepthwiseNode node)
        : base(node, ConvolutionForm.Depthwise.Name, node.Window.Channels, DepthwiseConvolution.WeightLength(node.Window))
    {
        _shape = node.Window;
        _block = _shape with { Channels = Layout.Block };
        _blocks = _shape.Blocks;
        DepthwiseConvolution.PackWeights(_shape, node.Weight, Packed.Span);
    }

    public override int Units(int images) => images * _blocks;

    public override int Grain(int images) => images > 1 ? _blocks : 1;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        while (first < end)
        {
            // Whole images in one call, else one block of an image.
            var block = first % _blocks;
            var wholeImages = block == 0 ? (end - first) / _blocks : 0;
            var shape = wholeImages > 0 ? _shape : _block;
            var from = (long)first * shape.Height * shape.Width * Layout.Block;
            var to = (long)first * shape.OutHeight * shape.OutWidth * Layout.Block;
            var weights = Packed.Pointer + (long)block * shape.Area * Layout.Block;
            DepthwiseConvolution.Forward(
                data.Tier, shape, data.X + from, weights, Epilogue(data).From(block, to), Math.Max(1, wholeImages), data.Y + to);
            first += Math.Max(1, wholeImages * _blocks);
        }
    }
}
