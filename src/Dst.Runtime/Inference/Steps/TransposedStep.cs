using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A transposed convolution.</summary>
internal sealed unsafe class TransposedStep : WeightedStep
{
    private readonly TransposedConvolution _kernel;

    public TransposedStep(LoweredNode node, TransposedConvolution kernel)
        : base(node, "transposed", kernel.Mirror.Channels, kernel.WeightLength)
    {
        _kernel = kernel;
        _kernel.PackWeights(node.Weight, Packed.Span);
    }

    public override int Units(int images) => images;

    public override long ScratchLength(int threads) => _kernel.ScratchLength;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var (x, y) = ((long)first * _kernel.Mirror.OutputLength, (long)first * _kernel.Mirror.InputLength);
        _kernel.Forward(end - first, data.X + x, Packed.Pointer, Epilogue(data).From(0, y), data.Y + y, scratch);
    }
}
