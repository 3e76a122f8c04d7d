using System.Buffers.Binary;

namespace Dst.Images.Decoding;

/// <summary>
/// A block of EXIF, as JPEG, PNG and WebP have it. Only the orientation is read. ImageSharp never sees the block: it reads EXIF by
/// reflection, which fails in programs that are compiled ahead of time.
/// </summary>
/// <remarks>CIPA DC-008, "Exchangeable image file format for digital still cameras: Exif".</remarks>
internal static class ExifBlock
{
    private const int EntryBytes = 12;
    private const int Short = 3; // the type of the orientation

    /// <summary>What a block begins with in a JPEG, and in the files of some writers of other formats.</summary>
    public static ReadOnlySpan<byte> Prefix => "Exif\0\0"u8;

    /// <summary>The orientation that a block says; <see cref="Orientation.Upright"/> if none can be read.</summary>
    public static int OrientationOf(ReadOnlySpan<byte> block)
    {
        if (block.StartsWith(Prefix)) block = block[Prefix.Length..];
        var isBigEndian = block.StartsWith("MM\0*"u8);
        if (!isBigEndian && !block.StartsWith("II*\0"u8)) return Orientation.Upright;
        var directory = Number(block, 4, sizeof(uint), isBigEndian);
        var entries = Number(block, directory, sizeof(ushort), isBigEndian);
        for (var at = directory + sizeof(ushort); entries > 0; entries--, at += EntryBytes)
        {
            if (Number(block, at, 2, isBigEndian) == (int)TiffTag.Orientation && Number(block, at + 2, 2, isBigEndian) == Short)
                return (int)Number(block, at + 8, 2, isBigEndian);
        }

        return Orientation.Upright;
    }

    // 0 if it is not in the block.
    private static long Number(ReadOnlySpan<byte> block, long at, int bytes, bool isBigEndian)
    {
        if (at > block.Length - bytes) return 0;
        var span = block.Slice((int)at, bytes);
        if (bytes == sizeof(ushort))
            return isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(span) : BinaryPrimitives.ReadUInt16LittleEndian(span);
        return isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(span) : BinaryPrimitives.ReadUInt32LittleEndian(span);
    }
}
