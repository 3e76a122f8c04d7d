using System.Buffers.Binary;

namespace Dst.Images.Decoding;

/// <summary>
/// The markers of a JPEG, walked to the end of the image. A file without that end is truncated. So is one with a scan whose data end before
/// its last block.
/// </summary>
/// <remarks>
/// ImageSharp fills what is missing with grey and says nothing, and refuses bytes that belong to no marker: they are left out here.
/// </remarks>
internal sealed class JpegMarkers
{
    private const byte App1 = 0xE1;
    private const byte StartOfScan = 0xDA;
    private const byte HuffmanCodes = 0xC4;
    private const byte RestartInterval = 0xDD;
    private const byte EndOfImage = 0xD9;
    private const int MaxScans = 100; // a progressive file has about ten; each costs time for the whole image
    private const int MaxGaps = 100; // places with stray bytes

    private readonly string _name;
    private readonly byte[] _file;
    private readonly bool _followsCodes;
    private readonly List<Range> _kept = []; // what lies between stray bytes
    private readonly JpegCodes?[] _codes = new JpegCodes?[8];
    private readonly JpegLevels _levels = new();
    private int _interval; // of restarts
    private JpegFrame? _frame;
    private int _scans;
    private int? _orientation;

    /// <summary>Walks through a file.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="file">The content.</param>
    /// <param name="followsCodes">Whether each code of the scans is followed; else only their number of bytes is checked.</param>
    /// <exception cref="InputException">It is truncated or too large, or has too many scans or stray bytes.</exception>
    public JpegMarkers(string name, byte[] file, bool followsCodes)
    {
        (_name, _file, _followsCodes) = (name, file, followsCodes);
        Walk();
        Clean = _kept.Count == 1 ? file : [.. _kept.SelectMany(part => file[part])];
    }

    /// <summary>The file without stray bytes.</summary>
    public byte[] Clean { get; }

    /// <summary>How many bytes belong to no marker.</summary>
    public int StrayBytes => _file.Length - Clean.Length;

    /// <summary>How the image is to be turned.</summary>
    public int Orientation => _orientation ?? Decoding.Orientation.Upright;

    private void Walk()
    {
        var (at, start) = (2, 0); // start: where the last of the ranges begins
        while (true)
        {
            var next = at < _file.Length ? _file.AsSpan(at).IndexOf((byte)0xFF) : -1;
            if (next < 0) throw Truncated();
            if (next > 0)
            {
                if (_kept.Count == MaxGaps) throw SharpDecoder.Unreadable(_name, JpegFile.Format, "it has stray bytes in too many places");
                _kept.Add(start..at);
                start = at + next;
            }

            at += next;
            while (at < _file.Length && _file[at] == 0xFF) at++;
            if (at >= _file.Length) throw Truncated();
            var marker = _file[at++];
            if (marker == EndOfImage) break;
            if (marker is 0 or 1 or (>= 0xD0 and <= 0xD7)) continue;
            at = EndOfSegment(marker, at);
        }

        _kept.Add(start..);
    }

    // Looks at what stands behind a marker, and at the coded data of a scan.
    private int EndOfSegment(byte marker, int at)
    {
        if (at + 2 > _file.Length) throw Truncated();
        var end = at + BinaryPrimitives.ReadUInt16BigEndian(_file.AsSpan(at));
        ReadOnlySpan<byte> segment = end <= _file.Length && end >= at + 2 ? _file.AsSpan((at + 2)..end) : [];
        if (marker == App1 && segment.StartsWith(ExifBlock.Prefix)) _orientation ??= ExifBlock.OrientationOf(segment);
        if (_frame is null && JpegFrame.Parse(marker, segment) is { } frame)
        {
            Image.CheckSize(_name, frame.Width, frame.Height);
            if (frame.IdOfTwo is { } id)
                throw SharpDecoder.Unreadable(_name, JpegFile.Format, $"two of its components have the id {id}");
            _frame = frame;
        }

        if (marker == HuffmanCodes) JpegCodes.Read(segment, _codes);
        if (marker == RestartInterval && segment.Length == 2) _interval = BinaryPrimitives.ReadUInt16BigEndian(segment);
        if (marker != StartOfScan) return end;
        if (++_scans > MaxScans) throw SharpDecoder.Unreadable(_name, JpegFile.Format, $"it has more than {MaxScans} scans");
        var endOfScan = EndOfScan(_file, end);
        var isShort = 8L * (endOfScan - end) < _frame?.LeastBits(segment)
            || _followsCodes && _frame is not null
            && JpegScan.IsShort(_file.AsSpan(end..endOfScan), _frame, segment, _codes, _interval, _levels);
        if (isShort) throw Truncated();
        return endOfScan;
    }

    // The next marker after coded data, in which FF 00 is a byte and FF D0 to FF D7 are restarts.
    private static int EndOfScan(ReadOnlySpan<byte> file, int at)
    {
        while (at < file.Length)
        {
            var next = file[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= file.Length) return file.Length;
            at += next;
            if (file[at + 1] is not (0 or 0xFF or (>= 0xD0 and <= 0xD7))) return at;
            at += file[at + 1] == 0xFF ? 1 : 2;
        }

        return file.Length;
    }

    private InputException Truncated() => SharpDecoder.Unreadable(_name, JpegFile.Format, "it is truncated");
}
