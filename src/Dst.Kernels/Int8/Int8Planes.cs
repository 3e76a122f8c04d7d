using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The bytes of a padded map, as bytes or widened to 16 bits: [C/16][row][column mod stride][column / stride][16]. Four or two channels are
/// a 32-bit element.
/// </summary>
internal sealed unsafe class Int8Planes
{
    private const int Half = Layout.Block / 2;

    private readonly Conv2dShape _shape;
    private readonly byte _padding;
    private readonly (int First, int End)[] _inside; // columns of each phase that are not padding
    private readonly int _columns;
    private readonly int _rows;
    private readonly int _elements; // of a pixel
    private readonly bool _isSigned;

    /// <summary>Prepares planes.</summary>
    /// <param name="shape">The convolution that reads them.</param>
    /// <param name="padding">The byte around the map.</param>
    /// <param name="perElement">Channels of an element: four bytes or two of 16 bits.</param>
    /// <param name="isSigned">Whether bytes become signed ones, less <see cref="ByteSums128.Zero"/>.</param>
    public Int8Planes(Conv2dShape shape, byte padding, int perElement, bool isSigned)
    {
        (_shape, _padding, _elements, _isSigned) = (shape, padding, Layout.Block / perElement, isSigned);
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

    /// <summary>Elements of a row of a plane.</summary>
    public int RowPitch => _inside.Length * _columns * _elements;

    /// <summary>Elements from one plane to the next, an even number of pixels.</summary>
    public int PlanePitch => checked((Pixels + Pixels % 2) * _elements);

    /// <summary>Where the first output pixel finds the input of a position of the kernel.</summary>
    public int OffsetOf(int ky, int kx) => ky * RowPitch + (kx % _shape.Stride * _columns + kx / _shape.Stride) * _elements;

    /// <summary>Packs one image [C/16, H, W, 16].</summary>
    public void Pack(byte* x, int* planes)
    {
        for (var block = 0; block < _shape.ChannelBlocks; block++)
        {
            var from = x + (long)block * _shape.Height * _shape.Width * Layout.Block;
            var to = planes + (long)block * PlanePitch;
            for (var row = 0; row < _rows; row++, to += RowPitch)
            {
                if (row % _shape.Stride >= _shape.KernelHeight) continue; // no kernel reads it
                var inside = row - _shape.Padding;
                var source = (uint)inside < (uint)_shape.Height ? from + (long)inside * _shape.Width * Layout.Block : null;
                if (_isSigned) PackRow<PackedSigned>(source, to);
                else if (_elements == Layout.Block / 4) PackRow<PackedBytes>(source, to);
                else if (_shape.Channels - block * Layout.Block <= Half) PackRow<PackedHalf>(source, to);
                else PackRow<PackedShorts>(source, to);
            }
        }
    }

    /// <summary>The pixels of a row in the order of the planes, or padding for null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void PackRow<TPixel>(byte* x, int* to) where TPixel : IPackedPixel
    {
        var (padding, step) = (Vector128.Create(_padding), _shape.Stride * Layout.Block);
        for (var phase = 0; phase < _inside.Length; phase++)
        {
            var (first, end) = x == null ? (_columns, _columns) : _inside[phase];
            var source = x + (first * _shape.Stride + phase - _shape.Padding) * Layout.Block;
            for (var column = 0; column < first; column++, to += _elements) TPixel.Store(padding, to);
            for (var column = first; column < end; column++, to += _elements, source += step)
                TPixel.Store(Vector128.Load(source), to);
            for (var column = end; column < _columns; column++, to += _elements) TPixel.Store(padding, to);
        }
    }

    /// <summary>The first column of a phase that comes from a column of the map or one to its right.</summary>
    private int ColumnOf(int column, int phase) =>
        Math.Clamp((column + _shape.Padding - phase + _shape.Stride - 1) / _shape.Stride, 0, _columns);

    /// <summary>How a pixel of sixteen channels is written.</summary>
    private interface IPackedPixel
    {
        static abstract void Store(Vector128<byte> channels, int* to);
    }

    private readonly struct PackedBytes : IPackedPixel
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(Vector128<byte> channels, int* to) => channels.Store((byte*)to);
    }

    private readonly struct PackedSigned : IPackedPixel
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(Vector128<byte> channels, int* to) =>
            (channels ^ Vector128.Create((byte)ByteSums128.Zero)).Store((byte*)to);
    }

    private readonly struct PackedShorts : IPackedPixel
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(Vector128<byte> channels, int* to)
        {
            PackedHalf.Store(channels, to);
            Vector128.WidenUpper(channels).Store((ushort*)(to + Half / 2));
        }
    }

    /// <summary>Where there are no more than eight channels.</summary>
    private readonly struct PackedHalf : IPackedPixel
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(Vector128<byte> channels, int* to) => Vector128.WidenLower(channels).Store((ushort*)to);
    }
}
