using System.Numerics;
using System.Runtime.InteropServices;

namespace Dst.Foundations;

/// <summary>The checksum CRC-32C of bytes that come in parts. Processors have an instruction for it.</summary>
internal sealed class Crc32C
{
    private uint _state = uint.MaxValue;

    /// <summary>The checksum of the bytes so far.</summary>
    public uint Value => ~_state;

    /// <summary>The checksum of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var checksum = new Crc32C();
        checksum.Append(bytes);
        return checksum.Value;
    }

    /// <summary>Adds the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        var state = _state;
        foreach (var word in words) state = BitOperations.Crc32C(state, word);
        foreach (var value in bytes[(words.Length * sizeof(ulong))..]) state = BitOperations.Crc32C(state, value);
        _state = state;
    }
}
