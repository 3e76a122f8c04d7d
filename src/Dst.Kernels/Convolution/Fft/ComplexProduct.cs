using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The register-blocked loops of complex products, with three multiplications each: real part ac − bd, imaginary part
/// (a + b)(c + d) − ac − bd. The three sums stay in registers, so that only the last step subtracts.
/// </summary>
internal static unsafe class ComplexProduct
{
    /// <summary>Floats of an element of a spectrum: real parts, imaginary parts and their sums of sixteen channels.</summary>
    public const int Parts = 3 * Layout.Block;

    /// <summary>Floats from a tile to the next. A group of frequencies lies between, so that transforms write long runs.</summary>
    public const int TilePitch = ComplexLine.Group * Parts;

    /// <summary>Floats of sixteen weights: real and imaginary parts.</summary>
    public const int WeightParts = 2 * Layout.Block;

    /// <summary>Tiles of the largest register tile.</summary>
    public const int MostTiles = 8;

    /// <summary>The widths of register tiles for some tiles, about equal: each has three sums.</summary>
    public static int[] Cut(SimdTier tier, int tiles)
    {
        var most = tier switch { SimdTier.V512 => MostTiles, SimdTier.V256 => 2, _ => 1 };
        var count = Layout.CeilDiv(tiles, most);
        return [.. Enumerable.Range(0, count).Select(i => (i + 1) * tiles / count - i * tiles / count)];
    }

    /// <summary>destination[tile] = Σ over channels of 16 weights · the tile's number.</summary>
    /// <param name="widths">Of <see cref="Cut"/>.</param>
    /// <param name="offsets">Offset of each channel's number from the source of a tile.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="weights">[channels][2][16].</param>
    /// <param name="source">[tile][8][3][16] of the first channel.</param>
    /// <param name="destination">[tile][8][3][16], of which the last part is left without meaning.</param>
    public static void Run<T>(int[] widths, int* offsets, int channels, float* weights, float* source, float* destination)
        where T : unmanaged, ILanes<T>
    {
        foreach (var width in widths)
        {
            Run<T>(width, offsets, channels, weights, source, destination);
            source += width * TilePitch;
            destination += width * TilePitch;
        }
    }

    /// <summary>As above, for one register tile.</summary>
    public static void Run<T>(int width, int* offsets, int channels, float* weights, float* source, float* destination)
        where T : unmanaged, ILanes<T> =>
        RegisterTiles.Run<T, TileLoop<T>>(width, new(offsets, channels, weights, source, destination));

    /// <summary>
    /// Writes, for some channels, Σ over tiles of the channel's number · the conjugate of 16 filters' gradients, or adds it.
    /// </summary>
    /// <param name="tiles">Number of tiles.</param>
    /// <param name="offsets">Offset of each channel's number from the source of a tile.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="source">[tile][8][3][16] of the first channel.</param>
    /// <param name="gradient">[tile][8][3][16].</param>
    /// <param name="sums">[channels][2][16].</param>
    /// <param name="accumulate">Whether to add.</param>
    public static void Correlate<T>(int tiles, int* offsets, int channels, float* source, float* gradient, float* sums, bool accumulate)
        where T : unmanaged, ILanes<T>
    {
        var i = 0;
        for (; T.Accumulators >= 12 && i + 4 <= channels; i += 4)
            Correlate<T, JoinSums<T, JoinSums<T, ChannelSum<T>, ChannelSum<T>>, JoinSums<T, ChannelSum<T>, ChannelSum<T>>>>(
                tiles, offsets + i, source, gradient, sums + i * WeightParts, accumulate);
        for (; T.Accumulators >= 6 && i + 2 <= channels; i += 2)
            Correlate<T, JoinSums<T, ChannelSum<T>, ChannelSum<T>>>(
                tiles, offsets + i, source, gradient, sums + i * WeightParts, accumulate);
        for (; i < channels; i++)
            Correlate<T, ChannelSum<T>>(tiles, offsets + i, source, gradient, sums + i * WeightParts, accumulate);
    }

    /// <summary>The innermost loop, for one register tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<T, TTile>(int* offsets, int channels, float* weights, float* source, float* destination)
        where T : unmanaged, ILanes<T> where TTile : unmanaged, IAccumulators<T>
    {
        TTile ofRe = default, ofIm = default, ofSum = default;
        for (var end = offsets + channels; offsets < end; offsets++, weights += WeightParts)
        {
            T re = T.Load(weights), im = T.Load(weights + Layout.Block);
            var number = source + *offsets;
            ofRe.MultiplyAdd(number, TilePitch, re);
            ofIm.MultiplyAdd(number + Layout.Block, TilePitch, im);
            ofSum.MultiplyAdd(number + 2 * Layout.Block, TilePitch, T.Add(re, im));
        }

        ofRe.Store(destination, TilePitch);
        ofIm.Store(destination + Layout.Block, TilePitch);
        ofSum.Store(destination + 2 * Layout.Block, TilePitch);
        for (var end = destination + TTile.Width * TilePitch; destination < end; destination += TilePitch)
        {
            T re = T.Load(destination), im = T.Load(destination + Layout.Block), sum = T.Load(destination + 2 * Layout.Block);
            T.Store(destination, T.Subtract(re, im));
            T.Store(destination + Layout.Block, T.Subtract(T.Subtract(sum, re), im));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Correlate<T, TSums>(int tiles, int* offsets, float* source, float* gradient, float* sums, bool accumulate)
        where T : unmanaged, ILanes<T> where TSums : unmanaged, IChannelSums<T>
    {
        TSums total = default;
        total.Begin(offsets);
        for (var end = gradient + (nint)tiles * TilePitch; gradient < end; gradient += TilePitch, source += TilePitch)
        {
            T re = T.Load(gradient), im = T.Load(gradient + Layout.Block);
            total.MultiplyAdd(source, re, im, T.Subtract(re, im));
        }

        total.Store(sums, accumulate);
    }

    /// <summary>The sums of some channels, in registers.</summary>
    private interface IChannelSums<T> where T : unmanaged, ILanes<T>
    {
        static abstract int Count { get; }

        void Begin(int* offsets);

        void MultiplyAdd(float* source, T re, T im, T difference);

        void Store(float* sums, bool accumulate);
    }

    /// <summary>(a + ib)(c − id): real part ac + bd, imaginary part (a + b)(c − d) − ac + bd.</summary>
    private struct ChannelSum<T> : IChannelSums<T> where T : unmanaged, ILanes<T>
    {
        private nint _offset;
        private T _ofRe;
        private T _ofIm;
        private T _ofSum;

        public static int Count
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => 1;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Begin(int* offsets) => (_offset, _ofRe, _ofIm, _ofSum) = (*offsets, T.Zero, T.Zero, T.Zero);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void MultiplyAdd(float* source, T re, T im, T difference)
        {
            _ofRe = T.MultiplyAdd(source + _offset, re, _ofRe);
            _ofIm = T.MultiplyAdd(source + _offset + Layout.Block, im, _ofIm);
            _ofSum = T.MultiplyAdd(source + _offset + 2 * Layout.Block, difference, _ofSum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* sums, bool accumulate)
        {
            T re = T.Add(_ofRe, _ofIm), im = T.Add(T.Subtract(_ofSum, _ofRe), _ofIm);
            T.Store(sums, accumulate ? T.Add(T.Load(sums), re) : re);
            T.Store(sums + Layout.Block, accumulate ? T.Add(T.Load(sums + Layout.Block), im) : im);
        }
    }

    /// <summary>The channels of one and then those of another.</summary>
    private struct JoinSums<T, TLeft, TRight> : IChannelSums<T>
        where T : unmanaged, ILanes<T> where TLeft : unmanaged, IChannelSums<T> where TRight : unmanaged, IChannelSums<T>
    {
        private TLeft _left;
        private TRight _right;

        public static int Count
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => TLeft.Count + TRight.Count;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Begin(int* offsets)
        {
            _left = default;
            _right = default;
            _left.Begin(offsets);
            _right.Begin(offsets + TLeft.Count);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void MultiplyAdd(float* source, T re, T im, T difference)
        {
            _left.MultiplyAdd(source, re, im, difference);
            _right.MultiplyAdd(source, re, im, difference);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* sums, bool accumulate)
        {
            _left.Store(sums, accumulate);
            _right.Store(sums + TLeft.Count * WeightParts, accumulate);
        }
    }

    private readonly struct TileLoop<T>(int* offsets, int channels, float* weights, float* source, float* destination) : ITileLoop<T>
        where T : unmanaged, ILanes<T>
    {
        public void Run<TTile>() where TTile : unmanaged, IAccumulators<T> =>
            Tile<T, TTile>(offsets, channels, weights, source, destination);
    }
}
