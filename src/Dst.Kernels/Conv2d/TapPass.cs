namespace Dst.Kernels;

/// <summary>
/// One run of the direct convolution loop over a packed source. For each block of 16 output channels it has a list of taps;
/// a tap is the offset of its scalar from the source of an output pixel, so dense, halved, grouped, strided and transposed
/// convolutions all are the same loop. All pitches are in floats.
/// </summary>
/// <param name="Taps">The taps of each output block.</param>
/// <param name="Rows">Output rows.</param>
/// <param name="Columns">Output pixels in a row.</param>
/// <param name="Source">Where output pixels find their sources.</param>
/// <param name="Destination">Where output pixels go.</param>
/// <param name="KernelRows">For each output row the rows of the kernel that do not fall on padding.</param>
internal sealed record TapPass(
    TapTable Taps, int Rows, int Columns, TapPass.SourcePitch Source, TapPass.DestinationPitch Destination, KernelRowRange[] KernelRows)
{
    /// <summary>Widths of the register tiles that a row is cut into.</summary>
    public int[] TileWidths { get; } = RowTiles.Cut(Columns);

    /// <summary>Steps between the sources of output rows and images.</summary>
    public readonly record struct SourcePitch(int Row, int Image);

    /// <summary>First output pixel of an image and the steps between pixels, rows, blocks and images.</summary>
    public readonly record struct DestinationPitch(int Start, int Pixel, int Row, int Block, int Image);
}

/// <summary>Rows [First, End) of a kernel.</summary>
internal readonly record struct KernelRowRange(int First, int End);

/// <summary>
/// The taps of each block of 16 output channels, ordered by the row of the kernel that they are in, so that an output row near
/// the edge runs through a part of the list. Blocks with equal taps share one list.
/// </summary>
/// <param name="First">For each block the index of its first tap in <paramref name="Offsets"/>.</param>
/// <param name="RowStart">For each block and row of the kernel the number of taps in earlier rows: [blocks][KernelHeight + 1].</param>
/// <param name="FirstWeight">For each block where its weights [taps, 16] begin in the packed weights, in floats.</param>
/// <param name="Offsets">Distance of each tap's scalar from the source of the output pixel, in floats; a pinned array.</param>
internal sealed record TapTable(int[] First, int[][] RowStart, int[] FirstWeight, int[] Offsets)
{
    /// <summary>Number of blocks.</summary>
    public int Blocks => First.Length;
}
