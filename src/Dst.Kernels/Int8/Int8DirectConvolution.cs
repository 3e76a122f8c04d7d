using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The direct form: one multiply-add for each tap and output pixel.</summary>
internal sealed unsafe class Int8DirectConvolution : Int8Convolution
{
    private readonly SimdTier _tier;
    private readonly Conv2dShape _shape;
    private readonly FilterBlock[] _blocks = [];
    private readonly sbyte[] _packed = [];

    /// <summary>Prepares a layer.</summary>
    public Int8DirectConvolution(SimdTier tier, Int8Layer layer) : base(layer)
    {
        (_tier, _shape) = (tier, layer.Shape);
        if (tier == SimdTier.Scalar) return;
        var lists = layer.Kept?.UnionOverLanes()
            ?? [.. Enumerable.Repeat(Enumerable.Range(0, _shape.RowLength).ToArray(), _shape.FilterBlocks)];
        var (first, total) = (0L, lists.Sum(taps => FilterBlock.WeightBytesOf(_shape, taps)));
        _packed = GC.AllocateArray<sbyte>(checked((int)total), pinned: true);
        _blocks = new FilterBlock[lists.Length];
        for (var b = 0; b < lists.Length; b++)
        {
            _blocks[b] = b > 0 && lists[b].AsSpan().SequenceEqual(lists[b - 1])
                ? _blocks[b - 1] with { FirstWeight = first }
                : new(_shape, lists[b], layer.Padding, first);
            _blocks[b].PackWeights(_shape, b, layer.Weights, _packed);
            first += FilterBlock.WeightBytesOf(_shape, lists[b]);
        }

        ScratchLength = _blocks.Max(block => block.PlanesLength);
    }

    /// <inheritdoc/>
    public override long WeightBytes => Math.Max(_packed.Length, Layer.Weights.Length);

    /// <inheritdoc/>
    public override long ScratchLength { get; }

    /// <inheritdoc/>
    public override void Forward(byte* x, byte* residual, void* y, int first, int end, int* scratch)
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
                sum += Layer.Weights[filter * s.RowLength + t] * (isInside ? x[place] : Layer.Padding);
            }

            Layer.Result.Store(filter, sum, residual, y, i);
        }
    }

    private static T* Pointer<T>(T[] pinned) where T : unmanaged => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));

    /// <summary>Some blocks of filters of one image.</summary>
    private readonly struct Kernel(Int8DirectConvolution layer, byte* x, byte* residual, void* y, int first, int end, int* scratch) : IIntKernel
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
            var result = layer.Layer.Result.OfBlock(b);
            var weights = Pointer(layer._packed) + block.FirstWeight;
            var index = (long)b * s.OutHeight * s.OutWidth * Layout.Block;
            for (var row = 0; row < s.OutHeight; row++)
            {
                var source = scratch + (long)row * s.Stride * block.Planes[0].RowPitch;
                for (int column = 0, width; column < s.OutWidth; column += width, index += width * Layout.Block)
                {
                    width = Int8Product.WidthOf<T>(s.OutWidth - column);
                    Int8Product.Run<T, sbyte, MapOutput<T>>(
                        width, block.Segments, weights, source + column * Int8Product.Pairs, new(result, residual, y, index));
                }
            }
        }
    }

    /// <summary>The results of neighbouring pixels, from an index of the map on.</summary>
    private readonly struct MapOutput<T>(LaneResult result, byte* residual, void* y, long index) : ISumOutput<T>
        where T : unmanaged, IIntLanes<T>
    {
        private readonly LaneResult _result = result;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(T sums, int pixel) => _result.Store(sums, residual, y, index + pixel * Layout.Block);
    }

    /// <summary>What sixteen filters read. Positions of the kernel that keep the same channels share planes.</summary>
    private sealed record FilterBlock
    {
        private readonly int[][] _channels; // of each position

        public FilterBlock(Conv2dShape shape, int[] taps, byte padding, long firstWeight)
        {
            FirstWeight = firstWeight;
            _channels = ChannelsOf(shape, taps);
            var (planes, segments) = (new List<(int[] Channels, Int8Planes Planes, int First)>(), new List<PairSegment>());
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

        public PairSegment[] Segments { get; }

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
