using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Cli.Bench;

/// <summary>
/// A convolution in Winograd form, in runs of rows of tiles that stay in the second-level cache. Each gradient is computed alone: a
/// training step transforms the output's gradient once for both.
/// </summary>
internal sealed unsafe class WinogradLayerJob : LayerJob
{
    private readonly WinogradConvolution _kernel;
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer _backwardDataWeights;
    private readonly LayerData[] _data;

    public WinogradLayerJob(SimdTier tier, WinogradForm form, Conv2dShape shape, KeptTaps? kept, int threads) : base(threads)
    {
        var rows = Math.Clamp(form.CachedRowsOf(shape), 1, Images * form.RowsOf(shape));
        _kernel = new WinogradConvolution(tier, form, shape, kept, rows);
        _weights = Random(_kernel.WeightLength);
        _backwardDataWeights = Random(_kernel.BackwardDataWeightLength);
        _data = DataOf(shape, _kernel.WeightGradientLength, scratchLength: 0, _kernel.InputTilesLength, _kernel.OutputTilesLength);
    }

    protected override void Run(LayerPass pass, int thread)
    {
        var rows = Images * _kernel.RowsPerImage;
        for (var first = 0; first < rows; first += _kernel.Capacity)
            Run(pass, new TileRows(first, 0, Math.Min(_kernel.Capacity, rows - first)), _data[thread]);
    }

    private void Run(LayerPass pass, TileRows rows, LayerData data)
    {
        float* v = data.InputTransform.Pointer, m = data.OutputTransform.Pointer;
        if (pass != LayerPass.BackwardData) _kernel.TransformInput(rows, data.X.Pointer, v);
        if (pass == LayerPass.Forward)
        {
            _kernel.Multiply(0, _kernel.Positions, rows, v, _weights.Pointer, m);
            _kernel.TransformOutput(rows, m, data.Y.Pointer);
            return;
        }

        _kernel.TransformOutputGradient(rows, data.Y.Pointer, m);
        if (pass == LayerPass.BackwardWeight)
        {
            _kernel.AddWeightGradient(0, _kernel.Positions, rows, v, m, data.Gradient.Pointer);
            return;
        }

        _kernel.MultiplyTransposed(0, _kernel.Positions, rows, m, _backwardDataWeights.Pointer, v);
        _kernel.TransformInputGradient(rows, v, accumulate: !_kernel.CoversInput, data.Dx.Pointer);
    }
}
