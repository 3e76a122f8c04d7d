using Dst.Kernels.Simd;

namespace Dst.Kernels;

public sealed unsafe partial class DirectConvolution
{
    // What a gathered list of taps takes beside its multiply-adds of 16 lanes, in such multiply-adds, from measurements.

    /// <summary>For each register tile.</summary>
    private const double ListTileCost = 120;

    /// <summary>For each pixel.</summary>
    private const double ListCost = 10;

    /// <summary>For each pixel and block of channels that it is added to.</summary>
    private const double TargetCost = 10;

    /// <summary>Channels are gathered where that takes less than this share of the dense time.</summary>
    private const double SureGain = 0.8;

    private readonly PackedInput _outputGradient;
    private readonly Lazy<BackwardDataPhase[]> _backwardData; // inference needs none
    private readonly Lazy<int> _backwardDataLength;

    /// <summary>dx = conv transposed(dy), or dx += with <paramref name="accumulate"/>.</summary>
    /// <param name="images">Number of images.</param>
    /// <param name="dy">Gradient of the output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="weights">Packed by <see cref="PackBackwardDataWeights"/>.</param>
    /// <param name="dx">Gradient of the input [N, C/16, H, W, 16].</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    /// <param name="accumulate">Whether to add to <paramref name="dx"/>.</param>
    public void BackwardData(int images, float* dy, float* weights, float* dx, float* scratch, bool accumulate)
    {
        KernelRunner.Run(_tier, new BackwardDataKernel(this, images, dy, weights, dx, scratch, accumulate));
    }

    /// <summary>
    /// Packs canonical weights [O, C/Groups, Kh, Kw] into <see cref="BackwardDataWeightLength"/> floats: for each phase of the stride
    /// and list of taps [taps][16 channels].
    /// </summary>
    public void PackBackwardDataWeights(ReadOnlySpan<float> weights, Span<float> packed)
    {
        Check.Length(weights, Shape.WeightCount);
        Check.Length<float>(packed, BackwardDataWeightLength);
        if (_tier == SimdTier.Scalar)
        {
            weights.CopyTo(packed);
            return;
        }

        packed.Clear();
        foreach (var phase in _backwardData.Value)
        {
            foreach (var list in phase.Lists)
            {
                PackChannels(weights, list, packed);
                packed = packed[(list.Taps.Length * Layout.Block)..];
            }
        }
    }

    private void PackChannels(ReadOnlySpan<float> weights, ChannelList list, Span<float> packed)
    {
        var (area, rowLength, channels) = (Shape.KernelHeight * Shape.KernelWidth, Shape.RowLength, Shape.ChannelsPerGroup);
        var filtersPerGroup = Shape.Filters / Shape.Groups;
        ReadOnlySpan<int> ofLanes = list.Channels;
        for (var t = 0; t < list.Taps.Length; t++)
        {
            var (filter, position) = Math.DivRem(list.Taps[t], area);
            var firstChannel = filter / filtersPerGroup * channels;
            var row = weights.Slice(filter * rowLength, rowLength);
            var values = packed.Slice(t * Layout.Block, ofLanes.Length);
            for (var lane = 0; lane < values.Length; lane++)
            {
                var channel = ofLanes[lane] - firstChannel;
                if ((uint)channel < (uint)channels) values[lane] = row[channel * area + position];
            }
        }
    }

    /// <summary>One pass for each phase of the stride: the input pixels of a phase see the same taps of the kernel.</summary>
    private BackwardDataPhase[] PlanBackwardData()
    {
        var s = Shape;
        var phases = new List<BackwardDataPhase>();
        var firstWeight = 0;
        for (var y = 0; y < Math.Min(s.Stride, s.Height); y++)
        {
            for (var x = 0; x < Math.Min(s.Stride, s.Width); x++)
            {
                phases.Add(PlanBackwardData(y, x, firstWeight));
                firstWeight += phases[^1].WeightLength;
            }
        }

        return [.. phases];
    }

    private BackwardDataPhase PlanBackwardData(int y, int x, int firstWeight)
    {
        var s = Shape;
        int row = y + s.Padding, column = x + s.Padding;
        var blocks = ListsOfBlocks(row % s.Stride, column % s.Stride);
        var gathered = ListsOfKeptChannels(row % s.Stride, column % s.Stride);
        var scatter = Scatter(gathered);
        var listCost = ListCost + ListTileCost / Math.Min(RowTiles.WidestOfPair, Layout.CeilDiv(s.Width - x, s.Stride));
        var gatheredCost = gathered.Sum(ofBlock => ofBlock.Sum(list => list.Taps.Length + listCost))
            + TargetCost * scatter.TargetBlock.Length;
        // Groups have dense lists already.
        var isGathered = s.Groups == 1 && gatheredCost < SureGain * blocks.Sum(list => list.Taps.Length);
        ChannelList[] lists = isGathered ? [.. gathered.SelectMany(l => l)] : blocks;
        var table = Table(
            [.. lists.Select(list => list.Taps)],
            tap => _outputGradient.OffsetOfUnpadded(tap.Channel, (row - tap.Ky) / s.Stride, (column - tap.Kx) / s.Stride),
            firstWeight);
        var pass = new TapPass(
            _tier,
            table,
            isGathered ? s.FilterBlocks : s.ChannelBlocks,
            isGathered ? scatter : null,
            new(_outputGradient.PixelPitch, _outputGradient.RowPitch, _outputGradient.Length),
            new(
                Start: (y * s.Width + x) * Layout.Block,
                Pixel: s.Stride * Layout.Block,
                Row: s.Stride * s.Width * Layout.Block,
                Block: s.Height * s.Width * Layout.Block,
                Image: s.InputLength),
            [.. Ranges(y, row, s.Height, s.OutHeight, s.KernelHeight)],
            [.. Ranges(x, column, s.Width, s.OutWidth, s.KernelWidth)]);
        return new(lists, pass);

        IEnumerable<KernelRange> Ranges(int phase, int padded, int extent, int outExtent, int kernel) =>
            from i in Enumerable.Range(0, Layout.CeilDiv(extent - phase, s.Stride))
            select Within(padded + (i - outExtent + 1) * s.Stride, padded + i * s.Stride + 1, kernel);
    }

    /// <summary>For each block of input channels the (filter, ky, kx) of a phase that reach any of its 16 channels.</summary>
    private ChannelList[] ListsOfBlocks(int phaseY, int phaseX)
    {
        var s = Shape;
        var area = s.KernelHeight * s.KernelWidth;
        var reached = new bool[s.ChannelBlocks][];
        for (var b = 0; b < reached.Length; b++) reached[b] = new bool[s.FilterBlocks * area];
        for (var b = 0; b < s.FilterBlocks; b++)
        {
            foreach (var tap in _forwardTaps[b])
            {
                if (IsInPhase(tap, phaseY, phaseX)) reached[tap / area / Layout.Block][b * area + tap % area] = true;
            }
        }

        return
        [
            .. reached.Select((block, b) => new ChannelList(
                [.. Enumerable.Range(b * Layout.Block, Layout.UsedLanes(s.Channels, b))],
                ByKernelPosition(Enumerable.Range(0, s.Filters * area).Where(t => block[t / area / Layout.Block * area + t % area])))),
        ];
    }

    /// <summary>
    /// For each block of 16 filters, lists of up to 16 of the channels that it keeps, in ascending order. The taps of a list are the
    /// positions of the kernel that keep the same channels: under <c>unit: kernel</c> all of them.
    /// </summary>
    private ChannelList[][] ListsOfKeptChannels(int phaseY, int phaseX)
    {
        var area = Shape.KernelHeight * Shape.KernelWidth;
        var lists = new ChannelList[Shape.FilterBlocks][];
        for (var b = 0; b < lists.Length; b++)
        {
            var filters = Enumerable.Range(b * Layout.Block, Layout.UsedLanes(Shape.Filters, b));
            var positions = _forwardTaps[b].Where(tap => IsInPhase(tap, phaseY, phaseX)).Order()
                .GroupBy(tap => tap % area, tap => tap / area);
            lists[b] =
            [
                .. from sharing in positions.GroupBy(channels => string.Join(' ', channels))
                   let taps = ByKernelPosition(sharing.SelectMany(p => filters.Select(filter => filter * area + p.Key)))
                   from channels in sharing.First().Chunk(Layout.Block)
                   select new ChannelList(channels, taps),
            ];
        }

        return lists;
    }

    private bool IsInPhase(int tap, int phaseY, int phaseX)
    {
        var (_, ky, kx) = TapAt(tap);
        return ky % Shape.Stride == phaseY && kx % Shape.Stride == phaseX;
    }

    private static LaneScatter Scatter(ChannelList[][] lists)
    {
        int[] firstList = new int[lists.Length + 1], firstTarget = new int[lists.Sum(l => l.Length) + 1];
        List<int> blocks = [], lanes = [];
        for (var b = 0; b < lists.Length; b++)
        {
            firstList[b + 1] = firstList[b] + lists[b].Length;
            for (var i = 0; i < lists[b].Length; i++)
            {
                var lanesOfChannels = lists[b][i].Channels.Select((channel, lane) => (channel, lane));
                foreach (var target in lanesOfChannels.GroupBy(c => c.channel / Layout.Block))
                {
                    var ofTarget = Enumerable.Repeat(Layout.Block, Layout.Block).ToArray();
                    foreach (var (channel, lane) in target) ofTarget[channel % Layout.Block] = lane;
                    blocks.Add(target.Key);
                    lanes.AddRange(ofTarget);
                }

                firstTarget[firstList[b] + i + 1] = blocks.Count;
            }
        }

        return new(firstList, firstTarget, [.. blocks], Pinned(lanes));
    }

    private void BackwardData<T>(int images, float* dy, float* weights, float* dx, float* scratch, bool accumulate)
        where T : unmanaged, ILanes<T>
    {
        var zero = stackalloc float[Layout.Block];
        new Span<float>(zero, Layout.Block).Clear();
        for (var first = 0; first < images; first += _outputGradient.ChunkImages)
        {
            var count = Math.Min(_outputGradient.ChunkImages, images - first);
            var source = _outputGradient.Pack<T>(count, dy + (long)first * Shape.OutputLength, scratch);
            var destination = dx + (long)first * Shape.InputLength;
            var isCleared = !accumulate && Array.Exists(_backwardData.Value, phase => phase.AddsToDestination);
            for (var n = 0; isCleared && n < count; n++)
                new Span<float>(destination + (long)n * Shape.InputLength, Shape.InputLength).Clear();
            var initial = accumulate ? InitialValues.Destination : new(zero, 0);
            foreach (var phase in _backwardData.Value)
            {
                if (phase.WeightLength > 0) Run<T, float>(phase.Pass, count, source, weights, initial, Epilogue.None, destination);
            }
        }
    }

    /// <summary>Up to 16 input channels and the taps (filter, ky, kx) that they share.</summary>
    private sealed record ChannelList(int[] Channels, int[] Taps);

    /// <summary>The lists of one phase of the stride and its pass.</summary>
    private sealed record BackwardDataPhase(ChannelList[] Lists, TapPass Pass)
    {
        /// <summary>Floats of its packed weights.</summary>
        public int WeightLength { get; } = checked(Lists.Sum(list => list.Taps.Length) * Layout.Block);

        /// <summary>
        /// Whether its pixels must hold zeros, or what is added to, before it runs; a phase without taps does not run at all.
        /// </summary>
        public bool AddsToDestination => WeightLength == 0 || Pass.Scatter is not null;
    }

    private readonly struct BackwardDataKernel(
        DirectConvolution conv, int images, float* dy, float* weights, float* dx, float* scratch, bool accumulate) : IKernel
    {
        public void Reference() => BackwardDataReference(conv.Shape, images, dy, weights, dx, accumulate);

        public void Run<T>() where T : unmanaged, ILanes<T> =>
            conv.BackwardData<T>(images, dy, weights, dx, scratch, accumulate);
    }
}
