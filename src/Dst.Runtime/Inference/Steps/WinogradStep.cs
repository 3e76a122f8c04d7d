using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Lowering;
using Dst.Runtime.Threading;

namespace Dst.Runtime.Inference.Steps;

/// <summary>
/// A convolution in Winograd form, dense or of kept taps, and the pooling behind it where the form computes it. It takes some rows of
/// tiles at a time, by which threads share an image. Where a batch has few tiles, they share the filters instead: then each transforms the
/// whole input, and reads its own weights alone.
/// </summary>
internal sealed unsafe class WinogradStep : WeightedStep
{
    /// <summary>Floats of transformed weights too large for the third-level cache: 12 MB. They are read once for each batch.</summary>
    private const double HugeWeights = 3e6;

    /// <summary>Number of tiles that hide the latency of multiply-adds while weights are read.</summary>
    private const int FewTiles = 8;

    private readonly WinogradConvolution _kernel;
    private readonly bool _isRounded;
    private readonly bool _isPooled;
    private readonly bool _sharesFilters;

    public WinogradStep(
        SimdTier tier, LoweredNode node, ConvolutionCandidate candidate, WinogradForm form, Conv2dShape shape, int batch)
        : this(
            node, candidate,
            new WinogradConvolution(
                tier, form, shape, candidate.Kept, RowsTogether(form, shape, candidate.CountTransformedWeights(shape), batch)),
            batch)
    {
    }

    private WinogradStep(LoweredNode node, ConvolutionCandidate candidate, WinogradConvolution kernel, int batch)
        : base(
            node, candidate.Name.ToString(), kernel.Shape.Filters,
            candidate.IsRounded ? kernel.ScalesLength + (kernel.WeightLength + 1) / 2 : kernel.WeightLength)
    {
        (_kernel, _isRounded, _isPooled) = (kernel, candidate.IsRounded, candidate.Pool is not null);
        var rows = batch * kernel.RowsPerImage;
        _sharesFilters = kernel.Capacity >= rows && rows * kernel.Form.ColumnsOf(kernel.Shape) < 2 * FewTiles && FilterPairs > 1;
        using var unrounded = new AlignedBuffer(_isRounded ? kernel.WeightLength : 0);
        var weights = _isRounded ? unrounded.Pointer : Packed.Pointer;
        for (var block = 0; block < kernel.Shape.FilterBlocks; block++) kernel.PackWeights(block, node.Weight, weights);
        if (_isRounded) kernel.RoundWeights(weights, Rounded, Packed.Pointer);
    }

    public override bool IsApproximate => true;

    /// <summary>Weights of 16 bits, which follow their scales.</summary>
    private short* Rounded => (short*)(Packed.Pointer + _kernel.ScalesLength);

    /// <summary>Blocks of filters are computed in pairs.</summary>
    private int FilterPairs => Layout.CeilDiv(_kernel.Shape.FilterBlocks, 2);

    public override int Units(int images) => _sharesFilters ? FilterPairs : images * _kernel.RowsPerImage;

    public override int Grain(int images) => _sharesFilters ? FilterPairs : _kernel.Capacity;

    public override long ScratchLength(int threads) => _kernel.InputTilesLength + _kernel.OutputTilesLength;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        if (_sharesFilters)
        {
            var blocks = (2 * first, Math.Min(2 * end, _kernel.Shape.FilterBlocks));
            RunRows(data, new(0, 0, data.Images * _kernel.RowsPerImage), blocks, scratch);
            return;
        }

        for (; first < end; first += _kernel.Capacity)
            RunRows(data, new(first, 0, Math.Min(_kernel.Capacity, end - first)), (0, _kernel.Shape.FilterBlocks), scratch);
    }

    private void RunRows(in StepData data, TileRows rows, (int First, int End) blocks, float* scratch)
    {
        float* v = scratch, m = v + _kernel.InputTilesLength;
        _kernel.TransformInput(rows, data.X, v);
        if (_isRounded) _kernel.MultiplyRounded(0, _kernel.Positions, rows, v, Rounded, Packed.Pointer, m, blocks);
        else _kernel.Multiply(0, _kernel.Positions, rows, v, Packed.Pointer, m, blocks: blocks);
        if (_isPooled) _kernel.TransformOutputPooled(rows, m, Epilogue(data), data.Y, blocks);
        else _kernel.TransformOutput(rows, m, Epilogue(data), data.Y, blocks);
    }

    /// <summary>
    /// Rows of tiles that go through all steps together. Their tiles stay in the second-level cache. Where the weights are more than that,
    /// the tiles are as many floats as the weights, so that these are read less often. Where the weights are huge, all rows go together.
    /// </summary>
    private static int RowsTogether(WinogradForm form, Conv2dShape shape, double weights, int batch)
    {
        var all = batch * form.RowsOf(shape);
        if (weights >= HugeWeights) return all;
        var asManyAsWeights = (int)Math.Min(all, weights / form.TilesOfRow(shape));
        var columns = form.ColumnsOf(shape);
        var ofFewTiles = Layout.CeilDiv(FewTiles, columns);
        return Math.Clamp(Math.Max(Math.Max(form.CachedRowsOf(shape), asManyAsWeights), ofFewTiles), 1, all);
    }
}
