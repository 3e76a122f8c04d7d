using System.Buffers.Binary;
using System.Text;

namespace Dst.Images.Decoding;

/// <summary>
/// A directory of a TIFF or BigTIFF file: its tags and their values. It is checked before LibTiff sees the file, which takes
/// memory for whatever a tag declares.
/// </summary>
internal sealed class TiffDirectory
{
    private const int MaxEntries = 4096;
    private const int MaxDirectories = 64;
    private const int BigTiffVersion = 43;
    private const int SmallerOrMask = 1 | 4; // bits of the subfile type

    private readonly string _name;
    private readonly byte[] _file;
    private readonly bool _isBigEndian;
    private readonly Dictionary<TiffTag, Entry> _entries = [];
    private readonly long _next; // where the next directory is, or 0

    /// <summary>Reads a directory.</summary>
    /// <param name="name">What messages call the file.</param>
    /// <param name="file">The file.</param>
    /// <param name="start">Where the directory is, or null for the first.</param>
    /// <exception cref="InputException">It, or the values of one of its tags, are not in the file.</exception>
    public TiffDirectory(string name, byte[] file, long? start = null)
    {
        (_name, _file, _isBigEndian) = (name, file, file[0] == 'M');
        var isBig = Unsigned(2, 2) == BigTiffVersion;
        var (entryBytes, offsetBytes) = isBig ? (20, 8) : (12, 4);
        var at = start ?? Unsigned(isBig ? 8 : 4, offsetBytes);
        var count = Unsigned(at, isBig ? 8 : 2);
        if (count is < 1 or > MaxEntries) throw Unreadable($"its directory has {count} entries");
        at += isBig ? 8 : 2;
        for (var i = 0; i < count; i++, at += entryBytes)
        {
            var (tag, type, values) = ((TiffTag)Unsigned(at, 2), (int)Unsigned(at + 2, 2), Unsigned(at + 4, offsetBytes));
            var bytes = Math.Clamp(values, 0, file.Length) * SizeOf(type); // the clamp avoids an overflow
            var place = bytes <= offsetBytes ? at + 4 + offsetBytes : Unsigned(at + 4 + offsetBytes, offsetBytes);
            if (values < 0 || values > file.Length || place < 0 || place > file.Length - bytes)
                throw Unreadable($"the values of its tag {(int)tag} lie outside of the file");
            _entries.TryAdd(tag, new(type, (int)values, (int)place));
        }

        _next = at <= file.Length - offsetBytes ? Unsigned(at, offsetBytes) : 0;
    }

    /// <summary>Whether another picture follows that is neither a smaller form nor a mask of this one, as far as it can be read.</summary>
    public bool HasPages
    {
        get
        {
            try
            {
                var directory = this;
                for (var i = 0; i < MaxDirectories && directory._next != 0; i++)
                {
                    directory = new(_name, _file, directory._next);
                    if ((directory.Number(TiffTag.SubfileType, 0) & SmallerOrMask) == 0) return true;
                }

                return false;
            }
            catch (InputException)
            {
                return false; // nothing of it is needed
            }
        }
    }

    /// <summary>Whether a file starts as a TIFF or BigTIFF does.</summary>
    public static bool Recognises(byte[] file) =>
        file.AsSpan().StartsWith("II*\0"u8) || file.AsSpan().StartsWith("MM\0*"u8)
        || file.AsSpan().StartsWith("II+\0"u8) || file.AsSpan().StartsWith("MM\0+"u8);

    /// <summary>Number of values of a tag, 0 if it is absent.</summary>
    public int Count(TiffTag tag) => _entries.TryGetValue(tag, out var entry) ? entry.Count : 0;

    /// <summary>The first value of a tag, or <paramref name="absent"/>.</summary>
    /// <exception cref="InputException">It is absent and there is no default, or it is not a whole number.</exception>
    public long Number(TiffTag tag, long? absent = null) =>
        Count(tag) > 0 ? ValueAt(tag, 0) : absent ?? throw Unreadable($"its {tag} is missing");

    /// <summary>All values of a tag, none if it is absent.</summary>
    /// <exception cref="InputException">They are not whole numbers.</exception>
    public long[] Numbers(TiffTag tag) => [.. Enumerable.Range(0, Count(tag)).Select(i => ValueAt(tag, i))];

    /// <summary>The text of a tag, or null.</summary>
    public string? Text(TiffTag tag) =>
        _entries.TryGetValue(tag, out var entry) ? Encoding.ASCII.GetString(_file, entry.Start, entry.Count).Trim('\0', ' ') : null;

    /// <summary>Checks that no value of a tag that counts bytes is larger than the file: LibTiff takes memory for as many.</summary>
    /// <exception cref="InputException">One is.</exception>
    public void CheckByteCounts(TiffTag tag)
    {
        foreach (var bytes in Numbers(tag))
        {
            if (bytes < 0 || bytes > _file.Length) throw Unreadable($"its {tag} say {bytes} bytes, and the file has {_file.Length}");
        }
    }

    /// <summary>The sentence for a file that cannot be decoded.</summary>
    public InputException Unreadable(string reason) => SharpDecoder.Unreadable(_name, "TIFF", reason);

    private long ValueAt(TiffTag tag, int index)
    {
        var entry = _entries[tag];
        var size = SizeOf(entry.Type);
        if (entry.Type is not (1 or 3 or 4 or 16)) // BYTE, SHORT, LONG, LONG8
            throw Unreadable($"its {tag} has the type {entry.Type}; a whole number was expected");
        return Unsigned(entry.Start + (long)index * size, size);
    }

    private static int SizeOf(int type) => type switch
    {
        1 or 2 or 6 or 7 => 1, // BYTE, ASCII, SBYTE, UNDEFINED
        3 or 8 => 2, // SHORT, SSHORT
        4 or 9 or 11 or 13 => 4, // LONG, SLONG, FLOAT, IFD
        5 or 10 or 12 or 16 or 17 or 18 => 8, // RATIONAL, SRATIONAL, DOUBLE, LONG8, SLONG8, IFD8
        _ => 0,
    };

    private long Unsigned(long at, int bytes)
    {
        if (at < 0 || at > _file.Length - bytes) throw Unreadable("its header is truncated");
        var span = _file.AsSpan((int)at, bytes);
        return bytes switch
        {
            1 => span[0],
            2 => _isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(span) : BinaryPrimitives.ReadUInt16LittleEndian(span),
            4 => _isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(span) : BinaryPrimitives.ReadUInt32LittleEndian(span),
            _ => _isBigEndian ? BinaryPrimitives.ReadInt64BigEndian(span) : BinaryPrimitives.ReadInt64LittleEndian(span),
        };
    }

    private readonly record struct Entry(int Type, int Count, int Start);
}

/// <summary>The tags of TIFF that are read.</summary>
internal enum TiffTag
{
    SubfileType = 254,
    Width = 256,
    Height = 257,
    BitsPerSample = 258,
    Compression = 259,
    Photometric = 262,
    StripOffsets = 273,
    Orientation = 274,
    SamplesPerPixel = 277,
    RowsPerStrip = 278,
    StripByteCounts = 279,
    PlanarConfiguration = 284,
    TileWidth = 322,
    TileHeight = 323,
    TileOffsets = 324,
    TileByteCounts = 325,
    ExtraSamples = 338,
    SampleFormat = 339,
    NoData = 42113, // of GDAL: a number as text
}
