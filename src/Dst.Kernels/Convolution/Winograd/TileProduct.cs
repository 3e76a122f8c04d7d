using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The register-blocked loops of a product of weights [channels][16] and tiles [C/16][tile][16].</summary>
internal static unsafe class TileProduct
{
    /// <summary>Tiles of a row that <see cref="RunRows"/> computes together.</summary>
    public const int TilesOfFourRows = 4;

    /// <summary>Each tile's 16 sums over channels of tile scalar × 16 weights.</summary>
    /// <typeparam name="T">Lanes.</typeparam>
    /// <typeparam name="TWeight">Float, or short: integers of 16 bits.</typeparam>
    /// <param name="runs">Register tiles that the row of tiles is cut into.</param>
    /// <param name="list">Channels, weights and place of the sums.</param>
    /// <param name="source">First tile of the first channel.</param>
    /// <param name="first">Where the first tile's sums are in their place.</param>
    /// <param name="positions">The positions of the transform domain that are multiplied, from that of the list on.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<T, TWeight>(
        RowTile[] runs, in ProductList<TWeight> list, float* source, nint first, in PositionRun positions)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        foreach (var run in runs)
        {
            nint offset = run.Column * Layout.Block;
            RegisterTiles.Run<T, TileLoop<T, TWeight>>(
                run.Width, new(in list, source + offset, first + offset, run.Count, in positions));
        }
    }

    /// <summary>As above, for two blocks of 16 filters whose first channels are the same.</summary>
    /// <param name="runs">Register tiles that the row of tiles is cut into.</param>
    /// <param name="pair">What the lists have in common.</param>
    /// <param name="one">A block of filters. Its weights take turns with those of the other, as long as both have some.</param>
    /// <param name="other">The next one.</param>
    /// <param name="source">First tile of the first channel.</param>
    /// <param name="first">Where the first tile's sums are in their place.</param>
    /// <param name="positions">The positions of the transform domain that are multiplied, from that of the lists on.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunPair<T, TWeight>(
        RowTile[] runs, FilterBlockPair pair, in ProductList<TWeight> one, in ProductList<TWeight> other, float* source, nint first,
        in PositionRun positions)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        foreach (var run in runs)
        {
            nint offset = run.Column * Layout.Block;
            RegisterTiles.RunPairs<T, PairLoop<T, TWeight>>(
                run.Width, new(pair, in one, in other, source + offset, first + offset, run.Count, in positions));
        }
    }

    /// <summary>As the first, for rows whose inputs three rows of kernels share, four rows and four tiles of each at a time.</summary>
    /// <typeparam name="T">Lanes.</typeparam>
    /// <typeparam name="TWeight">Float, or short: integers of 16 bits.</typeparam>
    /// <param name="rows">Rows of tiles, a multiple of <see cref="FourRows{T}.Count"/>.</param>
    /// <param name="columns">Tiles of a row, a multiple of <see cref="TilesOfFourRows"/>.</param>
    /// <param name="list">Whole kernels of three rows: channels, weights and place of the sums.</param>
    /// <param name="source">First tile of the first channel.</param>
    /// <param name="first">Where the first tile's sums are in their place.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunRows<T, TWeight>(int rows, int columns, in ProductList<TWeight> list, float* source, nint first)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        nint pitch = columns * Layout.Block;
        for (var row = 0; row < rows; row += FourRows<T>.Count)
        {
            for (var column = 0; column < columns; column += TilesOfFourRows)
            {
                var place = row * pitch + column * Layout.Block;
                Rows<T, TWeight>(in list, source + place, pitch, list.Destination + first + place);
            }
        }
    }

    /// <summary>
    /// Adds, for a few channels, the sum over all tiles of the channel's scalar × the gradients of 16 filters, or of two blocks of them;
    /// the sums stay in registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Correlate<T, TTaps>(
        int tiles, float* source, int* offsets, float* gradient, nint nextGradient, float* sums, nint nextSums)
        where T : unmanaged, ILanes<T>
        where TTaps : unmanaged, ITapAccumulators<T>
    {
        TTaps taps = default;
        taps.Load(sums, nextSums, offsets);
        for (var end = gradient + (nint)tiles * Layout.Block; gradient < end; gradient += Layout.Block, source += Layout.Block)
            taps.MultiplyAdd(source, gradient, nextGradient);
        taps.Store(sums, nextSums);
    }

    /// <summary>
    /// The innermost loop, for some register tiles at some positions: for each channel one load of 16 weights, and one multiply-add for
    /// each tile.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tiles<T, TTile, TWeight>(
        in ProductList<TWeight> list, float* source, nint first, int count, in PositionRun positions)
        where T : unmanaged, ILanes<T>
        where TTile : unmanaged, IAccumulators<T>
        where TWeight : unmanaged
    {
        var weightsOfPosition = list.Weights;
        var ahead = positions.BytesAhead(sizeof(TWeight));
        var destination = list.Destination + first;
        for (var position = 0; position < positions.Count; position++)
        {
            for (nint at = 0; at < (nint)count * TTile.Width * Layout.Block; at += TTile.Width * Layout.Block)
            {
                TTile tile = default;
                var offsets = list.Offsets;
                var weights = weightsOfPosition;
                for (var end = offsets + list.Channels; offsets < end; offsets++, weights += Layout.Block)
                {
                    Prefetch.Ahead(weights, ahead);
                    tile.MultiplyAdd(source + at + *offsets, Layout.Block, RoundedWeights.Load<T, TWeight>(weights));
                }

                if (typeof(TWeight) == typeof(short)) tile.Multiply(T.Load(list.Scales + position * positions.ScalesPitch));
                tile.Store(destination + at, Layout.Block);
            }

            source += positions.InputPitch;
            destination += positions.OutputPitch;
            weightsOfPosition += positions.WeightPitch;
        }
    }

    /// <summary>The innermost loop of <see cref="RunRows"/>: four tiles of each of four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows<T, TWeight>(in ProductList<TWeight> list, float* source, nint pitch, float* destination)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        FourRows<T> p = default, q = default, r = default, s = default;
        var weights = list.Weights;
        var offsets = list.Offsets;
        const int rows = FourRows<T>.KernelRows;
        for (var end = offsets + list.Channels; offsets < end; offsets += rows, weights += rows * Layout.Block)
        {
            T first = RoundedWeights.Load<T, TWeight>(weights), second = RoundedWeights.Load<T, TWeight>(weights + Layout.Block);
            var third = RoundedWeights.Load<T, TWeight>(weights + 2 * Layout.Block);
            var scalars = source + *offsets;
            p.MultiplyAdd(scalars, pitch, first, second, third);
            q.MultiplyAdd(scalars + Layout.Block, pitch, first, second, third);
            r.MultiplyAdd(scalars + 2 * Layout.Block, pitch, first, second, third);
            s.MultiplyAdd(scalars + 3 * Layout.Block, pitch, first, second, third);
        }

        p.Store(destination, pitch);
        q.Store(destination + Layout.Block, pitch);
        r.Store(destination + 2 * Layout.Block, pitch);
        s.Store(destination + 3 * Layout.Block, pitch);
    }

    /// <summary>
    /// The innermost loop of <see cref="RunPair"/>, for some register tiles at some positions: first the channels that both blocks keep,
    /// then one of each block by turns, and then those that are left of one block.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pairs<T, TPairs, TWeight>(
        FilterBlockPair pair, in ProductList<TWeight> one, in ProductList<TWeight> other, float* source, nint first, int count,
        in PositionRun positions)
        where T : unmanaged, ILanes<T>
        where TPairs : unmanaged, IPairedSums<T>
        where TWeight : unmanaged
    {
        var weightsOfPosition = one.Weights;
        var ahead = positions.BytesAhead(sizeof(TWeight));
        float* destination = one.Destination + first, otherDestination = other.Destination + first;
        for (var position = 0; position < positions.Count; position++)
        {
            for (nint tile = 0; tile < (nint)count * TPairs.Width * Layout.Block; tile += TPairs.Width * Layout.Block)
            {
                TPairs pairs = default;
                pairs.Clear();
                int* offsets = one.Offsets, otherOffsets = other.Offsets + pair.Common;
                var weights = weightsOfPosition;
                var scalars = source + tile;
                for (var end = offsets + pair.Common; offsets < end; offsets++, weights += 2 * Layout.Block)
                {
                    Prefetch.Ahead(weights, ahead);
                    pairs.MultiplyAdd(
                        scalars + *offsets, Layout.Block, RoundedWeights.Load<T, TWeight>(weights),
                        RoundedWeights.Load<T, TWeight>(weights + Layout.Block));
                }

                for (var end = one.Offsets + pair.Both; offsets < end; offsets++, otherOffsets++, weights += 2 * Layout.Block)
                {
                    Prefetch.Ahead(weights, ahead);
                    pairs.MultiplyAddFirst(scalars + *offsets, Layout.Block, RoundedWeights.Load<T, TWeight>(weights));
                    pairs.MultiplyAddSecond(scalars + *otherOffsets, Layout.Block, RoundedWeights.Load<T, TWeight>(weights + Layout.Block));
                }

                for (var end = one.Offsets + one.Channels; offsets < end; offsets++, weights += Layout.Block)
                    pairs.MultiplyAddFirst(scalars + *offsets, Layout.Block, RoundedWeights.Load<T, TWeight>(weights));
                for (var end = other.Offsets + other.Channels; otherOffsets < end; otherOffsets++, weights += Layout.Block)
                    pairs.MultiplyAddSecond(scalars + *otherOffsets, Layout.Block, RoundedWeights.Load<T, TWeight>(weights));
                if (typeof(TWeight) == typeof(short))
                {
                    var scales = position * positions.ScalesPitch;
                    pairs.Multiply(T.Load(one.Scales + scales), T.Load(other.Scales + scales));
                }

                pairs.Store(destination + tile, otherDestination + tile, Layout.Block);
            }

            source += positions.InputPitch;
            destination += positions.OutputPitch;
            otherDestination += positions.OutputPitch;
            weightsOfPosition += positions.WeightPitch;
        }
    }

    private readonly ref struct TileLoop<T, TWeight>(
        ref readonly ProductList<TWeight> list, float* source, nint first, int count, ref readonly PositionRun positions)
        : ITileLoop<T>
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        private readonly ref readonly ProductList<TWeight> _list = ref list;
        private readonly ref readonly PositionRun _positions = ref positions;

        public void Run<TTile>() where TTile : unmanaged, IAccumulators<T> =>
            Tiles<T, TTile, TWeight>(in _list, source, first, count, in _positions);
    }

    private readonly ref struct PairLoop<T, TWeight>(
        FilterBlockPair pair, ref readonly ProductList<TWeight> one, ref readonly ProductList<TWeight> other, float* source, nint first,
        int count, ref readonly PositionRun positions)
        : IPairLoop<T>
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        private readonly ref readonly ProductList<TWeight> _one = ref one;
        private readonly ref readonly ProductList<TWeight> _other = ref other;
        private readonly ref readonly PositionRun _positions = ref positions;

        public void Run<TPairs>() where TPairs : unmanaged, IPairedSums<T> =>
            Pairs<T, TPairs, TWeight>(pair, in _one, in _other, source, first, count, in _positions);
    }
}

/// <summary>What a block of 16 filters multiplies at a position of the transform domain, and where its sums go.</summary>
/// <param name="offsets">Offset of each channel's scalar from the source of a tile.</param>
/// <param name="channels">Number of channels.</param>
/// <param name="weights">[channels][16].</param>
/// <param name="scales">What the sums of each of the 16 filters are multiplied by; not read if weights are floats.</param>
/// <param name="destination">Sums [tile][16].</param>
internal readonly unsafe struct ProductList<TWeight>(int* offsets, int channels, TWeight* weights, float* scales, float* destination)
    where TWeight : unmanaged
{
    public readonly int* Offsets = offsets;
    public readonly int Channels = channels;
    public readonly TWeight* Weights = weights;
    public readonly float* Scales = scales;
    public readonly float* Destination = destination;
}

/// <summary>Neighbouring positions of the transform domain that multiply the same channels.</summary>
/// <param name="Count">How many.</param>
/// <param name="InputPitch">Floats from one position to the next in V.</param>
/// <param name="OutputPitch">The same in M.</param>
/// <param name="WeightPitch">Weights from one position to the next.</param>
/// <param name="ScalesPitch">The same of the scales of weights of 16 bits.</param>
internal readonly record struct PositionRun(int Count, nint InputPitch, nint OutputPitch, nint WeightPitch, nint ScalesPitch)
{
    /// <summary>One position.</summary>
    public static readonly PositionRun Single = new(1, 0, 0, 0, 0);

    /// <summary>Bytes between the weights that are read and those that are fetched, which are of the next position, if any.</summary>
    public nint BytesAhead(int bytesOfWeight) => Count > 1 ? WeightPitch * bytesOfWeight : Prefetch.BytesAhead;
}
