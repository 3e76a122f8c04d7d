using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dst.Kernels;

/// <summary>
/// For maps of few channels: a pixel is one of the output, and has the channels of all columns of the kernel side by side,
/// [row][output column][kernel column · C + channel]. A position is a row of the kernel. So an element has no places of no channel inside.
/// </summary>
internal sealed unsafe class ColumnPlanes(Conv2dShape shape, byte padding, int perElement, bool isSigned)
    : Int8Planes(shape, padding, perElement, isSigned)
{
    public override int Planes => 1;

    public override int Pixels => checked(Rows * Shape.OutWidth);

    public override int RowPitch => Shape.OutWidth * Elements;

    // Behind the pixels is room for the padded map.
    public override int PlanePitch => checked(MapOffset + Rows * MapPitch);

    public override int Positions => Shape.KernelHeight;

    protected override int PlaceCount => Shape.KernelWidth * Shape.Channels;

    /// <summary>Columns of the padded map that some kernel reads, and those between them.</summary>
    private int Columns => (Shape.OutWidth - 1) * Shape.Stride + Shape.KernelWidth;

    /// <summary>Where the padded map begins.</summary>
    private int MapOffset => checked((Pixels + Pixels % 2) * Elements);

    /// <summary>Elements of a row of the padded map with the surplus of its last pixel: whole cache lines.</summary>
    private int MapPitch => Layout.PaddedChannels(checked((Columns * Shape.Channels + 2 * Layout.Block) / sizeof(int)));

    /// <summary>Whether they are a layer's best planes: a pixel fits, and filters read fewer elements.</summary>
    public static bool AreBetter(Conv2dShape shape, int perElement)
    {
        var places = shape.KernelWidth * shape.Channels;
        return places <= Layout.Block && ElementsOf(places) < shape.KernelWidth * ElementsOf(shape.Channels);

        int ElementsOf(int count) => (count + perElement - 1) / perElement;
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
        // All rows are joined first: a load that spans several recent stores waits for them.
        var map = plane + MapOffset;
        for (var row = 0; row < Rows; row++)
        {
            if (IsRead(row)) JoinColumns(RowOf(x, row), (byte*)(map + row * MapPitch));
        }

        for (var row = 0; row < Rows; row++)
        {
            if (IsRead(row)) PackRow<TPixel>((byte*)(map + row * MapPitch), plane + (long)row * RowPitch);
        }
    }

    /// <summary>
    /// The channels of the columns of a padded row, or padding for null. Each column overwrites the surplus of the one before.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void JoinColumns(byte* x, byte* to)
    {
        var (padding, step) = (Padding, Shape.Channels);
        var left = x == null ? Columns : Math.Min(Shape.Padding, Columns);
        var inside = Math.Min(Shape.Width, Columns - left);
        for (var end = to + left * step; to < end; to += step) padding.Store(to);
        for (var end = to + inside * step; to < end; to += step, x += Layout.Block) Vector128.Load(x).Store(to);
        for (var column = left + inside; column < Columns; column++, to += step) padding.Store(to);
    }

    /// <summary>The columns that each output pixel of a row sees.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void PackRow<TPixel>(byte* map, int* to) where TPixel : IPackedPixel
    {
        var step = Shape.Stride * Shape.Channels;
        for (var end = to + RowPitch; to < end; to += Elements, map += step) TPixel.Store(Vector128.Load(map), to);
    }
}
