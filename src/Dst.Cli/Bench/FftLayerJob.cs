using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Cli.Bench;

/// <summary>
/// A convolution in the frequency domain, in runs of tiles. Each gradient is computed alone: a training step transforms the output's
/// gradient once for both.
/// </summary>
internal sealed unsafe class FftLayerJob : LayerJob
{
    private readonly FftConvolution _kernel;
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer _backwardDataWeights;
    private readonly LayerData[] _data;

    public FftLayerJob(SimdTier tier, FftForm form, Conv2dShape shape, KeptTaps? kept, int threads) : base(threads)
    {
        _kernel = new FftConvolution(tier, form, shape, kept, form.TilesTogether(shape, Images));
        _weights = Random(_kernel.WeightLength);
        _backwardDataWeights = Random(_kernel.BackwardDataWeightLength);
        _data = DataOf(shape, _kernel.WeightLength, _kernel.ScratchLength, _kernel.InputSpectraLength, _kernel.OutputSpectraLength);
    }

    protected override void Run(LayerPass pass, int thread)
    {
        var count = Images * _kernel.TilesPerImage;
        if (pass == LayerPass.BackwardData) _data[thread].Dx.Span.Clear();
        for (var first = 0; first < count; first += _kernel.Capacity)
            Run(pass, new TileRun(first, 0, Math.Min(_kernel.Capacity, count - first)), _data[thread]);
    }

    private void Run(LayerPass pass, TileRun tiles, LayerData data)
    {
        float* v = data.InputTransform.Pointer, m = data.OutputTransform.Pointer, scratch = data.Scratch.Pointer;
        if (pass != LayerPass.BackwardData) _kernel.TransformInput(tiles, data.X.Pointer, v, scratch);
        if (pass == LayerPass.Forward)
        {
            _kernel.Multiply(0, _kernel.Frequencies, tiles, v, _weights.Pointer, m);
            _kernel.TransformOutput(tiles, m, data.Y.Pointer, scratch);
            return;
        }

        _kernel.TransformOutputGradient(tiles, data.Y.Pointer, m, scratch);
        if (pass == LayerPass.BackwardWeight)
        {
            _kernel.MultiplyForWeightGradient(0, _kernel.Frequencies, tiles.Count, v, m, data.Gradient.Pointer, tiles.First > 0);
            return;
        }

        _kernel.MultiplyTransposed(0, _kernel.Frequencies, tiles, m, _backwardDataWeights.Pointer, v);
        _kernel.AddInputGradient(tiles, v, data.Dx.Pointer, scratch);
    }
}
