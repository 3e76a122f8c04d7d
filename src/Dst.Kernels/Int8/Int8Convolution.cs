using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A convolution of bytes with 8-bit weights, dense or of kept taps, of one group. Sums are exact 32-bit integers, so that every tier gives
/// the same. Maps of bytes are blocked as those of floats: [C/16, H, W, 16].
/// </summary>
public sealed unsafe class Int8Convolution
{
    private readonly SimdTier _tier;
    private readonly Conv2dShape _shape;
    private readonly Int8Result _result;
    private readonly byte _padding;
    private readonly sbyte[] _weights;
    private readonly FilterBlock[] _blocks = [];
    private readonly sbyte[] _packed = [];

    /// <summary>Prepares a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes, of one group.</param>
    /// <param name="kept">The taps that are read, or null for all. Other weights are 0.</param>
    /// <param name="weights">[O, C, Kh, Kw].</param>
    /// <param name="padding">The byte around the map.</param>
    /// <param name="result">What becomes of the sums.</param>
    public Int8Convolution(SimdTier tier, Conv2dShape shape, KeptTaps? kept, sbyte[] weights, byte padding, Int8Result result)
    {
        shape.Validate();
        kept?.Validate(shape);
        Check.Length<sbyte>(weights, shape.Filters * shape.RowLength);
        (_tier, _shape, _weights, _padding, _result) = (tier, shape, weights, padding, result);
        if (tier == SimdTier.Scalar) return;
        var lists = kept?.UnionOverLanes() ?? [.. Enumerable.Repeat(Enumerable.Range(0, shape.RowLength).ToArray(), shape.FilterBlocks)];
        var (first, total) = (0L, lists.Sum(taps => FilterBlock.WeightBytesOf(shape, taps)));
        _packed = GC.AllocateArray<sbyte>(checked((int)total), pinned: true);
        _blocks = new FilterBlock[lists.Length];
        for (var b = 0; b < lists.Length; b++)
        {
            _blocks[b] = b > 0 && lists[b].AsSpan().SequenceEqual(lists[b - 1])
                ? _blocks[b - 1] with { FirstWeight = first }
                : new(shape, lists[b], padding, first);
            _blocks[b].PackWeights(shape, b, weights, _packed);
            first += FilterBlock.WeightBytesOf(shape, lists[b]);
        }

        ScratchLength = _blocks.Max(block => block.PlanesLength);
    }

    /// <summary>Bytes of weights.</summary>
    public long WeightBytes => Math.Max(_packed.Length, _weights.Length);

    /// <summary>Blocks of sixteen filters, which can be computed apart.</summary>
    public int Blocks => _shape.FilterBlocks;

    /// <summary>32-bit elements of scratch memory.</summary>
    public long ScratchLength { get; }

    /// <summary>Computes some blocks of filters of one image.</summary>
    /// <param name="x">[C/16, H, W, 16].</param>
    /// <param name="residual">Bytes that are added, in the layout of the output; null for none.</param>
    /// <param name="y">[O/16, OutHeight, OutWidth, 16]: bytes, or floats if the result says so.</param>
    /// <param name="first">The first block.</param>
    /// <param name="end">The block behind the last.</param>
    /// <param name="scratch">Scratch memory.</param>
    public void Forward(byte* x, byte* residual, void* y, int first, int end, int* scratch)
    {
        if (_tier == SimdTier.Scalar) Reference(x, residual, y, first, end);
        else IntKernelRunner.Run(_tier, new Kernel(this, x, residual, y, first, end, scratch));
    }

    /// <summary>The specification.</summary>
    private void Reference(byte* x, byte* residual, void* y, int first, int end)
    {
        var (s, pixels) = (_shape, _shape.OutHeight * _shape.OutWidth);
        for (var i = (long)first * pixels * Layout.Block; i < (long)end * pixels * Layout.Block; i++)
        {
            var (filter, pixel) = (Layout.ChannelOf(i, s.FilterBlocks, pixels), (int)(i / Layout.Block % pixels));
            var sum = 0;
            for (var t = 0; filter < s.Filters && t < s.RowLength; t++)
            {
                var (channel, row, column) = (t / (s.KernelHeight * s.KernelWidth), t / s.KernelWidth % s.KernelHeight, t % s.KernelWidth);
                var (iy, ix) = (pixel / s.OutWidth * s.Stride - s.Padding + row, pixel % s.OutWidth * s.Stride - s.Padding + column);
                var isInside = (uint)iy < (uint)s.Height && (uint)ix < (uint)s.Width;
                var place = (((long)channel / Layout.Block * s.Height + iy) * s.Width + ix) * Layout.Block + channel % Layout.Block;
                sum += _weights[filter * s.RowLength + t] * (isInside ? x[place] : _padding);
            }

            _result.Store(filter, sum, residual, y, i);
        }
    }

    private static T* Pointer<T>(T[] pinned) where T : unmanaged => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));

    /// <summary>Some blocks of filters of one image.</summary>
    private readonly struct Kernel(Int8Convolution layer, byte* x, byte* residual, void* y, int first, int end, int* scratch) : IIntKernel
    {
        public void Run<T>() where T : unmanaged, IIntLanes<T>
        {
            for (var b = first; b < end; b++)
            {
                var block = layer._blocks[b];
                if (b == first || block.Planes != layer._blocks[b - 1].Planes) block.Pack(x, scratch);
                Block<T>(block, b);
            }
        }

        private void Block<T>(FilterBlock block, int b) where T : unmanaged, IIntLanes<T>
        {
            var s = layer._shape;
            var result = layer._result.OfBlock(b);
            var weights = Pointer(layer._packed) + block.FirstWeight;
            var index = (long)b * s.OutHeight * s.OutWidth * Layout.Block;
            for (var row = 0; row < s.OutHeight; row++)
            {
                var source = scratch + (long)row * s.Stride * block.Planes[0].RowPitch;
                for (int column = 0, width; column < s.OutWidth; column += width, index += width * Layout.Block)
                {
                    width = WidthOf<T>(s.OutWidth - column);
                    var place = new TilePlace(source + column * Int8Planes.Pairs, residual, y, index);
                    Tile<T>(width, block.Segments, weights, result, place);
                }
            }
        }

        /// <summary>The widest tile for some pixels that are left of a row.</summary>
        private static int WidthOf<T>(int pixels) where T : unmanaged, IIntLanes<T>
        {
            var width = T.Pixels;
            while (width > pixels) width /= 2;
            return width;
        }

        private static void Tile<T>(int width, Segment[] segments, sbyte* weights, in LaneResult result, in TilePlace place)
            where T : unmanaged, IIntLanes<T>
        {
            switch (width)
            {
                case 16:
                    Tile<T, Int8TileJoin<T, Int8TileJoin<T, Int8Tile4<T>, Int8Tile4<T>>, Int8TileJoin<T, Int8Tile4<T>, Int8Tile4<T>>>>(
                        segments, weights, result, place);
                    break;
                case 8: Tile<T, Int8TileJoin<T, Int8Tile4<T>, Int8Tile4<T>>>(segments, weights, result, place); break;
                case 4: Tile<T, Int8Tile4<T>>(segments, weights, result, place); break;
                case 2: Tile<T, Int8Tile2<T>>(segments, weights, result, place); break;
                default: Tile<T, Int8Tile1<T>>(segments, weights, result, place); break;
            }
        }

        /// <summary>The innermost loop: for each pair of taps one load of 32 weights, and one multiply-add for each pixel.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Tile<T, TTile>(Segment[] segments, sbyte* weights, in LaneResult result, in TilePlace place)
            where T : unmanaged, IIntLanes<T>
            where TTile : unmanaged, IInt8Tile<T>
        {
            TTile tile = default;
            foreach (var segment in segments)
            {
                var pairs = place.Source + segment.Offset;
                for (var end = pairs + segment.Pairs; pairs < end; pairs++, weights += 2 * Layout.Block)
                    tile.MultiplyAdd(pairs, T.Pairs(weights));
            }

            tile.Store(result, place.Residual, place.Y, place.Index);
        }
    }

    /// <summary>Where the pixels of a tile come from, what is added to them and where they go.</summary>
    private readonly struct TilePlace(int* source, byte* residual, void* y, long index)
    {
        public readonly int* Source = source;
        public readonly byte* Residual = residual;
        public readonly void* Y = y;
        public readonly long Index = index;
    }

    /// <summary>Pairs of taps that lie side by side: those of one position of the kernel in one plane.</summary>
    /// <param name="Offset">Where the first output pixel finds the first pair.</param>
    /// <param name="Pairs">How many.</param>
    private readonly record struct Segment(int Offset, int Pairs);

    /// <summary>What sixteen filters read. Positions of the kernel that keep the same channels share planes.</summary>
    private sealed record FilterBlock
    {
        private readonly int[][] _channels; // of each position

        public FilterBlock(Conv2dShape shape, int[] taps, byte padding, long firstWeight)
        {
            FirstWeight = firstWeight;
            _channels = ChannelsOf(shape, taps);
            var (planes, segments) = (new List<(int[] Channels, Int8Planes Planes, int First)>(), new List<Segment>());
            for (var position = 0; position < _channels.Length; position++)
            {
                var channels = _channels[position];
                if (!planes.Exists(other => other.Channels.AsSpan().SequenceEqual(channels)))
                {
                    planes.Add((channels, new(shape, channels, padding), PlanesLength));
                    PlanesLength = checked(PlanesLength + planes[^1].Planes.Length);
                }

                var (_, own, first) = planes.Find(other => other.Channels.AsSpan().SequenceEqual(channels));
                var offset = first + own.OffsetOf(position / shape.KernelWidth, position % shape.KernelWidth);
                for (var plane = 0; plane < own.Count; plane++)
                    segments.Add(new(offset + plane * own.PlanePitch, PairsOf(channels, plane)));
            }

            (Planes, Segments) = ([.. planes.Select(set => set.Planes)], [.. segments]);
        }

        /// <summary>Where its weights begin.</summary>
        public long FirstWeight { get; init; }

        /// <summary>Planes that lie one behind the other in scratch memory.</summary>
        public Int8Planes[] Planes { get; }

        public int PlanesLength { get; }

        public Segment[] Segments { get; }

        /// <summary>Bytes of the packed weights of sixteen filters.</summary>
        public static long WeightBytesOf(Conv2dShape shape, int[] taps) =>
            ChannelsOf(shape, taps).Sum(channels => (long)(channels.Length + 1) / 2) * 2 * Layout.Block;

        public void Pack(byte* x, int* scratch)
        {
            foreach (var planes in Planes)
            {
                planes.Pack(x, scratch);
                scratch += planes.Length;
            }
        }

        /// <summary>Packs the weights of block <paramref name="b"/> in the order [position][pair][filter][2].</summary>
        public void PackWeights(Conv2dShape shape, int b, sbyte[] weights, sbyte[] packed)
        {
            var to = FirstWeight;
            for (var position = 0; position < _channels.Length; position++)
            {
                var channels = _channels[position];
                for (var pair = 0; pair < channels.Length; pair += 2, to += 2 * Layout.Block)
                {
                    for (var i = 0; i < 2 * Layout.Block; i++)
                    {
                        var (filter, half) = (b * Layout.Block + i / 2, pair + i % 2);
                        if (filter < shape.Filters && half < channels.Length)
                            packed[to + i] = weights[filter * shape.RowLength + channels[half] * _channels.Length + position];
                    }
                }
            }
        }

        /// <summary>The channels that each position of the kernel reads.</summary>
        private static int[][] ChannelsOf(Conv2dShape shape, int[] taps)
        {
            var area = shape.KernelHeight * shape.KernelWidth;
            var channels = new List<int>[area];
            for (var position = 0; position < area; position++) channels[position] = [];
            foreach (var tap in taps) channels[tap % area].Add(tap / area);
            return Array.ConvertAll(channels, list => list.ToArray());
        }

        private static int PairsOf(int[] channels, int plane) =>
            (Math.Min(channels.Length - plane * Layout.Block, Layout.Block) + 1) / 2;
    }
}
