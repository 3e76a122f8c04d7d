using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dst.Kernels;

/// <summary>
/// The bytes of a padded map, widened to 16 bits. A pair of channels is one 32-bit element:
/// [C/16][row][column mod stride][column / stride][8 pairs].
/// </summary>
internal sealed unsafe class Int8Planes
{
    private const int Pairs = Int8Product.Pairs;
    private const int Half = Layout.Block / 2;

    private readonly Conv2dShape _shape;
    private readonly byte _padding;
    private readonly (int First, int End)[] _inside; // columns of each phase that are not padding
    private readonly int _columns;
    private readonly int _rows;

    /// <summary>Prepares planes.</summary>
    /// <param name="shape">The convolution that reads them.</param>
    /// <param name="padding">The byte around the map.</param>
    public Int8Planes(Conv2dShape shape, byte padding)
    {
        (_shape, _padding) = (shape, padding);
        _rows = (shape.OutHeight - 1) * shape.Stride + shape.KernelHeight;
        _columns = ((shape.OutWidth - 1) * shape.Stride + shape.KernelWidth + shape.Stride - 1) / shape.Stride;
        _inside =
        [
            .. Enumerable.Range(0, Math.Min(shape.Stride, shape.KernelWidth))
                .Select(phase => (ColumnOf(0, phase), ColumnOf(shape.Width, phase))),
        ];
    }

    /// <summary>Pixels of a plane.</summary>
    public int Pixels => checked(_rows * _inside.Length * _columns);

    /// <summary>Pairs of a row of a plane.</summary>
    public int RowPitch => _inside.Length * _columns * Pairs;

    /// <summary>Pairs from one plane to the next, an even number of pixels.</summary>
    public int PlanePitch => checked((Pixels + Pixels % 2) * Pairs);

    /// <summary>Where the first output pixel finds the input of a position of the kernel.</summary>
    public int OffsetOf(int ky, int kx) => ky * RowPitch + (kx % _shape.Stride * _columns + kx / _shape.Stride) * Pairs;

    /// <summary>Packs one image [C/16, H, W, 16].</summary>
    public void Pack(byte* x, int* planes)
    {
        for (var block = 0; block < _shape.ChannelBlocks; block++)
        {
            var from = x + (long)block * _shape.Height * _shape.Width * Layout.Block;
            var to = (short*)(planes + (long)block * PlanePitch);
            for (var row = 0; row < _rows; row++, to += 2 * RowPitch)
            {
                if (row % _shape.Stride >= _shape.KernelHeight) continue; // no kernel reads it
                var inside = row - _shape.Padding;
                var source = (uint)inside < (uint)_shape.Height ? from + (long)inside * _shape.Width * Layout.Block : null;
                PackRow(source, isWide: _shape.Channels - block * Layout.Block > Half, to);
            }
        }
    }

    /// <summary>The pixels of a row in the order of the planes, or padding for null. Of a block that is not wide, eight channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void PackRow(byte* x, bool isWide, short* to)
    {
        var (padding, step) = (Vector128.Create((short)_padding), _shape.Stride * Layout.Block);
        for (var phase = 0; phase < _inside.Length; phase++)
        {
            var (first, end) = x == null ? (_columns, _columns) : _inside[phase];
            var source = x + (first * _shape.Stride + phase - _shape.Padding) * Layout.Block;
            for (var column = 0; column < _columns; column++, to += Layout.Block)
            {
                var (low, high) = (padding, padding);
                if (column >= first && column < end)
                {
                    var bytes = Vector128.Load(source);
                    (low, high) = (Vector128.WidenLower(bytes).AsInt16(), Vector128.WidenUpper(bytes).AsInt16());
                    source += step;
                }

                low.Store(to);
                if (isWide) high.Store(to + Half);
            }
        }
    }

    /// <summary>The first column of a phase that comes from a column of the map or one to its right.</summary>
    private int ColumnOf(int column, int phase) =>
        Math.Clamp((column + _shape.Padding - phase + _shape.Stride - 1) / _shape.Stride, 0, _columns);
}
