namespace Dst.Images;

/// <summary>The checksum of zip archives and PNG chunks, CRC-32.</summary>
internal static class Checksum
{
    private const uint Polynomial = 0xEDB88320; // the lowest bit first

    private static readonly uint[] OfBytes = [.. Enumerable.Range(0, 256).Select(value => OfByte((uint)value))];

    /// <summary>The checksum of some bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var checksum = uint.MaxValue;
        foreach (var value in bytes) checksum = OfBytes[(byte)checksum ^ value] ^ checksum >> 8;
        return ~checksum;
    }

    private static uint OfByte(uint value)
    {
        for (var bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? value >> 1 ^ Polynomial : value >> 1;
        return value;
    }
}
