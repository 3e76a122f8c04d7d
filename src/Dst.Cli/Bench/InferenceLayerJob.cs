using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Cli.Bench;

/// <summary>
/// The forward pass of a convolution in a form that infers and does not train. Maps lie as a network would have them: plain for a first
/// layer, and as planes where a form by tile can keep them so.
/// </summary>
internal sealed unsafe class InferenceLayerJob : LayerJob
{
    private const int MostPlainChannels = 4; // of a first layer

    private delegate void ImageRun(float* x, float* y, float* scratch);

    private readonly Conv2dShape _shape;
    private readonly AlignedBuffer _bias;
    private readonly LayerData[] _data;
    private readonly ImageRun _run;

    public InferenceLayerJob(SimdTier tier, ConvolutionForm form, Conv2dShape shape, KeptTaps? kept, int threads) : base(threads)
    {
        _shape = shape;
        _bias = Random(Layout.PaddedChannels(shape.Filters));
        (_run, var scratchLength) = form switch
        {
            PlanarWinogradForm => Planar(new(tier, shape, isPooled: false)),
            RowWinogradForm => ByRow(new(tier, shape, kept)),
            _ => ByTile(
                new(tier, shape, kept, isPooled: false),
                TileConvolution.ReadsPlanes(tier, shape),
                TileConvolution.WritesPlanes(tier, shape)),
        };
        _data = DataOf(shape, gradientLength: 0, scratchLength);
    }

    private bool IsPlain => _shape.Channels <= MostPlainChannels;

    private Epilogue Epilogue => new(_bias.Pointer, null, Bounds.None);

    protected override void Run(LayerPass pass, int thread)
    {
        var data = _data[thread];
        for (var image = 0L; image < Images; image++)
            _run(data.X.Pointer + image * _shape.InputLength, data.Y.Pointer + image * _shape.OutputLength, data.Scratch.Pointer);
    }

    private (ImageRun Run, long ScratchLength) Planar(PlanarWinogradConvolution kernel)
    {
        var weights = Random(kernel.WeightLength);
        return (
            (x, y, scratch) => kernel.Forward(0, kernel.Bands, x, IsPlain, weights.Pointer, Epilogue, y, scratch), kernel.ScratchLength);
    }

    private (ImageRun Run, long ScratchLength) ByRow(RowWinogradConvolution kernel)
    {
        var weights = Zeros(kernel.WeightLength);
        kernel.PackWeights(Random((long)_shape.Filters * _shape.RowLength).Span, weights.Pointer);
        return ((x, y, scratch) => kernel.Forward(0, _shape.FilterBlocks, x, weights.Pointer, Epilogue, y, scratch), kernel.ScratchLength);
    }

    private (ImageRun Run, long ScratchLength) ByTile(TileConvolution kernel, bool readsPlanes, bool writesPlanes)
    {
        var weights = Random(kernel.WeightLength);
        var output = writesPlanes ? MapLayout.Planes : MapLayout.Blocked;
        var input = IsPlain ? MapLayout.Plain : readsPlanes ? MapLayout.Planes : MapLayout.Blocked;
        return (
            (x, y, scratch) => kernel.Forward(
                (0, kernel.Bands), (0, _shape.FilterBlocks), new(x, input, output, y, output), weights.Pointer, Epilogue, scratch),
            kernel.ScratchLength);
    }
}
