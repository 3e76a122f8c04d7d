using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// F(m×m, 3×3) in whole numbers, with stride 1 or 2. Products and sums may overflow, as all is exact modulo 2^32. An output comes out as
/// an odd number times a power of 2 times the sum of the convolution. The inverse of the odd number modulo 2^32 and a shift give the sum,
/// if it has as many bits less: <see cref="Int8Form.Supports"/> sees to that.
/// </summary>
internal sealed unsafe partial class Int8Winograd : Int8Convolution
{
    /// <summary>Side of a kernel.</summary>
    public const int Side = 3;

    private readonly SimdTier _tier;
    private readonly Int8WinogradTiles _tiling;
    private readonly FilterBlock[] _blocks;
    private readonly Segment[] _allChannels; // pairs of a layer that is not pruned
    private readonly AlignedArray<short> _weights;

    /// <summary>Prepares a layer of such a form.</summary>
    public Int8Winograd(SimdTier tier, int tile, Int8Layer layer) : base(layer)
    {
        (_tier, _tiling) = (tier, new(tile, layer));
        _blocks = [.. ChannelsOf(layer).Select(channels => new FilterBlock(_tiling, channels))];
        _allChannels =
        [
            .. Enumerable.Range(0, layer.Shape.ChannelBlocks).Select(block =>
                new Segment(block * _tiling.PlanePitch, (Layout.UsedLanes(layer.Shape.Channels, block) + 1) / 2)),
        ];
        _weights = new(PlaceWeights());
        if (_tiling.Points == Int8Points4.Count) PackWeights<Int8Points4>();
        else if (_tiling.Points == Int8Points6.Count) PackWeights<Int8Points6>();
        else PackWeights<Int8Points9>();
    }

    /// <inheritdoc/>
    public override long WeightBytes => (long)_weights.Length * sizeof(short);

    /// <inheritdoc/>
    public override long ScratchLength => _tiling.ScratchLength;

    /// <summary>The channels that each block of filters reads, ascending.</summary>
    public static int[][] ChannelsOf(Int8Layer layer) => KeptTaps.ChannelsOfBlocks(layer.Shape, layer.Kept);

    /// <inheritdoc/>
    public override void Forward(byte* x, byte* residual, void* y, int first, int end, int* scratch) =>
        IntKernelRunner.Run(_tier, new Kernel(this, x, residual, y, first, end, scratch));

    /// <summary>Lays out the weights: [position][block] or [block][position], and there [pair][filter][2]. Gives their number.</summary>
    private int PlaceWeights()
    {
        var (first, pitch) = (0, checked(_blocks.Sum(block => block.WeightCount)));
        foreach (var block in _blocks)
        {
            (block.FirstWeight, block.WeightPitch) = (first, _tiling.IsByPosition ? pitch : block.WeightCount);
            first = checked(first + (_tiling.IsByPosition ? 1 : _tiling.Positions) * block.WeightCount);
        }

        return checked(pitch * _tiling.Positions);
    }

    /// <summary>Packs U = G·g·Gᵀ.</summary>
    private void PackWeights<TPoints>() where TPoints : IInt8Points
    {
        var (shape, g, kernel) = (Layer.Shape, TPoints.Weights, new short[_tiling.Positions]);
        var weights = _weights.Span;
        for (var filter = 0; filter < shape.Filters; filter++)
        {
            var block = _blocks[filter / Layout.Block];
            for (var place = 0; place < block.Channels.Length; place++)
            {
                if (block.Channels[place] is not { } channel) continue;
                Transform(Layer.Weights.AsSpan(filter * shape.RowLength + channel * Side * Side, Side * Side), g, kernel);
                var to = block.FirstWeight + (place / 2 * Layout.Block + filter % Layout.Block) * 2 + place % 2;
                for (var position = 0; position < kernel.Length; position++) weights[to + position * block.WeightPitch] = kernel[position];
            }
        }
    }

    private static void Transform(ReadOnlySpan<sbyte> kernel, int[][] g, short[] transformed)
    {
        Span<int> rows = stackalloc int[Side];
        for (var position = 0; position < transformed.Length; position++)
        {
            var (row, column) = (g[position / g.Length], g[position % g.Length]);
            for (var i = 0; i < Side; i++)
                rows[i] = kernel[i * Side] * column[0] + kernel[i * Side + 1] * column[1] + kernel[i * Side + 2] * column[2];
            transformed[position] = checked((short)(row[0] * rows[0] + row[1] * rows[1] + row[2] * rows[2]));
        }
    }
}
