using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>
/// A convolution of few channels in planar Winograd form, and the pooling behind it where it has one. Threads share an image by bands of
/// rows.
/// </summary>
internal sealed unsafe class PlanarWinogradStep : WeightedStep
{
    private readonly PlanarWinogradConvolution _kernel;

    /// <summary>Packs the weights.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="node">The convolution, without a residual.</param>
    /// <param name="name">Name of the form.</param>
    /// <param name="shape">Sizes of the convolution.</param>
    /// <param name="isPooled">Whether the step computes the maximum over 2×2 pixels behind the convolution too.</param>
    public PlanarWinogradStep(SimdTier tier, LoweredNode node, string name, Conv2dShape shape, bool isPooled)
        : this(node, name, new PlanarWinogradConvolution(tier, shape, isPooled))
    {
    }

    private PlanarWinogradStep(LoweredNode node, string name, PlanarWinogradConvolution kernel)
        : base(node, name, kernel.Shape.Filters, kernel.WeightLength)
    {
        _kernel = kernel;
        kernel.PackWeights(node.Weight, Packed.Pointer);
    }

    public override bool ReadsPlain => true;

    public override bool IsApproximate => true;

    public override int Units(int images) => images * _kernel.Bands;

    public override long ScratchLength(int threads) => _kernel.ScratchLength;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var inputLength = data.IsPlain ? _kernel.Shape.PlainInputLength : _kernel.Shape.InputLength;
        while (first < end)
        {
            var (image, band) = Math.DivRem(first, _kernel.Bands);
            var bands = Math.Min(_kernel.Bands - band, end - first);
            var x = data.X + (long)image * inputLength;
            var y = data.Y + image * _kernel.OutputLength;
            _kernel.Forward(band, band + bands, x, data.IsPlain, Packed.Pointer, Epilogue(data), y, scratch);
            first += bands;
        }
    }
}
