using Dst.Kernels;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A convolution in Winograd form, dense or of kept kernels, some rows of tiles at a time. Threads share an image by rows of tiles.</summary>
internal sealed unsafe class WinogradStep : WeightedStep
{
    private readonly WinogradConv2d _kernel;

    public WinogradStep(PlanNode node, string algorithm, Conv2dShape shape, KeptTaps? kept, int tile, int batch)
        : this(node, algorithm, new WinogradConv2d(shape, kept, tile, RowsTogether(shape, tile, batch)))
    {
    }

    private WinogradStep(PlanNode node, string algorithm, WinogradConv2d kernel) : base(node, algorithm, kernel.Shape.Filters, kernel.WeightLength)
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
            _kernel.TransformOutput(rows, scratch + InputTiles, data.Y);
            Finish(data, rows.First, rows.First + rows.Count);
        }
    }

    private static int RowsTogether(Conv2dShape shape, int tile, int batch)
    {
        var all = batch * WinogradSchedule.Rows(shape, tile);
        return WinogradSchedule.IsByPosition(shape, tile) ? all : Math.Clamp(WinogradSchedule.CachedRows(shape, tile), 1, all);
    }

    /// <summary>Finishes the output pixels of rows of tiles, image by image.</summary>
    private void Finish(in StepData data, int first, int end)
    {
        var shape = _kernel.Shape;
        while (first < end)
        {
            var (image, tileRow) = Math.DivRem(first, _kernel.RowsPerImage);
            var count = Math.Min(end - first, _kernel.RowsPerImage - tileRow);
            var firstRow = tileRow * _kernel.Tile;
            var rows = Math.Min(shape.OutHeight, (tileRow + count) * _kernel.Tile) - firstRow;
            for (var block = 0; block < shape.FilterBlocks; block++)
            {
                var offset = (((long)image * shape.FilterBlocks + block) * shape.OutHeight + firstRow) * shape.OutWidth * Layout.Block;
                FinishBlock(data.Y + offset, data.Second == null ? null : data.Second + offset, block, rows * shape.OutWidth);
            }

            first += count;
        }
    }
}
