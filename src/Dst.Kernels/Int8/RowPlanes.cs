using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dst.Kernels;

/// <summary>
/// For maps of few channels, all of which are read: [row][column][channel]. A position is a row of the kernel, and its places are the
/// channels of all columns of the kernel, which lie side by side. Neighbouring pixels of the output read most of them together.
/// </summary>
internal sealed unsafe class RowPlanes(Conv2dShape shape, byte padding, int perElement, bool isSigned)
    : Int8Planes(shape, padding, perElement, isSigned)
{
    public override int Planes => 1;

    public override int Pixels => checked(Rows * Columns);

    /// <summary>A row, and what the last pixel writes or reads behind it: whole cache lines.</summary>
    public override int RowPitch => Layout.WholeLines(checked((Columns * PixelBytes + Layout.Block * PlaceBytes) / sizeof(int)));

    public override int PlanePitch => checked(Rows * RowPitch);

    public override int GroupPitch => Elements;

    public override int OutputBytes => Shape.Stride * PixelBytes;

    public override int Positions => Shape.KernelHeight;

    private int PixelBytes => Shape.Channels * PlaceBytes;

    /// <summary>Columns of the padded map that some kernel reads, and those between them.</summary>
    private int Columns => (Shape.OutWidth - 1) * Shape.Stride + Shape.KernelWidth;

    /// <summary>Whether a layer reads all channels and can have them, and its filters read no more elements than of others.</summary>
    public static bool AreBetter(Int8Layer layer, int perElement)
    {
        var shape = layer.Shape;
        if (layer.Kept is not null) return false;
        var outputBytes = shape.Stride * shape.Channels * (sizeof(int) / perElement);
        return outputBytes is 1 or 2 or 3 or 4 or 6 or 8 // each has an IPixelPitch
            && Layout.CeilDiv(shape.KernelWidth * shape.Channels, perElement)
            <= shape.KernelWidth * Layout.CeilDiv(shape.Channels, perElement);
    }

    public override int OffsetOf(int position) => position * RowPitch;

    public override (int Position, int Place) PlaceOf(int tap)
    {
        var (channel, position) = Math.DivRem(tap, Shape.KernelHeight * Shape.KernelWidth);
        return (position / Shape.KernelWidth, position % Shape.KernelWidth * Shape.Channels + channel);
    }

    public override int TapOf(int position, int place) =>
        (place % Shape.Channels * Shape.KernelHeight + position) * Shape.KernelWidth + place / Shape.Channels;

    protected override void PackPlane<TPixel>(byte* x, int* plane)
    {
        for (var row = 0; row < Rows; row++)
        {
            if (IsRead(row)) PackRow<TPixel>(RowOf(x, row), (byte*)(plane + row * RowPitch));
        }
    }

    /// <summary>The columns of a padded row, or padding for null. Each overwrites the surplus of the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void PackRow<TPixel>(byte* x, byte* to) where TPixel : IPackedPixel
    {
        var (padding, step) = (Padding, PixelBytes);
        var left = x == null ? Columns : Math.Min(Shape.Padding, Columns);
        var inside = Math.Min(Shape.Width, Columns - left);
        for (var end = to + left * step; to < end; to += step) TPixel.Store(padding, (int*)to);
        for (var end = to + inside * step; to < end; to += step, x += Layout.Block) TPixel.Store(Vector128.Load(x), (int*)to);
        for (var column = left + inside; column < Columns; column++, to += step) TPixel.Store(padding, (int*)to);
    }
}
