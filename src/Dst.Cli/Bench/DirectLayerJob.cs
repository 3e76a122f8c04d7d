using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Cli.Bench;

/// <summary>A convolution in direct form.</summary>
internal sealed unsafe class DirectLayerJob : LayerJob
{
    private readonly DirectConvolution _kernel;
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer _backwardDataWeights;
    private readonly AlignedBuffer _bias;
    private readonly LayerData[] _data;

    public DirectLayerJob(SimdTier tier, Conv2dShape shape, KeptTaps? kept, int threads) : base(threads)
    {
        _kernel = new DirectConvolution(tier, shape, kept);
        _weights = Random(_kernel.WeightLength);
        _backwardDataWeights = Random(_kernel.BackwardDataWeightLength);
        _bias = Random(Layout.PaddedChannels(shape.Filters));
        _data = DataOf(shape, _kernel.WeightGradientLength, _kernel.ScratchLength);
    }

    protected override void Run(LayerPass pass, int thread)
    {
        var data = _data[thread];
        float* x = data.X.Pointer, y = data.Y.Pointer, scratch = data.Scratch.Pointer;
        if (pass == LayerPass.Forward) _kernel.Forward(Images, x, _weights.Pointer, _bias.Pointer, y, scratch);
        else if (pass == LayerPass.BackwardData)
            _kernel.BackwardData(Images, y, _backwardDataWeights.Pointer, data.Dx.Pointer, scratch, accumulate: false);
        else _kernel.BackwardWeight(Images, x, y, 0, _kernel.Shape.FilterBlocks, data.Gradient.Pointer, scratch);
    }
}
