using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dst.Kernels;

/// <summary>
/// The bytes of some channels of a padded map, widened to 16 bits. A pair of channels is one 32-bit element:
/// [plane][row][column mod stride][column / stride][8 pairs]. Channels of one block lie side by side in one plane, and begin with a pair.
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
    private readonly List<Run> _runs = [];

    /// <summary>Prepares planes.</summary>
    /// <param name="shape">The convolution that reads them.</param>
    /// <param name="channels">The channels, ascending.</param>
    /// <param name="padding">The byte around the map.</param>
    public Int8Planes(Conv2dShape shape, int[] channels, byte padding)
    {
        (_shape, _padding) = (shape, padding);
        _rows = (shape.OutHeight - 1) * shape.Stride + shape.KernelHeight;
        _columns = ((shape.OutWidth - 1) * shape.Stride + shape.KernelWidth + shape.Stride - 1) / shape.Stride;
        _inside =
        [
            .. Enumerable.Range(0, Math.Min(shape.Stride, shape.KernelWidth))
                .Select(phase => (ColumnOf(0, phase), ColumnOf(shape.Width, phase))),
        ];
        foreach (var block in channels.GroupBy(channel => channel / Layout.Block))
        {
            var lanes = block.Select(channel => (byte)(channel % Layout.Block)).ToArray();
            // A store of eight or sixteen elements must not reach the next pixel.
            if (Planes.Count == 0 || lanes.Length > Half || Planes[^1].Count > Half) Planes.Add([]);
            var order = Vector128.Create([.. lanes, .. new byte[Layout.Block - lanes.Length]]);
            _runs.Add(new(block.Key, Planes.Count - 1, Planes[^1].Count, lanes.Length > Half, order));
            Planes[^1].AddRange(block);
            if (lanes.Length % 2 != 0) Planes[^1].Add(None);
        }
    }

    /// <summary>Stands in <see cref="Planes"/> for no channel.</summary>
    public const int None = -1;

    /// <summary>For each plane the channels in the order of its pairs, an even number.</summary>
    public List<List<int>> Planes { get; } = [];

    /// <summary>Pairs of a row of a plane.</summary>
    public int RowPitch => _inside.Length * _columns * Pairs;

    /// <summary>Pairs of a plane.</summary>
    public int PlanePitch => _rows * RowPitch;

    /// <summary>Pairs of all planes.</summary>
    public int Length => checked(Planes.Count * PlanePitch);

    /// <summary>Where the first output pixel finds the input of a position of the kernel.</summary>
    public int OffsetOf(int ky, int kx) => ky * RowPitch + (kx % _shape.Stride * _columns + kx / _shape.Stride) * Pairs;

    /// <summary>Packs one image [C/16, H, W, 16].</summary>
    public void Pack(byte* x, int* planes)
    {
        foreach (var run in _runs)
        {
            var from = x + (long)run.Block * _shape.Height * _shape.Width * Layout.Block;
            var to = (short*)(planes + (long)run.Plane * PlanePitch) + run.Place;
            for (var row = 0; row < _rows; row++, to += 2 * RowPitch)
            {
                if (row % _shape.Stride >= _shape.KernelHeight) continue; // no kernel reads it
                var inside = row - _shape.Padding;
                var source = (uint)inside < (uint)_shape.Height ? from + (long)inside * _shape.Width * Layout.Block : null;
                PackRow(source, run.IsWide, run.Order, to);
            }
        }
    }

    /// <summary>The pixels of a row in the order of the planes, or padding for null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void PackRow(byte* x, bool isWide, Vector128<byte> order, short* to)
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
                    var bytes = Vector128.ShuffleNative(Vector128.Load(source), order);
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

    /// <summary>The channels of one block.</summary>
    /// <param name="Block">The block.</param>
    /// <param name="Plane">Their plane.</param>
    /// <param name="Place">Their place in a pixel of the plane.</param>
    /// <param name="IsWide">Whether they are more than eight.</param>
    /// <param name="Order">Which bytes of the block move to the front.</param>
    private readonly record struct Run(int Block, int Plane, int Place, bool IsWide, Vector128<byte> Order);
}
