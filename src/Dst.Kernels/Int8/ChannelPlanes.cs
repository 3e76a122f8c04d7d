using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dst.Kernels;

/// <summary>
/// A place is a channel: [C/16][row][column mod stride][column / stride][16]. A position is one of the kernel's rows and columns.
/// </summary>
internal sealed unsafe class ChannelPlanes : Int8Planes
{
    private readonly (int First, int End)[] _inside; // columns of each phase that are not padding
    private readonly int _columns;

    /// <inheritdoc cref="Int8Planes(Conv2dShape, byte, int, bool)"/>
    public ChannelPlanes(Conv2dShape shape, byte padding, int perElement, bool isSigned) : base(shape, padding, perElement, isSigned)
    {
        _columns = Layout.CeilDiv((shape.OutWidth - 1) * shape.Stride + shape.KernelWidth, shape.Stride);
        _inside =
        [
            .. Enumerable.Range(0, Math.Min(shape.Stride, shape.KernelWidth))
                .Select(phase => (ColumnOf(0, phase), ColumnOf(shape.Width, phase))),
        ];
    }

    public override int Planes => Shape.ChannelBlocks;

    public override int Pixels => checked(Rows * _inside.Length * _columns);

    public override int RowPitch => _inside.Length * _columns * Elements;

    public override int PlanePitch => checked((Pixels + Pixels % 2) * Elements);

    public override int Positions => Shape.KernelHeight * Shape.KernelWidth;

    public override int OffsetOf(int position)
    {
        var (ky, kx) = Math.DivRem(position, Shape.KernelWidth);
        return ky * RowPitch + (kx % Shape.Stride * _columns + kx / Shape.Stride) * Elements;
    }

    public override (int Position, int Place) PlaceOf(int tap) => (tap % Positions, tap / Positions);

    public override int TapOf(int position, int place) => place * Positions + position;

    protected override void PackPlane<TPixel>(byte* x, int* plane)
    {
        for (var row = 0; row < Rows; row++)
        {
            if (IsRead(row)) PackRow<TPixel>(RowOf(x, row), plane + (long)row * RowPitch);
        }
    }

    /// <summary>The pixels of a row in the order of the planes, or padding for null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void PackRow<TPixel>(byte* x, int* to) where TPixel : IPackedPixel
    {
        var (padding, step) = (Padding, Shape.Stride * Layout.Block);
        for (var phase = 0; phase < _inside.Length; phase++)
        {
            var (first, end) = x == null ? (_columns, _columns) : _inside[phase];
            var source = x + (first * Shape.Stride + phase - Shape.Padding) * Layout.Block;
            for (var column = 0; column < first; column++, to += Elements) TPixel.Store(padding, to);
            for (var column = first; column < end; column++, to += Elements, source += step)
                TPixel.Store(Vector128.Load(source), to);
            for (var column = end; column < _columns; column++, to += Elements) TPixel.Store(padding, to);
        }
    }

    /// <summary>The first column of a phase that comes from a column of the map or one to its right.</summary>
    private int ColumnOf(int column, int phase) =>
        Math.Clamp((column + Shape.Padding - phase + Shape.Stride - 1) / Shape.Stride, 0, _columns);
}
