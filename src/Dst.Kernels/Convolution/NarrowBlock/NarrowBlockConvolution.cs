using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The forward pass of a convolution whose kept taps are shared by fewer than 16 filters (UHP with block 1 to 8, and unstructured
/// masks, block 1). A vector holds 16 neighbouring pixels of one channel rather than 16 filters of one pixel, so that a
/// tap costs the same whichever filters keep it. The fewer filters share a tap, the more of the time goes into loading pixels.
/// </summary>
internal sealed unsafe class NarrowBlockConvolution
{
    /// <summary>Columns of 16 pixels that are in flight before they are transposed.</summary>
    private const int MaxColumns = 6;

    private readonly SimdTier _tier;
    private readonly Conv2dShape _shape;
    private readonly PackedInput _input;
    private readonly ShiftedPlanes _planes;

    /// <summary>Filters that run together: the block, or what the registers of the tier hold of it.</summary>
    private readonly int _filters;

    /// <summary>For each run of <see cref="_filters"/> filters its taps: positions in the weight row and offsets in the planes.</summary>
    private readonly int[][] _positions;
    private readonly int[][] _offsets;
    private readonly int[] _firstWeight;

    public NarrowBlockConvolution(SimdTier tier, Conv2dShape shape, KeptTaps kept, PackedInput input)
    {
        _tier = tier;
        _shape = shape;
        _input = input;
        _planes = new ShiftedPlanes(shape, input);
        _filters = Math.Min(kept.Block, tier == SimdTier.V128 ? 2 : 4);
        var runs = Layout.CeilDiv(shape.Filters, _filters);
        _positions = new int[runs][];
        _offsets = new int[runs][];
        _firstWeight = new int[runs + 1];
        var area = shape.KernelHeight * shape.KernelWidth;
        for (var run = 0; run < runs; run++)
        {
            _positions[run] = kept.Positions[run * _filters / kept.Block];
            _offsets[run] = run > 0 && _positions[run] == _positions[run - 1]
                ? _offsets[run - 1]
                : [.. _positions[run].Select(p => _planes.OffsetOf(p / area, p % area / shape.KernelWidth, p % shape.KernelWidth))];
            _firstWeight[run + 1] = _firstWeight[run] + _positions[run].Length * _filters;
        }
    }

    /// <summary>Floats of the packed weights [run][taps][filters of the run].</summary>
    public int WeightLength => _firstWeight[^1];

    /// <summary>
    /// Floats of scratch memory: the sums of 16 filters before they are transposed, one image's planes, and the packed image.
    /// </summary>
    public int ScratchLength => SumsLength + _planes.Length + _input.Length;

    private static int SumsLength => Layout.Block * MaxColumns * Layout.Block;

    /// <summary>Packs canonical weights [O, C, Kh, Kw].</summary>
    public void PackWeights(ReadOnlySpan<float> weights, Span<float> packed)
    {
        packed.Clear();
        for (var run = 0; run < _positions.Length; run++)
        {
            for (var f = 0; f < Math.Min(_filters, _shape.Filters - run * _filters); f++)
            {
                var row = weights.Slice((run * _filters + f) * _shape.RowLength, _shape.RowLength);
                for (var t = 0; t < _positions[run].Length; t++) packed[_firstWeight[run] + t * _filters + f] = row[_positions[run][t]];
            }
        }
    }

    /// <summary>
    /// y = conv(x) + bias, with the parameters of
    /// <see cref="DirectConvolution.Forward(int, float*, float*, float*, float*, float*, bool)"/>.
    /// </summary>
    public void Forward<T>(int images, float* x, float* weights, float* bias, float* y, float* scratch)
        where T : unmanaged, ILanes<T>
    {
        for (var n = 0; n < images; n++, x += _shape.InputLength, y += _shape.OutputLength)
        {
            var planes = scratch + SumsLength;
            _planes.Pack(_input.Pack<T>(1, x, planes + _planes.Length), planes);
            switch (_filters)
            {
                case 4: Image<T, Four<T>>(planes, scratch, weights, bias, y); break;
                case 2: Image<T, Two<T>>(planes, scratch, weights, bias, y); break;
                default: Image<T, One<T>>(planes, scratch, weights, bias, y); break;
            }
        }
    }

    /// <summary>Computes one image from its planes.</summary>
    private void Image<T, TFilters>(float* planes, float* sums, float* weights, float* bias, float* y)
        where T : unmanaged, ILanes<T>
        where TFilters : unmanaged, IAccumulators<T>
    {
        var pixels = _shape.OutHeight * _shape.OutWidth;
        var widest = _tier == SimdTier.V512 ? MaxColumns : 4 / TFilters.Width;
        for (var b = 0; b < _shape.FilterBlocks; b++)
        {
            var destination = y + (long)b * pixels * Layout.Block;
            new Span<float>(sums, SumsLength).Clear();
            for (int first = 0, columns; first < pixels; first += columns * Layout.Block)
            {
                columns = Math.Min(widest, Layout.CeilDiv(pixels - first, Layout.Block));
                if (columns is 5 or 3) columns--; // tiles have 6, 4, 2 columns or 1
                var endRun = Math.Min(_positions.Length, (b + 1) * Layout.Block / _filters);
                for (var run = b * Layout.Block / _filters; run < endRun; run++)
                    Columns<T, TFilters, JoinColumns<T, PixelColumn<T, TFilters>, PixelColumn<T, TFilters>>>(
                        columns, run, planes + first, weights, sums + (run * _filters - b * Layout.Block) * MaxColumns * Layout.Block);
                Transpose.SixteenRows(
                    sums, MaxColumns * Layout.Block, bias + b * Layout.Block,
                    Math.Min(columns * Layout.Block, pixels - first), destination + (long)first * Layout.Block);
            }
        }
    }

    /// <summary>The sums of a run of filters at some columns of 16 pixels.</summary>
    private void Columns<T, TFilters, TPair>(int columns, int run, float* pixels, float* weights, float* sums)
        where T : unmanaged, ILanes<T>
        where TFilters : unmanaged, IAccumulators<T>
        where TPair : unmanaged, IPixelColumns<T>
    {
        fixed (int* offsets = _offsets[run])
        {
            var count = _offsets[run].Length;
            var w = weights + _firstWeight[run];
            switch (columns)
            {
                case 6:
                    Tile<T, TFilters, JoinColumns<T, JoinColumns<T, TPair, TPair>, TPair>>(offsets, count, pixels, w, sums);
                    break;
                case 4: Tile<T, TFilters, JoinColumns<T, TPair, TPair>>(offsets, count, pixels, w, sums); break;
                case 2: Tile<T, TFilters, TPair>(offsets, count, pixels, w, sums); break;
                default: Tile<T, TFilters, PixelColumn<T, TFilters>>(offsets, count, pixels, w, sums); break;
            }
        }
    }

    /// <summary>The innermost loop: for each tap one load of each column, and one multiply-add for each column and filter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<T, TFilters, TColumns>(int* offsets, int count, float* pixels, float* weights, float* sums)
        where T : unmanaged, ILanes<T>
        where TFilters : unmanaged, IAccumulators<T>
        where TColumns : unmanaged, IPixelColumns<T>
    {
        TColumns tile = default;
        for (var end = offsets + count; offsets < end; offsets++, weights += TFilters.Width) tile.MultiplyAdd(pixels + *offsets, weights);
        tile.Store(sums, MaxColumns * Layout.Block);
    }
}
