namespace Dst.Kernels;

public sealed unsafe partial class DirectConvolution
{
    private readonly PackedInput _input;

    /// <summary>[O/16] lists of taps as indices in the ungrouped row [C·Kh·Kw].</summary>
    private readonly int[][] _forwardTaps;
    private readonly TapPass _forward;
    private readonly NarrowBlockConvolution? _narrowForward;

    private readonly Lazy<BackwardWeightTaps> _backwardWeight; // inference needs none

    private TapPass PlanForward()
    {
        var s = Shape;
        var taps = Table(_forwardTaps, tap => _input.OffsetOf(tap.Channel, tap.Ky, tap.Kx), 0);
        // Where the kernel is one position and packed rows follow each other, an image is one long row.
        var isFlat = s.KernelHeight * s.KernelWidth == 1 && _input.RowPitch == s.OutWidth * _input.PixelPitch;
        return new(
            _tier,
            taps,
            s.FilterBlocks,
            Scatter: null,
            new(_input.PixelPitch, _input.RowPitch, _input.Length),
            new(
                Start: 0,
                Pixel: Layout.Block,
                Row: s.OutWidth * Layout.Block,
                Block: s.OutHeight * s.OutWidth * Layout.Block,
                Image: s.OutputLength),
            [.. isFlat ? [new KernelRange(0, 1)] : Ranges(s.OutHeight, s.Height, s.KernelHeight)],
            [.. isFlat ? Enumerable.Repeat(new KernelRange(0, 1), s.OutHeight * s.OutWidth) : Ranges(s.OutWidth, s.Width, s.KernelWidth)]);

        IEnumerable<KernelRange> Ranges(int outExtent, int extent, int kernel) =>
            Enumerable.Range(0, outExtent).Select(i => Within(s.Padding - i * s.Stride, extent + s.Padding - i * s.Stride, kernel));
    }

    /// <summary>For each block of 16 filters its taps: indices in the ungrouped row [C·Kh·Kw].</summary>
    private int[][] ForwardTaps(KeptTaps? kept)
    {
        var s = Shape;
        var area = s.KernelHeight * s.KernelWidth;
        if (kept is not null) return [.. PairedLists.CommonFirst(kept.UnionOverLanes(), tap => tap).Select(ByKernelPosition)];
        var filtersPerGroup = s.Filters / s.Groups;
        var taps = new int[s.FilterBlocks][];
        for (var b = 0; b < taps.Length; b++)
        {
            var firstGroup = b * Layout.Block / filtersPerGroup;
            var lastGroup = (Math.Min(s.Filters, (b + 1) * Layout.Block) - 1) / filtersPerGroup;
            var first = firstGroup * s.ChannelsPerGroup * area;
            taps[b] = ByKernelPosition(Enumerable.Range(first, (lastGroup + 1) * s.ChannelsPerGroup * area - first));
        }

        return taps;
    }

    private int[] ByKernelPosition(IEnumerable<int> taps) => [.. taps.OrderBy(tap => tap % (Shape.KernelHeight * Shape.KernelWidth))];

    private static KernelRange Within(int first, int end, int kernel)
    {
        first = Math.Clamp(first, 0, kernel);
        return new(first, Math.Clamp(end, first, kernel));
    }

    /// <summary>
    /// The offsets of the taps, in <see cref="TapRuns"/>, and for each run the output rows in which any of its taps does not fall on
    /// padding.
    /// </summary>
    private BackwardWeightTaps PlanBackwardWeight()
    {
        var taps = RowTiles.HasPairs(_tier) ? [.. _forwardTaps.Chunk(2).SelectMany(CommonRunsFirst)] : _forwardTaps;
        var first = new int[taps.Length + 1];
        var offsets = new List<int>();
        var rows = new List<(int First, int End)>();
        for (var b = 0; b < taps.Length; b++)
        {
            foreach (var run in TapRuns.Of(taps[b].Select(TapAt)))
            {
                offsets.AddRange(run.Select(tap => _input.OffsetOf(tap.Channel, tap.Ky, tap.Kx)));
                // Taps are ordered by row of the kernel: a later row reaches padding sooner at the bottom, an earlier one at the top.
                var begin = Math.Max(0, (Shape.Padding - run[^1].Ky + Shape.Stride - 1) / Shape.Stride);
                var end = Math.Min(Shape.OutHeight, (Shape.Height - 1 + Shape.Padding - run[0].Ky + Shape.Stride) / Shape.Stride);
                rows.Add((begin, Math.Max(begin, end)));
            }

            first[b + 1] = offsets.Count;
        }

        return new(taps, Pinned(offsets), first, [.. rows]);
    }

    /// <summary>
    /// The taps of two blocks of filters, each part by kernel position: first those that both have, in whole runs, then all others.
    /// </summary>
    private static IEnumerable<int[]> CommonRunsFirst(int[][] pair)
    {
        if (pair.Length == 1 || pair[0].AsSpan().SequenceEqual(pair[1])) return pair;
        var both = pair[0].Intersect(pair[1]).ToArray();
        var common = both[..(both.Length - both.Length % TapRuns.Length)];
        return pair.Select(taps => (int[])[.. common, .. taps.Except(common)]);
    }

    private (int Channel, int Ky, int Kx) TapAt(int index)
    {
        var area = Shape.KernelHeight * Shape.KernelWidth;
        return (index / area, index % area / Shape.KernelWidth, index % Shape.KernelWidth);
    }

    /// <summary>Lists of offsets, shared where the taps of neighbours are equal; weights follow each other list by list.</summary>
    private TapTable Table(int[][] lists, Func<(int Channel, int Ky, int Kx), int> offset, int firstWeight)
    {
        var first = new int[lists.Length];
        var offsets = new List<int>();
        var starts = new List<int>();
        var firstWeights = new int[lists.Length];
        for (var i = 0; i < lists.Length; i++)
        {
            firstWeights[i] = firstWeight;
            firstWeight += lists[i].Length * Layout.Block;
            starts.AddRange(PositionStarts(lists[i]));
            if (i > 0 && lists[i].AsSpan().SequenceEqual(lists[i - 1]))
            {
                first[i] = first[i - 1];
                continue;
            }

            first[i] = offsets.Count;
            foreach (var tap in lists[i]) offsets.Add(offset(TapAt(tap)));
        }

        return new(Shape.KernelHeight, Shape.KernelWidth, first, firstWeights, Pinned(starts), Pinned(offsets));
    }

    private int[] PositionStarts(int[] taps)
    {
        var area = Shape.KernelHeight * Shape.KernelWidth;
        var starts = new int[area + 1];
        foreach (var tap in taps) starts[tap % area + 1]++;
        for (var p = 0; p < area; p++) starts[p + 1] += starts[p];
        return starts;
    }

    private static int[] Pinned(List<int> values)
    {
        var pinned = GC.AllocateUninitializedArray<int>(Math.Max(1, values.Count), pinned: true);
        values.CopyTo(pinned);
        return pinned;
    }

    /// <summary>What the backward-weight pass reads.</summary>
    /// <param name="Taps">The taps of each block, as indices in the ungrouped row [C·Kh·Kw].</param>
    /// <param name="Offsets">Their offsets, in runs.</param>
    /// <param name="First">Index of each block's first offset; one past the last for the number of blocks.</param>
    /// <param name="Rows">The output rows that each run reaches.</param>
    private sealed record BackwardWeightTaps(int[][] Taps, int[] Offsets, int[] First, (int First, int End)[] Rows)
    {
        /// <summary>Offsets of a block.</summary>
        public int Count(int block) => First[block + 1] - First[block];

        /// <summary>How many offsets at the beginning of its list a block shares with the next one, in whole runs.</summary>
        public int Common(int block) =>
            TapRuns.Common(Offsets.AsSpan(First[block], Count(block)), Offsets.AsSpan(First[block + 1], Count(block + 1)));
    }
}
