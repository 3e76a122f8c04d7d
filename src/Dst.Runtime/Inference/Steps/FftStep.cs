using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A convolution in the frequency domain, dense or of kept kernels. Threads share an image by its tiles.</summary>
internal sealed unsafe class FftStep : WeightedStep
{
    private readonly FftConvolution _kernel;

    public FftStep(SimdTier tier, LoweredNode node, string name, FftForm form, Conv2dShape shape, KeptTaps? kept, int batch)
        : this(node, name, new FftConvolution(tier, form, shape, kept, form.TilesTogether(shape, batch)))
    {
    }

    private FftStep(LoweredNode node, string name, FftConvolution kernel)
        : base(node, name, kernel.Shape.Filters, kernel.WeightLength)
    {
        _kernel = kernel;
        for (var block = 0; block < kernel.Shape.FilterBlocks; block++) kernel.PackWeights(block, node.Weight, Packed.Pointer);
    }

    public override bool IsApproximate => true;

    public override int Units(int images) => images * _kernel.TilesPerImage;

    public override int Grain(int images) => _kernel.Capacity;

    public override long ScratchLength(int threads) => _kernel.InputSpectraLength + _kernel.OutputSpectraLength + _kernel.ScratchLength;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        float* v = scratch, m = v + _kernel.InputSpectraLength, rest = m + _kernel.OutputSpectraLength;
        for (; first < end; first += _kernel.Capacity)
        {
            var tiles = new TileRun(first, 0, Math.Min(_kernel.Capacity, end - first));
            _kernel.TransformInput(tiles, data.X, v, rest);
            _kernel.Multiply(0, _kernel.Frequencies, tiles, v, Packed.Pointer, m);
            _kernel.TransformOutput(tiles, m, Epilogue(data), data.Y, rest);
        }
    }
}
