using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>
/// A convolution with tiles in the lanes, and the pooling behind it where it computes that too. Threads share an image by bands of rows of
/// tiles. If there are fewer bands than threads, they share the filters of a band: then each transforms its input.
/// </summary>
internal sealed unsafe class TileStep : WeightedStep
{
    private readonly TileConvolution _kernel;
    private readonly PlaneUse _planes;

    /// <summary>Packs the weights.</summary>
    /// <param name="node">The convolution.</param>
    /// <param name="name">Name of the form.</param>
    /// <param name="kernel">The plan of it.</param>
    /// <param name="planes">Which of its values are planes.</param>
    public TileStep(LoweredNode node, string name, TileConvolution kernel, PlaneUse planes)
        : base(node, name, kernel.Shape.Filters, kernel.WeightLength)
    {
        (_kernel, _planes) = (kernel, planes);
        kernel.PackWeights(node.Weight, Packed.Pointer);
    }

    public override bool ReadsPlain => true;

    public override bool IsApproximate => true;

    private int FilterBlocks => _kernel.Shape.FilterBlocks;

    public override int Units(int images) => images * _kernel.Bands * FilterBlocks;

    public override int Grain(int images) => FilterBlocks;

    public override long ScratchLength(int threads) => _kernel.ScratchLength;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var input = data.IsPlain ? MapLayout.Plain : LayoutOf(_planes.Input);
        var inputLength = data.IsPlain ? _kernel.Shape.PlainInputLength : _kernel.Shape.InputLength;
        while (first < end)
        {
            var (image, place) = Math.DivRem(first, _kernel.Bands * FilterBlocks);
            var (band, block) = Math.DivRem(place, FilterBlocks);
            // Whole bands in one call, else some filters of one.
            var bands = block == 0 ? Math.Min(_kernel.Bands - band, (end - first) / FilterBlocks) : 0;
            (int First, int End) blocks = (block, bands > 0 ? FilterBlocks : Math.Min(FilterBlocks, block + end - first));
            var output = image * _kernel.OutputLength;
            var maps = new TileMaps(
                data.X + (long)image * inputLength, input, LayoutOf(_planes.Residual), data.Y + output, LayoutOf(_planes.Output));
            _kernel.Forward((band, band + Math.Max(1, bands)), blocks, maps, Packed.Pointer, Epilogue(data).From(0, output), scratch);
            first += bands > 0 ? bands * FilterBlocks : blocks.End - block;
        }
    }

    private static MapLayout LayoutOf(bool isPlanes) => isPlanes ? MapLayout.Planes : MapLayout.Blocked;
}
