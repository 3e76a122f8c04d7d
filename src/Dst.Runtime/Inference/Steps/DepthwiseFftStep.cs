using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A depthwise convolution in the frequency domain, block by block of channels.</summary>
internal sealed unsafe class DepthwiseFftStep : WeightedStep
{
    private readonly DepthwiseFftConvolution _kernel;

    public DepthwiseFftStep(SimdTier tier, LoweredNode node, FftForm form, Conv2dShape shape)
        : this(node, form.Name, new DepthwiseFftConvolution(tier, form, shape))
    {
    }

    private DepthwiseFftStep(LoweredNode node, string name, DepthwiseFftConvolution kernel)
        : base(node, name, kernel.Shape.Filters, kernel.WeightLength)
    {
        _kernel = kernel;
        kernel.PackWeights(node.Weight, Packed.Span);
    }

    public override bool IsApproximate => true;

    public override int Units(int images) => images * _kernel.Shape.ChannelBlocks;

    public override long ScratchLength(int threads) => _kernel.ScratchLength;

    public override void Run(in StepData data, int first, int end, float* scratch) =>
        _kernel.Forward(first, end, data.X, Packed.Pointer, Epilogue(data), data.Y, scratch);
}
