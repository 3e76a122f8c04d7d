using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A convolution of a small map in Winograd form, row by row of positions. Threads share an image by blocks of filters.</summary>
internal sealed unsafe class RowWinogradStep : WeightedStep
{
    private const int MostRuns = 4; // of an image, each of which transforms its input

    private readonly RowWinogradConvolution _kernel;

    /// <summary>Packs the weights.</summary>
    /// <param name="node">The convolution.</param>
    /// <param name="name">Name of the form.</param>
    /// <param name="kernel">The plan of it.</param>
    public RowWinogradStep(LoweredNode node, string name, RowWinogradConvolution kernel)
        : base(node, name, kernel.Shape.Filters, kernel.WeightLength)
    {
        _kernel = kernel;
        kernel.PackWeights(node.Weight, Packed.Pointer);
    }

    public override bool IsApproximate => true;

    private int Blocks => _kernel.Shape.FilterBlocks;

    public override int Units(int images) => images * Blocks;

    public override int Grain(int images) => images > 1 ? Blocks : Layout.CeilDiv(Blocks, MostRuns);

    public override long ScratchLength(int threads) => _kernel.ScratchLength;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        while (first < end)
        {
            var (image, block) = Math.DivRem(first, Blocks);
            var blocks = Math.Min(Blocks - block, end - first);
            var (input, output) = ((long)image * _kernel.Shape.InputLength, (long)image * _kernel.Shape.OutputLength);
            _kernel.Forward(
                block, block + blocks, data.X + input, Packed.Pointer, Epilogue(data).From(0, output), data.Y + output, scratch);
            first += blocks;
        }
    }
}
