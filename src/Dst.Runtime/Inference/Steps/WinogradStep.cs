using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A convolution in Winograd form, dense or of kept kernels, some rows of tiles at a time. Threads share an image by rows of tiles.</summary>
internal sealed unsafe class WinogradStep : WeightedStep
{
    /// <summary>Transformed weights that are read from memory rather than the third-level cache, in floats: 12 MB. They are read once a batch.</summary>
    private const double HugeWeights = 3e6;

    /// <summary>Tiles that hide the latency of multiply-adds while weights stream by.</summary>
    private const int FewTiles = 8;

    private readonly WinogradConv2d _kernel;

    public WinogradStep(SimdTier tier, LoweredNode node, string algorithm, Conv2dShape shape, KeptTaps? kept, int tile, int batch)
        : this(node, algorithm, new WinogradConv2d(tier, shape, kept, tile, RowsTogether(shape, kept, tile, batch)))
    {
    }

    private WinogradStep(LoweredNode node, string algorithm, WinogradConv2d kernel) : base(node, algorithm, kernel.Shape.Filters, kernel.WeightLength)
    {
        _kernel = kernel;
        for (var block = 0; block < kernel.Shape.FilterBlocks; block++) kernel.PackWeights(block, node.Weight, Packed.Pointer);
    }

    public override int Units(int images) => images * _kernel.RowsPerImage;

    public override long ScratchLength(int threads) => InputTiles + _kernel.OutputTilesLength;

    private long InputTiles => _kernel.InputTilesLength;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        for (; first < end; first += _kernel.Capacity)
        {
            var rows = new TileRows(first, 0, Math.Min(_kernel.Capacity, end - first));
            _kernel.TransformInput(rows, data.X, scratch);
            _kernel.Multiply(0, _kernel.Positions, rows.Count, scratch, Packed.Pointer, scratch + InputTiles);
            _kernel.TransformOutput(rows, scratch + InputTiles, Epilogue(data), data.Y);
        }
    }

    /// <summary>Rows of tiles that go through all steps together: their tiles stay in the second-level cache, unless the weights are too large to be read that often.</summary>
    private static int RowsTogether(Conv2dShape shape, KeptTaps? kept, int tile, int batch)
    {
        var all = batch * WinogradSchedule.Rows(shape, tile);
        var keptShare = kept is null ? 1 : kept.Positions.Average(positions => (double)positions.Length) / shape.RowLength;
        if (keptShare * WinogradSchedule.Weights(shape, tile) >= HugeWeights) return all;
        var columns = WinogradSchedule.Columns(shape, tile);
        return Math.Clamp(Math.Max(WinogradSchedule.CachedRows(shape, tile), (FewTiles + columns - 1) / columns), 1, all);
    }
}
