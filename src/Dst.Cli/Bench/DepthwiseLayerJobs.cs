using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Cli.Bench;

/// <summary>A depthwise convolution in direct form.</summary>
internal sealed unsafe class DepthwiseLayerJob : LayerJob
{
    private readonly SimdTier _tier;
    private readonly WindowShape _shape;
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer _bias;
    private readonly LayerData[] _data;

    public DepthwiseLayerJob(SimdTier tier, Conv2dShape shape, int threads) : base(threads)
    {
        (_tier, _shape) = (tier, shape.ToWindowShape());
        _weights = Random(DepthwiseConvolution.WeightLength(_shape));
        _bias = Random(Layout.PaddedChannels(shape.Channels));
        _data = DataOf(shape, _weights.Length, scratchLength: 0);
    }

    protected override void Run(LayerPass pass, int thread)
    {
        var data = _data[thread];
        float* x = data.X.Pointer, y = data.Y.Pointer;
        if (pass == LayerPass.Forward) DepthwiseConvolution.Forward(_tier, _shape, x, _weights.Pointer, _bias.Pointer, Images, y);
        else if (pass == LayerPass.BackwardData)
            DepthwiseConvolution.BackwardData(_tier, _shape, y, _weights.Pointer, Images, data.Dx.Pointer, accumulate: false);
        else DepthwiseConvolution.BackwardWeight(_tier, _shape, x, y, Images, data.Gradient.Pointer);
    }
}

/// <summary>
/// A depthwise convolution in the frequency domain. Each gradient is computed alone: a training step transforms the output's gradient once
/// for both.
/// </summary>
internal sealed unsafe class DepthwiseFftLayerJob : LayerJob
{
    private readonly DepthwiseFftConvolution _kernel;
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer _bias;
    private readonly LayerData[] _data;

    public DepthwiseFftLayerJob(SimdTier tier, FftForm form, Conv2dShape shape, int threads) : base(threads)
    {
        _kernel = new DepthwiseFftConvolution(tier, form, shape);
        _weights = Random(_kernel.WeightLength);
        _bias = Random(Layout.PaddedChannels(shape.Channels));
        _data = DataOf(shape, _weights.Length, _kernel.ScratchLength);
    }

    protected override void Run(LayerPass pass, int thread)
    {
        var data = _data[thread];
        float* x = data.X.Pointer, y = data.Y.Pointer, weights = _weights.Pointer, scratch = data.Scratch.Pointer;
        if (pass == LayerPass.Forward)
            _kernel.Forward(0, Images * _kernel.Shape.ChannelBlocks, x, weights, new(_bias.Pointer, null, Bounds.None), y, scratch);
        else if (pass == LayerPass.BackwardData)
            _kernel.Backward(Images, x, y, weights, null, data.Dx.Pointer, accumulate: false, scratch);
        else _kernel.Backward(Images, x, y, weights, data.Gradient.Pointer, null, accumulate: false, scratch);
    }
}
