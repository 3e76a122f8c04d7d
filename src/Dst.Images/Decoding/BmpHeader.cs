using System.Buffers.Binary;

namespace Dst.Images.Decoding;

/// <summary>What a BMP's header says of its pixels, as far as ImageSharp does not look at it.</summary>
/// <remarks>Microsoft, "Bitmap Storage".</remarks>
internal readonly struct BmpHeader
{
    private const int CoreBytes = 12; // of the header of OS/2, whose sides have 16 bits
    private const int BytesWithCompression = 20;
    private const uint NoCompression = 0, BitFields = 3, AlphaBitFields = 6;

    private readonly uint _start;
    private readonly uint _compression;
    private readonly int _bits;

    /// <summary>Reads the header of a file of at least 26 bytes.</summary>
    public BmpHeader(ReadOnlySpan<byte> file)
    {
        var bytes = BinaryPrimitives.ReadUInt32LittleEndian(file[14..]);
        _start = BinaryPrimitives.ReadUInt32LittleEndian(file[10..]);
        _bits = bytes == CoreBytes
            ? BinaryPrimitives.ReadUInt16LittleEndian(file[24..])
            : file.Length >= 30 ? BinaryPrimitives.ReadUInt16LittleEndian(file[28..]) : 0;
        _compression = bytes >= BytesWithCompression && file.Length >= 34 ? BinaryPrimitives.ReadUInt32LittleEndian(file[30..]) : 0;
    }

    /// <summary>Whether the fourth byte of a pixel has no meaning. Most writers leave it 0; ImageSharp takes it as alpha.</summary>
    public bool HasUnusedByte => _bits == 32 && _compression == NoCompression;

    /// <summary>Whether all rows are in the file. Packed rows are not counted; ImageSharp refuses those that end too early.</summary>
    public bool IsComplete(long fileBytes, int width, int height)
    {
        if (_compression is not (NoCompression or BitFields or AlphaBitFields)) return true;
        var stride = ((long)width * _bits + 31) / 32 * 4;
        var lastRow = ((long)width * _bits + 7) / 8; // without its padding
        return _start + stride * (height - 1) + lastRow <= fileBytes;
    }
}
