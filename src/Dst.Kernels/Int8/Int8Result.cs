using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>What becomes of the sums of a layer, channel by channel: bytes or floats.</summary>
public sealed unsafe class Int8Result
{
    private readonly Requantisation? _toBytes;
    private readonly SumScale? _toFloats;

    // As lanes read them, in whole blocks: requantisation tables, or summands and scales.
    private readonly AlignedArray<int> _integers;
    private readonly AlignedArray<float>? _scales;

    /// <summary>Sums become bytes.</summary>
    /// <param name="toBytes">For each channel, or one for all.</param>
    /// <param name="channels">Number of channels.</param>
    public Int8Result(Requantisation toBytes, int channels)
    {
        _toBytes = toBytes;
        _integers = new(Layout.Blocks(channels) * RequantisationTable.Length);
        for (var c = 0; c < channels; c++)
            RequantisationTable.Fill(toBytes, toBytes.Offsets.Length == 1 ? 0 : c, c % Layout.Block, TableOf(c / Layout.Block));
    }

    /// <summary>Sums become floats.</summary>
    /// <param name="toFloats">For each channel.</param>
    public Int8Result(SumScale toFloats)
    {
        _toFloats = toFloats;
        var padded = Layout.PaddedChannels(toFloats.Scales.Length);
        _integers = new(padded);
        _scales = new(padded);
        toFloats.Offsets.CopyTo(_integers.Span);
        toFloats.Scales.CopyTo(_scales.Span);
    }

    /// <summary>Whether sums become floats.</summary>
    public bool IsFloat => _toFloats is not null;

    /// <summary>Whether the largest sum gives the largest byte, in every channel.</summary>
    public bool KeepsOrder => _toBytes?.KeepsOrder ?? false;

    /// <summary>The results of sum + addend, with an addend for each channel.</summary>
    internal Int8Result WithAddends(int[] addends) => _toFloats is not null
        ? new(_toFloats with { Offsets = [.. _toFloats.Offsets.Zip(addends, (offset, addend) => unchecked(offset + addend))] })
        : new(_toBytes!.WithAddends(addends), addends.Length);

    /// <summary>Writes the result of one sum; lanes of no channel become 0.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="sum">The sum.</param>
    /// <param name="residual">Bytes that are added, from the first of the map on, or null.</param>
    /// <param name="y">The map: bytes or floats.</param>
    /// <param name="index">Index in the map.</param>
    internal void Store(int channel, int sum, byte* residual, void* y, long index)
    {
        if (_toFloats is not null)
        {
            ((float*)y)[index] = channel < _toFloats.Scales.Length ? _toFloats.Apply(channel, sum) : 0;
            return;
        }

        var of = _toBytes!.Offsets.Length == 1 ? 0 : channel;
        var added = residual == null ? (byte)0 : residual[index];
        ((byte*)y)[index] = of < _toBytes.Offsets.Length ? _toBytes.Apply(of, sum, added) : (byte)0;
    }

    /// <summary>The result of one block of channels.</summary>
    internal LaneResult OfBlock(int block)
    {
        var first = block * Layout.Block;
        return _toBytes is not null
            ? new(new(TableOf(block), _toBytes), null, null)
            : new(default, _integers.Pointer + first, _scales!.Pointer + first);
    }

    private int* TableOf(int block) => _integers.Pointer + block * RequantisationTable.Length;
}

/// <summary>What becomes of the sums of one block of channels.</summary>
/// <param name="bytes">How they become bytes.</param>
/// <param name="summands">What is added before they become floats; null where they become bytes.</param>
/// <param name="scales">Sizes of a step, of floats.</param>
internal readonly unsafe struct LaneResult(RequantisationTable bytes, int* summands, float* scales)
{
    private readonly RequantisationTable _bytes = bytes;
    private readonly int* _summands = summands;
    private readonly float* _scales = scales;

    /// <summary>Writes the results of a tile of a map.</summary>
    /// <param name="sums">[row][pixel][16].</param>
    /// <param name="width">Pixels of a row of the sums.</param>
    /// <param name="rows">Rows to write.</param>
    /// <param name="columns">Pixels of a row to write.</param>
    /// <param name="residual">Bytes that are added, from the first of the map on, or null.</param>
    /// <param name="y">The map: bytes or floats.</param>
    /// <param name="index">Index of the tile in the map.</param>
    /// <param name="pitch">Elements of a row of the map.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void StoreTile<T>(int* sums, int width, int rows, int columns, byte* residual, void* y, long index, int pitch)
        where T : unmanaged, IIntLanes<T>
    {
        if (_summands != null)
        {
            for (; rows > 0; rows--, sums += width * Layout.Block, index += pitch)
            {
                for (var i = 0; i < columns * Layout.Block; i += Layout.Block)
                    T.StoreFloats((float*)y + index + i, T.Add(T.Load(sums + i), T.Load(_summands)), _scales);
            }

            return;
        }

        var by = new LaneRequantisation<T>(_bytes);
        var to = (byte*)y + index;
        for (; rows > 0; rows--, sums += width * Layout.Block, index += pitch, to += pitch)
        {
            if (residual == null) StoreRow(to, columns, by, new Plain<T>(sums));
            else StoreRow(to, columns, by, new WithResidual<T>(sums, residual + index));
        }
    }

    /// <summary>
    /// Writes the largest byte of each 2×2 pixels of a tile. The largest sum gives it, and only that one becomes a byte.
    /// </summary>
    /// <param name="sums">[row][pixel][16].</param>
    /// <param name="width">Pixels of a row of the sums.</param>
    /// <param name="rows">Rows to write.</param>
    /// <param name="columns">Pixels of a row to write.</param>
    /// <param name="y">The first pixel of the tile in the map.</param>
    /// <param name="pitch">Bytes of a row of the map.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void StoreLargest<T>(int* sums, int width, int rows, int columns, byte* y, int pitch) where T : unmanaged, IIntLanes<T>
    {
        var by = new LaneRequantisation<T>(_bytes);
        for (width *= Layout.Block; rows > 0; rows--, sums += 2 * width, y += pitch) StoreRow(y, columns, by, new Largest<T>(sums, width));
    }

    /// <summary>Writes the bytes of a row of pixels, four at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<T, TRow>(byte* to, int columns, in LaneRequantisation<T> by, TRow row)
        where T : unmanaged, IIntLanes<T>
        where TRow : struct, IRow<T>
    {
        var i = 0;
        for (; i <= columns - 4; i += 4)
        {
            var bytes = by.Bytes(row.Requantise(i, by), row.Requantise(i + 1, by), row.Requantise(i + 2, by), row.Requantise(i + 3, by));
            T.Store((int*)(to + i * Layout.Block), bytes);
        }

        for (; i < columns; i++) by.StorePixel(to + i * Layout.Block, row.Requantise(i, by));
    }

    /// <summary>A row of pixels whose sums become bytes.</summary>
    private interface IRow<T> where T : unmanaged, IIntLanes<T>
    {
        /// <summary>What becomes of the sums of a pixel, before it is clamped.</summary>
        T Requantise(int pixel, in LaneRequantisation<T> by);
    }

    private readonly struct Plain<T>(int* sums) : IRow<T> where T : unmanaged, IIntLanes<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Requantise(int pixel, in LaneRequantisation<T> by) => T.Requantise(T.Load(sums + pixel * Layout.Block), by);
    }

    private readonly struct WithResidual<T>(int* sums, byte* residual) : IRow<T> where T : unmanaged, IIntLanes<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Requantise(int pixel, in LaneRequantisation<T> by) =>
            T.Requantise(T.Load(sums + pixel * Layout.Block), by.Plus(T.Bytes(residual + pixel * Layout.Block)));
    }

    /// <summary>The largest sums of 2×2 pixels, of two rows that lie <paramref name="pitch"/> sums apart.</summary>
    private readonly struct Largest<T>(int* sums, int pitch) : IRow<T> where T : unmanaged, IIntLanes<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Requantise(int pixel, in LaneRequantisation<T> by)
        {
            var (left, right) = (2 * pixel * Layout.Block, (2 * pixel + 1) * Layout.Block);
            var upper = T.Max(T.Load(sums + left), T.Load(sums + right));
            var lower = T.Max(T.Load(sums + pitch + left), T.Load(sums + pitch + right));
            return T.Requantise(T.Max(upper, lower), by);
        }
    }
}
