using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>What becomes of the sums of a layer, channel by channel: bytes or floats.</summary>
public sealed unsafe class Int8Result
{
    private readonly Requantisation? _toBytes;
    private readonly SumScale? _toFloats;

    // As lanes read them, in whole blocks: multipliers or summands, offsets of even and then of odd channels, scales.
    private readonly int[] _integers;
    private readonly long[] _offsets = [];
    private readonly float[] _scales = [];

    /// <summary>Sums become bytes.</summary>
    /// <param name="toBytes">For each channel, or one for all.</param>
    /// <param name="channels">Number of channels.</param>
    public Int8Result(Requantisation toBytes, int channels)
    {
        _toBytes = toBytes;
        var padded = Layout.PaddedChannels(channels);
        _integers = GC.AllocateArray<int>(padded, pinned: true);
        _offsets = GC.AllocateArray<long>(padded, pinned: true);
        for (var c = 0; c < channels; c++)
        {
            var index = toBytes.Offsets.Length == 1 ? 0 : c;
            _integers[c] = toBytes.Multipliers[index];
            _offsets[c / Layout.Block * Layout.Block + c % 2 * (Layout.Block / 2) + c % Layout.Block / 2] = toBytes.Offsets[index];
        }
    }

    /// <summary>Sums become floats.</summary>
    /// <param name="toFloats">For each channel.</param>
    public Int8Result(SumScale toFloats)
    {
        _toFloats = toFloats;
        var padded = Layout.PaddedChannels(toFloats.Scales.Length);
        _integers = GC.AllocateArray<int>(padded, pinned: true);
        _scales = GC.AllocateArray<float>(padded, pinned: true);
        toFloats.Offsets.CopyTo(_integers, 0);
        toFloats.Scales.CopyTo(_scales, 0);
    }

    /// <summary>Whether sums become floats.</summary>
    public bool IsFloat => _toFloats is not null;

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
            ? new(new(Pointer(_integers) + first, Pointer(_offsets) + first, _toBytes), null, null)
            : new(default, Pointer(_integers) + first, Pointer(_scales) + first);
    }

    private static T* Pointer<T>(T[] pinned) where T : unmanaged =>
        (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
}

/// <summary>What becomes of the sums of one block of channels.</summary>
/// <param name="bytes">How they become bytes.</param>
/// <param name="summands">What is added before they become floats; null where they become bytes.</param>
/// <param name="scales">Sizes of a step, of floats.</param>
internal readonly unsafe struct LaneResult(LaneRequantisation bytes, int* summands, float* scales)
{
    private readonly LaneRequantisation _bytes = bytes;
    private readonly int* _summands = summands;
    private readonly float* _scales = scales;

    /// <summary>Writes the result of sixteen sums at an index of a map.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<T>(T sums, byte* residual, void* y, long index) where T : unmanaged, IIntLanes<T>
    {
        if (_summands != null) T.StoreFloats((float*)y + index, T.Add(sums, T.Load(_summands)), _scales);
        else T.StoreBytes((byte*)y + index, T.Requantise(sums, _bytes, residual == null ? T.Zero : T.Bytes(residual + index)));
    }
}
