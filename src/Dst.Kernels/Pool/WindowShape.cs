namespace Dst.Kernels;

/// <summary>Sizes of an operation that moves a window over each channel on its own: pooling and depthwise convolution.</summary>
/// <param name="Channels">Channels C of input and output.</param>
/// <param name="Height">Input rows H.</param>
/// <param name="Width">Input columns W.</param>
/// <param name="KernelHeight">Rows of the window.</param>
/// <param name="KernelWidth">Columns of the window.</param>
/// <param name="Stride">Step in both directions, or only from row to row if <see cref="StrideWidth"/> is another.</param>
/// <param name="Padding">Rows and columns that the window may reach beyond each side, unless <see cref="Sides"/> says it for each.</param>
/// <param name="CeilMode">Whether output sizes round up: the last window may reach beyond the padding.</param>
public sealed record WindowShape(
    int Channels, int Height, int Width, int KernelHeight, int KernelWidth, int Stride = 1, int Padding = 0, bool CeilMode = false)
{
    /// <summary>Step from column to column.</summary>
    public int StrideWidth { get; init; } = Stride;

    /// <summary>Rows and columns that the window may reach beyond each side.</summary>
    public WindowSides Sides { get; init; } = WindowSides.Equal(Padding);

    /// <summary>Output rows.</summary>
    public int OutHeight => OutExtent(Height, KernelHeight, Stride, Sides.Top, Sides.Bottom, CeilMode);

    /// <summary>Output columns.</summary>
    public int OutWidth => OutExtent(Width, KernelWidth, StrideWidth, Sides.Left, Sides.Right, CeilMode);

    /// <summary>Whether no window reaches beyond the map.</summary>
    public bool IsWholeEverywhere => Sides == WindowSides.Equal(0) && !CeilMode;

    /// <summary>Whether the one window is the whole map and nothing more.</summary>
    internal bool IsWholeMap => (KernelHeight, KernelWidth) == (Height, Width) && Sides == WindowSides.Equal(0);

    /// <summary>Whether windows of 2×2 cover the map, each pixel once.</summary>
    public bool IsTwoByTwo =>
        (KernelHeight, KernelWidth, Stride, StrideWidth) == (2, 2, 2, 2) && Sides == WindowSides.Equal(0)
        && Height % 2 == 0 && Width % 2 == 0;

    /// <summary>Positions in the window.</summary>
    public int Area => KernelHeight * KernelWidth;

    /// <summary>Blocks of channels.</summary>
    public int Blocks => Layout.Blocks(Channels);

    /// <summary>Floats of one block of an input image.</summary>
    internal int InputPlane => Height * Width * Layout.Block;

    /// <summary>Floats of one block of an output image.</summary>
    internal int OutputPlane => OutHeight * OutWidth * Layout.Block;

    /// <summary>
    /// Windows along one side that is at least as long, padded, as the window: ⌊(before + extent + after − kernel) / stride⌋ + 1. Rounded
    /// up instead with <paramref name="ceilMode"/>, but without a window that would begin beyond the input.
    /// </summary>
    /// <param name="extent">Pixels of the map.</param>
    /// <param name="kernel">Pixels of the window.</param>
    /// <param name="stride">Step of the windows.</param>
    /// <param name="before">Padding at the beginning.</param>
    /// <param name="after">Padding at the end.</param>
    /// <param name="ceilMode">Whether the number rounds up.</param>
    public static int OutExtent(int extent, int kernel, int stride, int before, int after, bool ceilMode)
    {
        var room = before + extent + after - kernel;
        var windows = room / stride + 1;
        return ceilMode && room % stride > 0 && windows * stride - before < extent ? windows + 1 : windows;
    }

    /// <summary>The window that is the whole map.</summary>
    /// <param name="channels">Channels C.</param>
    /// <param name="height">Rows H.</param>
    /// <param name="width">Columns W.</param>
    public static WindowShape WholeMap(int channels, int height, int width) => new(channels, height, width, height, width);

    /// <summary>Throws if the shape is not legal or the run of images is negative.</summary>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    internal void Validate(int images)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(images);
        var (rows, columns) = ((long)Sides.Top + Height + Sides.Bottom, (long)Sides.Left + Width + Sides.Right);
        if (Channels < 1 || Height < 1 || Width < 1 || KernelHeight < 1 || KernelWidth < 1 || Stride < 1 || StrideWidth < 1
            || Sides is not { Top: >= 0, Left: >= 0, Bottom: >= 0, Right: >= 0 } || rows < KernelHeight || columns < KernelWidth)
            throw new ArgumentException($"{this} is not a window: sizes must be positive and the window fit the padded input");
        if (rows * columns * Layout.Block > int.MaxValue)
            throw new ArgumentException($"{this} is too large: {int.MaxValue / Layout.Block} pixels of padded input were expected at most");
    }

    /// <summary>The same, and that no window lies in the padding altogether.</summary>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    internal void ValidatePool(int images)
    {
        Validate(images);
        if (Math.Max(Sides.Top, Sides.Bottom) >= KernelHeight || Math.Max(Sides.Left, Sides.Right) >= KernelWidth)
            throw new ArgumentException(
                $"the padding {Sides} leaves windows without a pixel; less than {KernelHeight}x{KernelWidth} was expected");
    }

    /// <summary>Blocks of all images of a run; windows never leave one.</summary>
    internal int Planes(int images) => images * Blocks;

    /// <summary>Floats of a run of output images.</summary>
    internal long OutputLength(int images) => (long)Planes(images) * OutputPlane;

    /// <summary>Zeroes the gradients of a run of input images.</summary>
    internal unsafe void ClearInput(int images, float* dx)
    {
        for (var i = 0L; i < Planes(images); i++) new Span<float>(dx + i * InputPlane, InputPlane).Clear();
    }

    /// <summary>
    /// Index, in a run of blocked images, of the element that output element <paramref name="output"/> sees at position
    /// <paramref name="tap"/> of its window (row · KernelWidth + column); −1 in the padding.
    /// </summary>
    internal long InputOf(long output, int tap)
    {
        var pixel = output / Layout.Block;
        var iy = (int)(pixel / OutWidth % OutHeight) * Stride - Sides.Top + tap / KernelWidth;
        var ix = (int)(pixel % OutWidth) * StrideWidth - Sides.Left + tap % KernelWidth;
        if ((uint)iy >= (uint)Height || (uint)ix >= (uint)Width) return -1;
        return ((output / OutputPlane * Height + iy) * Width + ix) * Layout.Block + output % Layout.Block;
    }

    /// <summary>Number of positions in the mean of the output element <paramref name="output"/> of a run of blocked images.</summary>
    internal int CountOf(long output, bool withPadding)
    {
        var pixel = output / Layout.Block;
        return Rows((int)(pixel / OutWidth % OutHeight)).Count(withPadding) * Columns((int)(pixel % OutWidth)).Count(withPadding);
    }

    /// <summary>The input rows that output row <paramref name="y"/> sees, padding left out.</summary>
    internal Reach Rows(int y) => Reach.Of(y, Height, KernelHeight, Stride, Sides.Top, Sides.Bottom);

    /// <summary>The input columns that output column <paramref name="x"/> sees, padding left out.</summary>
    internal Reach Columns(int x) => Reach.Of(x, Width, KernelWidth, StrideWidth, Sides.Left, Sides.Right);

    /// <summary>Input positions [First, End) of a window, and [Origin, PaddedEnd) with the padding.</summary>
    internal readonly record struct Reach(int First, int End, int Origin, int PaddedEnd)
    {
        public static Reach Of(int output, int extent, int kernel, int stride, int before, int after)
        {
            var origin = output * stride - before;
            return new(Math.Max(0, origin), Math.Min(extent, origin + kernel), origin, Math.Min(extent + after, origin + kernel));
        }

        /// <summary>Positions that count for a mean, those in the padding too or not.</summary>
        public int Count(bool withPadding) => withPadding ? PaddedEnd - Origin : End - First;
    }
}
