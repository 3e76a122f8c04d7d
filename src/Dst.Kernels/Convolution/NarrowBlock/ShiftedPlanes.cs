using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// An image laid out so that any tap reads a run of neighbouring floats for a run of neighbouring output pixels. It has one copy of each
/// channel for each column of the kernel: [Kw][padded C][phase row][Rows][OutWidth]. Padding is included, columns that no output reads are
/// left out. Row r of the padded image is row r / stride of phase r mod stride.
/// </summary>
internal sealed unsafe class ShiftedPlanes
{
    private readonly Conv2dShape _shape;
    private readonly PackedInput _packed;
    private readonly int _phases;
    private readonly int _rows;

    public ShiftedPlanes(Conv2dShape shape, PackedInput packed)
    {
        _shape = shape;
        _packed = packed;
        _phases = Math.Min(shape.Stride, shape.KernelHeight);
        _rows = Layout.CeilDiv((shape.OutHeight - 1) * shape.Stride + shape.KernelHeight, shape.Stride);
    }

    /// <summary>Floats of one image, rounded up to whole vectors; a vector read at the last pixel still lies inside.</summary>
    public int Length => checked((_shape.KernelWidth * PaddedChannels * PlaneLength / Layout.Block + 2) * Layout.Block);

    private int PaddedChannels => _shape.ChannelBlocks * Layout.Block;

    private int PlaneLength => _phases * _rows * _shape.OutWidth;

    /// <summary>Offset of a tap's input for the first output pixel.</summary>
    public int OffsetOf(int channel, int ky, int kx) =>
        (kx * PaddedChannels + channel) * PlaneLength + (ky % _shape.Stride * _rows + ky / _shape.Stride) * _shape.OutWidth;

    /// <summary>Lays out one image that <see cref="PackedInput"/> has packed.</summary>
    public void Pack(float* packed, float* planes)
    {
        for (var kx = 0; kx < _shape.KernelWidth; kx++)
        {
            for (var channel = 0; channel < PaddedChannels; channel += Layout.Block)
            {
                for (var row = 0; row < _phases * _rows; row++)
                {
                    var source = packed + _packed.OffsetOf(channel, row / _rows, kx) + (long)(row % _rows) * _packed.RowPitch;
                    var destination = planes + (long)(kx * PaddedChannels + channel) * PlaneLength + row * _shape.OutWidth;
                    Transpose.SixteenColumns(source, Layout.Block, _shape.OutWidth, destination, PlaneLength);
                }
            }
        }
    }
}
