using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dst.Kernels;

/// <summary>
/// The bytes of some channels of a padded map, widened to 16 bits and packed without gaps. A pair of channels is one 32-bit element:
/// [⌈channels/16⌉][row][column mod stride][column / stride][8 pairs].
/// </summary>
internal sealed unsafe class Int8Planes
{
    private const int Pairs = Int8Product.Pairs;

    private readonly Conv2dShape _shape;
    private readonly byte _padding;
    private readonly int _phases;
    private readonly int _columns;
    private readonly int _rows;

    // For each block of channels: how many come before it, and which of its bytes move to the front.
    private readonly int[] _before;
    private readonly Vector128<byte>[] _order;

    /// <summary>Prepares planes.</summary>
    /// <param name="shape">The convolution that reads them.</param>
    /// <param name="channels">The channels, ascending.</param>
    /// <param name="padding">The byte around the map.</param>
    public Int8Planes(Conv2dShape shape, int[] channels, byte padding)
    {
        (_shape, _padding, Channels) = (shape, padding, channels.Length);
        _phases = Math.Min(shape.Stride, shape.KernelWidth);
        _rows = (shape.OutHeight - 1) * shape.Stride + shape.KernelHeight;
        _columns = ((shape.OutWidth - 1) * shape.Stride + shape.KernelWidth + shape.Stride - 1) / shape.Stride;
        (_before, _order) = (new int[shape.ChannelBlocks], new Vector128<byte>[shape.ChannelBlocks]);
        for (var block = 0; block < shape.ChannelBlocks; block++)
        {
            var own = channels.Where(channel => channel / Layout.Block == block)
                .Select(channel => (byte)(channel % Layout.Block)).ToArray();
            _before[block] = channels.Count(channel => channel / Layout.Block < block);
            _order[block] = Vector128.Create([.. own, .. new byte[Layout.Block - own.Length]]);
        }
    }

    /// <summary>Number of channels.</summary>
    public int Channels { get; }

    /// <summary>Number of planes of sixteen channels.</summary>
    public int Count => Layout.Blocks(Channels);

    /// <summary>Pairs of a row of a plane.</summary>
    public int RowPitch => _phases * _columns * Pairs;

    /// <summary>Pairs of a plane.</summary>
    public int PlanePitch => _rows * RowPitch;

    /// <summary>Pairs of all planes, and as many as are written behind the last.</summary>
    public int Length => checked(Count * PlanePitch);

    /// <summary>Where the first output pixel finds the input of a position of the kernel.</summary>
    public int OffsetOf(int ky, int kx) => ky * RowPitch + (kx % _shape.Stride * _columns + kx / _shape.Stride) * Pairs;

    /// <summary>Packs one image [C/16, H, W, 16].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack(byte* x, int* planes)
    {
        var pixel = stackalloc short[Layout.PaddedChannels(_shape.Channels) + Layout.Block];
        for (var row = 0; row < _rows; row++)
        {
            for (var phase = 0; phase < _phases; phase++)
            {
                for (var column = 0; column < _columns; column++)
                {
                    var place = planes + (long)row * RowPitch + (phase * _columns + column) * Pairs;
                    Gather(x, row - _shape.Padding, column * _shape.Stride + phase - _shape.Padding, pixel);
                    for (var plane = 0; plane < Count; plane++)
                        Vector256.Load(pixel + plane * Layout.Block).Store((short*)(place + (long)plane * PlanePitch));
                }
            }
        }
    }

    /// <summary>The packed channels of one pixel, which may lie in the padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Gather(byte* x, int row, int column, short* pixel)
    {
        if ((uint)row >= (uint)_shape.Height || (uint)column >= (uint)_shape.Width)
        {
            new Span<short>(pixel, Count * Layout.Block).Fill(_padding);
            return;
        }

        var source = x + ((long)row * _shape.Width + column) * Layout.Block;
        var pitch = (long)_shape.Height * _shape.Width * Layout.Block;
        for (var block = 0; block < _order.Length; block++, source += pitch)
        {
            var (low, high) = Vector128.Widen(Vector128.ShuffleNative(Vector128.Load(source), _order[block]));
            low.AsInt16().Store(pixel + _before[block]);
            high.AsInt16().Store(pixel + _before[block] + 8);
        }
    }
}
