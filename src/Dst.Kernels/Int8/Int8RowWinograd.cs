using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// F(2×2, 3×3) in whole numbers for layers of small maps and large weights, on vectors of 512 bits. Weights are kept as G·g: 18 bytes in
/// place of the 32 of <see cref="Int8Winograd"/>. Loads transform its rows. The sums of a row of positions of four tiles fill the
/// registers.
/// </summary>
internal sealed unsafe class Int8RowWinograd : Int8Convolution
{
    /// <summary>Tiles at a time.</summary>
    public const int Tiles = 4;

    private const int Side = Int8Winograd.Side;
    private const int Points = Side + 1;
    private const int ColumnLength = 2 * Layout.Block; // weights of a pair of channels: [filter][2]
    private const int SumsPitch = (Tiles + 1) * Layout.Block; // from one position to the next
    private const int Ahead = 10; // pairs whose lines are fetched while others are multiplied

    private readonly Int8WinogradTiles _tiling;
    private readonly PairLines _lines;
    private readonly int[][] _pairs; // of each block of filters: where the lines of its pairs begin, and some more
    private readonly AlignedArray<sbyte>[] _weights; // of each block of filters: [row][pair][column][filter][2], as IRow says

    /// <summary>Prepares a layer.</summary>
    public Int8RowWinograd(Int8Layer layer) : base(layer)
    {
        _tiling = new(Int8Points4.Tile, layer, Tiles);
        var blocks = Array.ConvertAll(Int8Winograd.ChannelsOf(layer), ChannelPairs.OfMap);
        _lines = new(blocks.SelectMany(pairs => pairs));
        _pairs = Array.ConvertAll(
            blocks, pairs => (int[])[.. pairs.Select(pair => _lines.IndexOf(pair) * PairLines.Length), .. new int[Ahead]]);
        _weights = [.. blocks.Select(PackWeights)];
    }

    /// <inheritdoc/>
    public override long WeightBytes => _weights.Sum(weights => (long)weights.Length);

    /// <inheritdoc/>
    public override long ScratchLength => FirstSum + Points * Points * SumsPitch;

    // Scratch memory: what the transforms need, the lines of each row of positions, and the sums [position][tile][16] of a block.

    private long FirstLine => _tiling.FirstReordered;

    private int RowLength => _lines.Count * PairLines.Length;

    private long FirstSum => FirstLine + (long)Points * RowLength;

    /// <inheritdoc/>
    public override void Forward(byte* x, byte* residual, void* y, int first, int end, int* scratch)
    {
        var transforms = new Int8WinogradTransforms(Layer, _tiling, x, residual, y, scratch);
        int* lines = scratch + FirstLine, sums = scratch + FirstSum;
        transforms.Pad();
        for (var tile = 0; tile < _tiling.Count; tile += Tiles)
        {
            var count = Math.Min(Tiles, _tiling.Count - tile);
            transforms.Input<Int8Points4>(tile, count);
            for (var row = 0; row < Points; row++)
                _lines.Fill(transforms.InputsOf(row * Points), _tiling.InputPitch, _tiling.PlanePitch, lines + row * RowLength);
            for (var b = first; b < end; b++)
            {
                MultiplyRow<OuterRow>(b, 0, lines, sums);
                MultiplyRow<InnerRow>(b, 1, lines, sums);
                MultiplyRow<InnerRow>(b, 2, lines, sums);
                MultiplyRow<OuterRow>(b, 3, lines, sums);
                transforms.Output<IntLanes512, Int8Points4>(b, sums, tile, count);
            }
        }
    }

    private void MultiplyRow<TRow>(int b, int row, int* lines, int* sums) where TRow : IRow
    {
        var weights = _weights[b].Pointer + FirstWeight(row, _pairs[b].Length - Ahead);
        Multiply<TRow>(_pairs[b], weights, lines + row * RowLength, sums + row * Points * SumsPitch);
    }

    /// <summary>The products of a row of positions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Multiply<TRow>(int[] pairs, sbyte* weights, int* lines, int* sums) where TRow : IRow
    {
        Int8Four<IntLanes512> first = default, second = default, third = default, fourth = default;
        fixed (int* firstPair = pairs)
        {
            var end = firstPair + pairs.Length - Ahead;
            for (var pair = firstPair; pair < end; pair++, weights += Side * TRow.ColumnBytes)
            {
                Sse.Prefetch0(lines + pair[Ahead]);
                Prefetch.Ahead(weights);
                Prefetch.Ahead(weights + 2 * TRow.ColumnBytes); // the line between, of inner rows, gains nothing
                var line = lines + *pair;
                var (left, right) = (TRow.Load(weights), TRow.Load(weights + 2 * TRow.ColumnBytes));
                first.MultiplyAdd<FourBytes>(line, 0, IntLanes512.Shorts(left));
                fourth.MultiplyAdd<FourBytes>(line + 3 * Tiles, 0, IntLanes512.Shorts(right));
                var (outer, middle) = (left + right, TRow.Load(weights + TRow.ColumnBytes));
                second.MultiplyAdd<FourBytes>(line + Tiles, 0, IntLanes512.Shorts(outer + middle));
                third.MultiplyAdd<FourBytes>(line + 2 * Tiles, 0, IntLanes512.Shorts(outer - middle));
            }
        }

        first.Store(sums);
        second.Store(sums + SumsPitch);
        third.Store(sums + 2 * SumsPitch);
        fourth.Store(sums + 3 * SumsPitch);
    }

    /// <summary>Where a row of the weights of some pairs begins; where all of them end, for the row behind the last.</summary>
    private static int FirstWeight(int row, int pairs) => checked(pairs * Side * row switch
    {
        0 => 0,
        1 => OuterRow.ColumnBytes,
        2 => OuterRow.ColumnBytes + InnerRow.ColumnBytes,
        3 => OuterRow.ColumnBytes + 2 * InnerRow.ColumnBytes,
        _ => 2 * (OuterRow.ColumnBytes + InnerRow.ColumnBytes),
    });

    /// <summary>Packs G·g.</summary>
    private AlignedArray<sbyte> PackWeights(MapPair[] pairs, int b)
    {
        var (shape, packed) = (Layer.Shape, new AlignedArray<sbyte>(FirstWeight(Points, pairs.Length)));
        foreach (var (place, channel) in pairs.SelectMany(pair => pair.Channels).Index().Where(at => at.Item is not null))
        {
            for (var filter = 0; filter < Layout.UsedLanes(shape.Filters, b); filter++)
            {
                var kernel = Layer.Weights.AsSpan(
                    (b * Layout.Block + filter) * shape.RowLength + channel!.Value * Side * Side, Side * Side);
                for (var column = 0; column < Side; column++)
                {
                    var (top, middle, bottom) = (kernel[column], kernel[Side + column], kernel[2 * Side + column]);
                    var at = (place / 2 * Side + column) * ColumnLength + filter * 2 + place % 2;
                    packed.Span[at] = top;
                    packed.Span[FirstWeight(3, pairs.Length) + at] = bottom;
                    MemoryMarshal.Cast<sbyte, short>(packed.Span[FirstWeight(1, pairs.Length)..])[at] = (short)(top + middle + bottom);
                    MemoryMarshal.Cast<sbyte, short>(packed.Span[FirstWeight(2, pairs.Length)..])[at] = (short)(top - middle + bottom);
                }
            }
        }

        return packed;
    }

    /// <summary>A row of G·g.</summary>
    private interface IRow
    {
        /// <summary>Bytes of the weights of a pair of channels in a column.</summary>
        static abstract int ColumnBytes { get; }

        /// <summary>Loads them.</summary>
        static abstract Vector512<short> Load(sbyte* weights);
    }

    /// <summary>The first row or the last: rows of g, bytes.</summary>
    private readonly struct OuterRow : IRow
    {
        public static int ColumnBytes
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => ColumnLength;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<short> Load(sbyte* weights) => Avx512BW.ConvertToVector512Int16(Vector256.Load(weights));
    }

    /// <summary>The second row or the third: sums of the rows of g, of 16 bits.</summary>
    private readonly struct InnerRow : IRow
    {
        public static int ColumnBytes
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => ColumnLength * sizeof(short);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<short> Load(sbyte* weights) => Vector512.Load((short*)weights);
    }
}
