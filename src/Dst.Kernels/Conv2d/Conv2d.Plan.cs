namespace Dst.Kernels;

public sealed unsafe partial class Conv2d
{
    /// <summary>Lists of taps of the weight gradient are filled up to a multiple of the widest <see cref="ITapAccumulators{TLanes}"/>.</summary>
    private const int GradientTapMultiple = 8;

    private readonly PackedInput _input;
    private readonly PackedInput _outputGradient;

    /// <summary>[O/16] lists of taps as indices in the ungrouped row [C·Kh·Kw].</summary>
    private readonly int[][] _forwardTaps;
    private readonly TapPass _forward;
    private readonly NarrowBlockConv2d? _narrowForward;

    /// <summary>[phase][C/16] lists of taps as indices in [O·Kh·Kw].</summary>
    private readonly int[][][] _dataGradientTaps;
    private readonly TapPass[] _dataGradient;

    /// <summary>Offsets of the weight gradient's taps and, for each block of filters, where its own begin.</summary>
    private readonly int[] _gradientOffsets;
    private readonly int[] _gradientFirst;
    private readonly (int First, int End)[] _gradientRows;

    private TapPass PlanForward()
    {
        var s = Shape;
        return new TapPass(
            Table(_forwardTaps, tap => _input.OffsetOf(tap.Channel, tap.Ky, tap.Kx), 0),
            s.OutHeight,
            s.OutWidth,
            new(_input.RowPitch, _input.Length),
            new(0, Layout.Block, s.OutWidth * Layout.Block, s.OutHeight * s.OutWidth * Layout.Block, s.OutputLength),
            [.. Enumerable.Range(0, s.OutHeight).Select(row => RowsWithin(s.Padding - row * s.Stride, s.Height + s.Padding - row * s.Stride))]);
    }

    /// <summary>For each block of 16 filters its taps: indices in the ungrouped row [C·Kh·Kw].</summary>
    private static int[][] ForwardTaps(Conv2dShape s, KeptTaps? kept)
    {
        var area = s.KernelHeight * s.KernelWidth;
        if (kept is not null) return [.. kept.UnionOverLanes().Select(taps => ByKernelRow(taps, s))];
        var filtersPerGroup = s.Filters / s.Groups;
        var taps = new int[s.FilterBlocks][];
        for (var b = 0; b < taps.Length; b++)
        {
            var firstGroup = b * Layout.Block / filtersPerGroup;
            var lastGroup = (Math.Min(s.Filters, (b + 1) * Layout.Block) - 1) / filtersPerGroup;
            var first = firstGroup * s.ChannelsPerGroup * area;
            taps[b] = ByKernelRow(Enumerable.Range(first, (lastGroup + 1) * s.ChannelsPerGroup * area - first), s);
        }

        return taps;
    }

    private static int[] ByKernelRow(IEnumerable<int> taps, Conv2dShape s) =>
        [.. taps.OrderBy(tap => tap % (s.KernelHeight * s.KernelWidth) / s.KernelWidth)];

    private KernelRowRange RowsWithin(int first, int end)
    {
        first = Math.Clamp(first, 0, Shape.KernelHeight);
        return new(first, Math.Clamp(end, first, Shape.KernelHeight));
    }

    /// <summary>One pass for each phase of the stride: the input pixels of a phase see the same taps of the kernel.</summary>
    private (int[][][] Taps, TapPass[] Passes) PlanDataGradient()
    {
        var s = Shape;
        var taps = new List<int[][]>();
        var passes = new List<TapPass>();
        var firstWeight = 0;
        for (var y = 0; y < Math.Min(s.Stride, s.Height); y++)
        {
            for (var x = 0; x < Math.Min(s.Stride, s.Width); x++)
            {
                var phaseTaps = DataGradientTaps((y + s.Padding) % s.Stride, (x + s.Padding) % s.Stride);
                int row = y + s.Padding, column = x + s.Padding;
                var table = Table(phaseTaps, tap => _outputGradient.OffsetOfUnpadded(tap.Channel, (row - tap.Ky) / s.Stride, (column - tap.Kx) / s.Stride), firstWeight);
                firstWeight += phaseTaps.Sum(t => t.Length) * Layout.Block;
                taps.Add(phaseTaps);
                passes.Add(new TapPass(
                    table,
                    (s.Height - y + s.Stride - 1) / s.Stride,
                    (s.Width - x + s.Stride - 1) / s.Stride,
                    new(_outputGradient.RowPitch, _outputGradient.Length),
                    new((y * s.Width + x) * Layout.Block, s.Stride * Layout.Block, s.Stride * s.Width * Layout.Block, s.Height * s.Width * Layout.Block, s.InputLength),
                    [.. Enumerable.Range(0, (s.Height - y + s.Stride - 1) / s.Stride).Select(r => RowsWithin(row + (r - s.OutHeight + 1) * s.Stride, row + r * s.Stride + 1))]));
            }
        }

        return ([.. taps], [.. passes]);
    }

    /// <summary>For each block of input channels the (filter, ky, kx) of a phase that reach any of its 16 channels.</summary>
    private int[][] DataGradientTaps(int phaseY, int phaseX)
    {
        var s = Shape;
        var area = s.KernelHeight * s.KernelWidth;
        var reached = new bool[s.ChannelBlocks][];
        for (var b = 0; b < reached.Length; b++) reached[b] = new bool[s.FilterBlocks * area];
        for (var b = 0; b < s.FilterBlocks; b++)
        {
            foreach (var tap in _forwardTaps[b])
            {
                var (channel, ky, kx) = TapAt(tap);
                if (ky % s.Stride == phaseY && kx % s.Stride == phaseX) reached[channel / Layout.Block][b * area + tap % area] = true;
            }
        }

        return [.. reached.Select(block => ByKernelRow(Enumerable.Range(0, s.Filters * area).Where(t => block[t / area / Layout.Block * area + t % area]), s))];
    }

    /// <summary>
    /// The forward taps' offsets, each list filled up by repeating its last tap (what the copies gather is never read), and for
    /// each run of <see cref="GradientTapMultiple"/> taps the output rows in which any of them does not fall on padding.
    /// </summary>
    private (int[] Offsets, int[] First, (int First, int End)[] Rows) PlanWeightGradient()
    {
        var first = new int[_forwardTaps.Length + 1];
        var offsets = new List<int>();
        var rows = new List<(int First, int End)>();
        for (var b = 0; b < _forwardTaps.Length; b++)
        {
            foreach (var run in _forwardTaps[b].Select(TapAt).Chunk(GradientTapMultiple))
            {
                for (var i = 0; i < GradientTapMultiple; i++)
                {
                    var (channel, ky, kx) = run[Math.Min(i, run.Length - 1)];
                    offsets.Add(_input.OffsetOf(channel, ky, kx));
                }

                // Taps are ordered by row of the kernel: a later row reaches padding sooner at the bottom, an earlier one at the top.
                var begin = Math.Max(0, (Shape.Padding - run[^1].Ky + Shape.Stride - 1) / Shape.Stride);
                var end = Math.Min(Shape.OutHeight, (Shape.Height - 1 + Shape.Padding - run[0].Ky + Shape.Stride) / Shape.Stride);
                rows.Add((begin, Math.Max(begin, end)));
            }

            first[b + 1] = offsets.Count;
        }

        return (Pinned(offsets), first, [.. rows]);
    }

    private (int Channel, int Ky, int Kx) TapAt(int index)
    {
        var area = Shape.KernelHeight * Shape.KernelWidth;
        return (index / area, index % area / Shape.KernelWidth, index % Shape.KernelWidth);
    }

    /// <summary>Lists of offsets, one for each block, shared where the taps are equal; weights follow each other block by block.</summary>
    private TapTable Table(int[][] blockTaps, Func<(int Channel, int Ky, int Kx), int> offset, int firstWeight)
    {
        var first = new int[blockTaps.Length];
        var offsets = new List<int>();
        var firstWeights = new int[blockTaps.Length];
        for (var b = 0; b < blockTaps.Length; b++)
        {
            firstWeights[b] = firstWeight;
            firstWeight += blockTaps[b].Length * Layout.Block;
            if (b > 0 && blockTaps[b].AsSpan().SequenceEqual(blockTaps[b - 1]))
            {
                first[b] = first[b - 1];
                continue;
            }

            first[b] = offsets.Count;
            foreach (var tap in blockTaps[b]) offsets.Add(offset(TapAt(tap)));
        }

        return new(first, [.. blockTaps.Select(RowStarts)], firstWeights, Pinned(offsets));
    }

    private int[] RowStarts(int[] taps)
    {
        var starts = new int[Shape.KernelHeight + 1];
        foreach (var tap in taps) starts[TapAt(tap).Ky + 1]++;
        for (var ky = 0; ky < Shape.KernelHeight; ky++) starts[ky + 1] += starts[ky];
        return starts;
    }

    private static int[] Pinned(List<int> values)
    {
        var pinned = GC.AllocateUninitializedArray<int>(Math.Max(1, values.Count), pinned: true);
        values.CopyTo(pinned);
        return pinned;
    }
}
