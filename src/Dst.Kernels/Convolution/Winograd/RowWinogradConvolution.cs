using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// F(2×2, 3×3) for layers of small maps and large weights, in inference alone, on vectors of 512 bits. Weights are kept as G·g in 16 bits:
/// 24 bytes of a kernel, where <see cref="WinogradConvolution"/> keeps 32 or 64. Loads transform its rows. The sums of a row of positions
/// of four tiles fill the registers. An instance is a plan: it holds no activations and no weights, and may be used by many threads at
/// once.
/// </summary>
/// <remarks>
/// An image is computed four tiles at a time: inputs become V, [row][channel][column][tile], so that a cache line is what a channel has at
/// a row of positions. For each block of filters, V and weights become the products M, [row][column][tile][filter], and these become
/// outputs. Its loops are optimised from the first call on, because plans measure them in a young process.
/// </remarks>
public sealed unsafe class RowWinogradConvolution
{
    /// <summary>Tiles at a time.</summary>
    internal const int Tiles = 4;

    private const int Block = Layout.Block;
    private const int Side = 3; // of a kernel
    private const int Tile = 2; // outputs of a tile in each dimension
    private const int Points = Tile + Side - 1; // inputs of a tile, and its products, in each dimension
    private const int LineLength = Points * Tiles;
    private const int RowLength = Points * Tiles * Block; // products of a row of positions
    private const int Ahead = 10; // channels whose lines are fetched while others are multiplied

    private readonly int[][] _channels; // of each block of filters, ascending
    private readonly int[][] _lines; // of each block of filters: where the lines of its channels begin, and some more
    private readonly int[] _firstWeight; // of each block of filters, and where all end
    private readonly int _tileColumns;
    private readonly int _outHeight;
    private readonly int _outWidth;

    /// <summary>Plans a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="kept">The taps that it reads, or null for all. It skips channels of which 16 filters keep nothing.</param>
    /// <exception cref="ArgumentException">There is no such form of this layer.</exception>
    public RowWinogradConvolution(SimdTier tier, Conv2dShape shape, KeptTaps? kept)
    {
        shape.Validate();
        kept?.Validate(shape);
        if (!Supports(tier, shape)) throw new ArgumentException($"no Winograd form by row of {shape} on tier {tier}");
        Shape = shape;
        (_outHeight, _outWidth, _tileColumns) = (shape.OutHeight, shape.OutWidth, Layout.CeilDiv(shape.OutWidth, Tile));
        _channels = KeptTaps.ChannelsOfBlocks(shape, kept);
        _lines = Array.ConvertAll(_channels, channels => (int[])[.. channels.Select(channel => channel * LineLength), .. new int[Ahead]]);
        _firstWeight = new int[_channels.Length + 1];
        for (var b = 0; b < _channels.Length; b++)
            _firstWeight[b + 1] = checked(_firstWeight[b] + Points * _channels[b].Length * Side * Block);
    }

    /// <summary>Sizes of the convolution.</summary>
    public Conv2dShape Shape { get; }

    /// <summary>Floats of the packed weights: scales [O/16][row][16], then shorts [O/16][row][channel][column][16].</summary>
    public int WeightLength => checked(ScalesLength + _firstWeight[^1] / 2);

    /// <summary>Floats of scratch memory.</summary>
    public int ScratchLength => checked(Points * RowOfV + Points * RowLength + Block);

    private int ScalesLength => Shape.FilterBlocks * Points * Block;

    private int RowOfV => Shape.ChannelBlocks * Block * LineLength;

    private int TileCount => Layout.CeilDiv(_outHeight, Tile) * _tileColumns;

    /// <summary>Whether a layer has this form: kernels of 3×3 and stride 1.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    public static bool Supports(SimdTier tier, Conv2dShape shape) =>
        tier == SimdTier.V512 && shape.Groups == 1 && shape.Stride == 1 && (shape.KernelHeight, shape.KernelWidth) == (Side, Side);

    /// <summary>
    /// Packs canonical weights [O, C, 3, 3] into <see cref="WeightLength"/> floats. The largest weight of a filter in a row of G·g is
    /// ±32,767 times the scale of that row.
    /// </summary>
    public void PackWeights(ReadOnlySpan<float> weights, float* packed)
    {
        Check.Length(weights, Shape.WeightCount);
        new Span<float>(packed, WeightLength).Clear();
        Span<float> rows = new float[Points * Shape.Channels * Side];
        for (var filter = 0; filter < Shape.Filters; filter++)
        {
            var (b, lane) = Math.DivRem(filter, Block);
            var channels = _channels[b];
            for (var i = 0; i < channels.Length; i++)
            {
                var kernel = weights.Slice(filter * Shape.RowLength + channels[i] * Side * Side, Side * Side);
                TransformKernel(kernel, rows[(i * Side)..], channels.Length);
            }

            for (var row = 0; row < Points; row++)
            {
                var values = rows.Slice(row * channels.Length * Side, channels.Length * Side);
                packed[(b * Points + row) * Block + lane] = RoundRow(values, RowOf(packed, b, row) + lane);
            }
        }
    }

    /// <summary>y = conv(x) and what follows it, for some blocks of filters of an image.</summary>
    /// <param name="first">First block of filters.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="x">One image, [C/16, H, W, 16].</param>
    /// <param name="weights">Of <see cref="PackWeights"/>.</param>
    /// <param name="epilogue">What follows, from this image on.</param>
    /// <param name="y">Its output [O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void Forward(int first, int end, float* x, float* weights, Epilogue epilogue, float* y, float* scratch)
    {
        var v = Layout.Align(scratch);
        var m = v + Points * RowOfV;
        for (var tile = 0; tile < TileCount; tile += Tiles)
        {
            var count = Math.Min(Tiles, TileCount - tile);
            TransformInput(tile, count, x, v);
            for (var b = first; b < end; b++)
            {
                for (var row = 0; row < Points; row++)
                {
                    var scales = weights + (b * Points + row) * Block;
                    Multiply(_lines[b], RowOf(weights, b, row), scales, v + row * RowOfV, m + row * RowLength);
                }

                TransformOutput(b, tile, count, m, epilogue, y);
            }
        }
    }

    /// <summary>The rows of G·g: those of g, and half the sum and the difference of the outer ones and the middle one.</summary>
    private static void TransformKernel(ReadOnlySpan<float> kernel, Span<float> rows, int channels)
    {
        for (var column = 0; column < Side; column++)
        {
            var (top, middle, bottom) = (kernel[column], kernel[Side + column], kernel[2 * Side + column]);
            rows[column] = top;
            rows[channels * Side + column] = (top + bottom + middle) / 2;
            rows[2 * channels * Side + column] = (top + bottom - middle) / 2;
            rows[3 * channels * Side + column] = bottom;
        }
    }

    /// <summary>Rounds what a filter has in a row; returns its scale.</summary>
    private static float RoundRow(ReadOnlySpan<float> values, short* rounded)
    {
        var largest = 0f;
        foreach (var value in values) largest = Math.Max(largest, Math.Abs(value));
        var scale = RoundedWeights.ScaleOf(largest);
        for (var i = 0; i < values.Length; i++) rounded[i * Block] = RoundedWeights.Round(values[i], scale);
        return scale;
    }

    /// <summary>V = Bᵀ d B of some tiles. What tiles beyond them have is never read.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void TransformInput(int firstTile, int count, float* x, float* v)
    {
        var room = stackalloc float[(Points * LineLength + Points * Points + 1) * Block];
        var tiles = Layout.Align(room); // [row][column][tile][16]
        var window = tiles + Points * LineLength * Block; // [column][row][16]
        new Span<float>(tiles, Points * LineLength * Block).Clear();
        for (var block = 0; block < Shape.ChannelBlocks; block++, x += Shape.Height * Shape.Width * Block)
        {
            for (var tile = 0; tile < count; tile++)
            {
                var (row, column) = Math.DivRem(firstTile + tile, _tileColumns);
                LoadWindow(x, row * Tile - Shape.Padding, column * Tile - Shape.Padding, window);
                for (var i = 0; i < Points; i++) TransformLine(window + i * Points * Block, Block, window + i * Points * Block, Block);
                for (var i = 0; i < Points; i++)
                    TransformLine(window + i * Block, Points * Block, tiles + (i * LineLength + tile) * Block, Tiles * Block);
            }

            for (var row = 0; row < Points; row++)
            {
                var lines = v + row * RowOfV + block * Block * LineLength;
                Transpose.SixteenColumns(tiles + row * LineLength * Block, Block, LineLength, lines, LineLength);
            }
        }
    }

    /// <summary>The inputs of a tile, [column][row][16]; zeros outside of the image.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LoadWindow(float* x, int top, int left, float* window)
    {
        for (var column = left; column < left + Points; column++)
        {
            for (var row = top; row < top + Points; row++, window += Block)
            {
                var isInside = (uint)row < (uint)Shape.Height && (uint)column < (uint)Shape.Width;
                (isInside ? Vector512.Load(x + (row * Shape.Width + column) * Block) : default).Store(window);
            }
        }
    }

    /// <summary>Bᵀ d of a row or a column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransformLine(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var (d0, d1) = (Vector512.Load(source), Vector512.Load(source + sourcePitch));
        var (d2, d3) = (Vector512.Load(source + 2 * sourcePitch), Vector512.Load(source + 3 * sourcePitch));
        (d0 - d2).Store(destination);
        (d1 + d2).Store(destination + pitch);
        (d2 - d1).Store(destination + 2 * pitch);
        (d3 - d1).Store(destination + 3 * pitch);
    }

    /// <summary>
    /// The products of a row of positions. The first column takes its scalars out of a register, as a core loads less than it multiplies.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Multiply(int[] lines, short* weights, float* scales, float* v, float* m)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Four<Lanes512> b = default, c = default, d = default;
        fixed (int* firstLine = lines)
        {
            var end = firstLine + lines.Length - Ahead;
            for (var line = firstLine; line < end; line++, weights += Side * Block)
            {
                Sse.Prefetch0(v + line[Ahead]);
                Prefetch.Ahead(weights);
                Prefetch.Ahead(weights + 2 * Block);
                var scalars = v + *line;
                var (left, right) = (Load(weights), Load(weights + 2 * Block));
                var ofTiles = Avx512F.BroadcastVector128ToVector512(scalars);
                a0 = Avx512F.FusedMultiplyAdd(left, Avx512F.Permute4x32(ofTiles, 0b_00_00_00_00), a0);
                a1 = Avx512F.FusedMultiplyAdd(left, Avx512F.Permute4x32(ofTiles, 0b_01_01_01_01), a1);
                a2 = Avx512F.FusedMultiplyAdd(left, Avx512F.Permute4x32(ofTiles, 0b_10_10_10_10), a2);
                a3 = Avx512F.FusedMultiplyAdd(left, Avx512F.Permute4x32(ofTiles, 0b_11_11_11_11), a3);
                d.MultiplyAdd(scalars + 3 * Tiles, 1, new(right));
                var (outer, middle) = (left + right, Load(weights + Block));
                b.MultiplyAdd(scalars + Tiles, 1, new(outer + middle));
                c.MultiplyAdd(scalars + 2 * Tiles, 1, new(outer - middle));
            }
        }

        var scale = Vector512.Load(scales);
        var half = new Lanes512(scale * 0.5f);
        (a0 * scale).Store(m);
        (a1 * scale).Store(m + Block);
        (a2 * scale).Store(m + 2 * Block);
        (a3 * scale).Store(m + 3 * Block);
        b.Multiply(half);
        b.Store(m + Tiles * Block, Block);
        c.Multiply(half);
        c.Store(m + 2 * Tiles * Block, Block);
        d.Multiply(new(scale));
        d.Store(m + 3 * Tiles * Block, Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(short* weights) =>
        Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector256.Load(weights)));

    /// <summary>y = Aᵀ M A of some tiles, and what follows it.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void TransformOutput(int b, int firstTile, int count, float* m, Epilogue epilogue, float* y)
    {
        var room = stackalloc float[(Tile * Points + 1) * Block];
        var half = Layout.Align(room); // [row][column][16]
        for (var tile = firstTile; tile < firstTile + count; tile++, m += Block)
        {
            for (var column = 0; column < Points; column++)
                SumLine(m + column * Tiles * Block, RowLength, half + column * Block, Points * Block);
            var (top, left) = (tile / _tileColumns * Tile, tile % _tileColumns * Tile);
            var (rows, columns) = (Math.Min(Tile, _outHeight - top), Math.Min(Tile, _outWidth - left));
            for (var row = 0; row < rows; row++)
            {
                SumLine(half + row * Points * Block, Block, half + row * Points * Block, Block);
                var pixel = ((nint)(b * _outHeight + top + row) * _outWidth + left) * Block;
                for (var column = 0; column < columns; column++)
                    Vector512.Load(half + (row * Points + column) * Block).Store(y + pixel + column * Block);
                if (!epilogue.IsEmpty) epilogue.From(b, pixel).Apply<Lanes512>(y + pixel, columns);
            }
        }
    }

    /// <summary>Aᵀ m of a row or a column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumLine(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        var (m1, m2) = (Vector512.Load(source + sourcePitch), Vector512.Load(source + 2 * sourcePitch));
        var (first, second) = (Vector512.Load(source) + (m1 + m2), m1 - m2 + Vector512.Load(source + 3 * sourcePitch));
        first.Store(destination);
        second.Store(destination + pitch);
    }

    /// <summary>The weights of a block of filters in a row of G·g: [channel][column][16].</summary>
    private short* RowOf(float* packed, int b, int row) =>
        (short*)(packed + ScalesLength) + _firstWeight[b] + row * _channels[b].Length * Side * Block;
}
