namespace Dst.Kernels;

/// <summary>
/// Sizes of one 2-D convolution [C, H, W] → [O, OutHeight, OutWidth] with weight [O, C / Groups, KernelHeight, KernelWidth].
/// </summary>
/// <param name="Channels">Input channels C.</param>
/// <param name="Height">Input rows H.</param>
/// <param name="Width">Input columns W.</param>
/// <param name="Filters">Output channels O.</param>
/// <param name="KernelHeight">Rows of the kernel.</param>
/// <param name="KernelWidth">Columns of the kernel.</param>
/// <param name="Stride">Step in both directions.</param>
/// <param name="Padding">Zeros on each of the four sides.</param>
/// <param name="Groups">Groups of channels that do not see each other; divides C and O.</param>
public sealed record Conv2dShape(
    int Channels, int Height, int Width, int Filters, int KernelHeight, int KernelWidth, int Stride = 1, int Padding = 0, int Groups = 1)
{
    /// <summary>Output rows.</summary>
    public int OutHeight => (Height + 2 * Padding - KernelHeight) / Stride + 1;

    /// <summary>Output columns.</summary>
    public int OutWidth => (Width + 2 * Padding - KernelWidth) / Stride + 1;

    /// <summary>Blocks of input channels.</summary>
    public int ChannelBlocks => Layout.Blocks(Channels);

    /// <summary>Blocks of filters.</summary>
    public int FilterBlocks => Layout.Blocks(Filters);

    /// <summary>Input channels that one filter sees.</summary>
    public int ChannelsPerGroup => Channels / Groups;

    /// <summary>Whether each channel has one filter, which sees no other channel.</summary>
    public bool IsDepthwise => Groups > 1 && Groups == Channels && Groups == Filters;

    /// <summary>Weights of one filter.</summary>
    public int RowLength => ChannelsPerGroup * KernelHeight * KernelWidth;

    /// <summary>Weights of the layer.</summary>
    internal int WeightCount => Filters * RowLength;

    /// <summary>Floats of one blocked input image.</summary>
    public int InputLength => ChannelBlocks * Height * Width * Layout.Block;

    /// <summary>Floats of one plain input image.</summary>
    public int PlainInputLength => Channels * Height * Width;

    /// <summary>Floats of one blocked output image.</summary>
    public int OutputLength => FilterBlocks * OutHeight * OutWidth * Layout.Block;

    /// <summary>Multiply-adds of one image.</summary>
    public long MultiplyAdds => (long)Filters * RowLength * OutHeight * OutWidth;

    /// <summary>Multiply-adds of one image that read a pixel of the map. The others read padding, so kernels may leave them out.</summary>
    /// <param name="kept">The weights that are kept, or null for all.</param>
    public long MultiplyAddsOnMap(KeptTaps? kept)
    {
        var rows = Enumerable.Range(0, KernelHeight).Select(ky => OutputsOnMap(ky, Height, OutHeight)).ToArray();
        var columns = Enumerable.Range(0, KernelWidth).Select(kx => OutputsOnMap(kx, Width, OutWidth)).ToArray();
        long OutputsOf(int position) => (long)rows[position / KernelWidth % KernelHeight] * columns[position % KernelWidth];
        if (kept is null) return Filters * Enumerable.Range(0, RowLength).Sum(OutputsOf);
        return kept.Positions.Index()
            .Sum(block => Math.Min(kept.Block, Filters - block.Index * kept.Block) * block.Item.Sum(OutputsOf));
    }

    /// <summary>How many outputs along an axis read a pixel of the map, not padding, with the weight at <paramref name="tap"/>.</summary>
    private int OutputsOnMap(int tap, int size, int outSize) =>
        Enumerable.Range(0, outSize).Count(output => output * Stride + tap - Padding is var pixel && pixel >= 0 && pixel < size);

    /// <summary>The windows of a depthwise convolution.</summary>
    public WindowShape ToWindowShape() => new(Channels, Height, Width, KernelHeight, KernelWidth, Stride, Padding);

    /// <summary>Throws if any extent is out of range or the groups do not divide the channels.</summary>
    /// <exception cref="ArgumentException">The shape is not legal.</exception>
    public void Validate()
    {
        if (Channels < 1 || Height < 1 || Width < 1 || Filters < 1 || KernelHeight < 1 || KernelWidth < 1
            || Stride < 1 || Padding < 0 || Groups < 1
            || Channels % Groups != 0 || Filters % Groups != 0 || Height + 2 * Padding < KernelHeight || Width + 2 * Padding < KernelWidth)
            throw new ArgumentException(
                $"{this} is not a convolution: sizes must be positive, "
                + "groups divide channels and filters, and the kernel fit the padded input");
    }
}
