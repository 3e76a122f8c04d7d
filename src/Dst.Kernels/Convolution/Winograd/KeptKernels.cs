namespace Dst.Kernels;

/// <summary>The input channels whose whole kernel each block of 16 filters keeps, as one list.</summary>
internal sealed class KeptKernels
{
    private readonly int[] _first;

    /// <summary>Without kept taps all channels; a kernel of which any filter of a block keeps any weight counts as kept.</summary>
    public KeptKernels(Conv2dShape shape, KeptTaps? kept)
    {
        var area = shape.KernelHeight * shape.KernelWidth;
        var all = Enumerable.Range(0, shape.Channels).ToArray();
        int[][] blocks = kept is null
            ? [.. Enumerable.Repeat(all, shape.FilterBlocks)]
            : [.. kept.UnionOverLanes().Select(taps => taps.Select(tap => tap / area).Distinct().ToArray())];
        Channels = [.. blocks.SelectMany(channels => channels)];
        _first = new int[blocks.Length + 1];
        for (var b = 0; b < blocks.Length; b++) _first[b + 1] = _first[b] + blocks[b].Length;
    }

    /// <summary>The channels of all blocks, one block after another, ascending in each.</summary>
    public int[] Channels { get; }

    /// <summary>Index of a block's first channel in <see cref="Channels"/>; one past the last for the number of blocks.</summary>
    public int First(int block) => _first[block];
}
