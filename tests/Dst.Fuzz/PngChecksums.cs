using System.Buffers.Binary;
using System.IO.Hashing;

namespace Dst.Fuzz;

/// <summary>Gives mutated PNG files checksums that are right, so that a reader comes to what was changed.</summary>
internal static class PngChecksums
{
    private const int Frame = 12; // length, type and checksum of a chunk

    private static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>The file, or if it is a PNG, one whose whole chunks have the checksums of what they hold.</summary>
    public static byte[] Repair(byte[] file)
    {
        if (!file.AsSpan().StartsWith(Signature)) return file;
        var repaired = (byte[])file.Clone();
        for (long at = Signature.Length, length; at + Frame <= repaired.Length; at += Frame + length)
        {
            length = BinaryPrimitives.ReadUInt32BigEndian(repaired.AsSpan((int)at));
            if (at + Frame + length > repaired.Length) break;
            var content = repaired.AsSpan((int)at + 4, (int)length + 4);
            BinaryPrimitives.WriteUInt32BigEndian(repaired.AsSpan((int)(at + 8 + length)), Crc32.HashToUInt32(content));
        }

        return repaired;
    }
}
