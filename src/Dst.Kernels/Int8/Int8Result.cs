namespace Dst.Kernels;

/// <summary>What becomes of the sums of a layer with weights: bytes or floats.</summary>
public sealed class Int8Result
{
    private readonly Requantisation? _toBytes;
    private readonly SumScale? _toFloats;

    /// <summary>Sums become bytes.</summary>
    public Int8Result(Requantisation toBytes) => _toBytes = toBytes;

    /// <summary>Sums become floats.</summary>
    public Int8Result(SumScale toFloats) => _toFloats = toFloats;

    /// <summary>Writes the result of one sum; lanes of no channel become 0.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="sum">The sum.</param>
    /// <param name="residual">Bytes that are added, from the first of the map on, or null.</param>
    /// <param name="y">The map: bytes or floats.</param>
    /// <param name="index">Index in the map.</param>
    internal unsafe void Store(int channel, int sum, byte* residual, void* y, long index)
    {
        if (_toFloats is not null) ((float*)y)[index] = channel < _toFloats.Scales.Length ? _toFloats.Apply(channel, sum) : 0;
        else if (channel >= _toBytes!.Offsets.Length) ((byte*)y)[index] = 0;
        else ((byte*)y)[index] = _toBytes.Apply(channel, sum, residual == null ? (byte)0 : residual[index]);
    }
}
