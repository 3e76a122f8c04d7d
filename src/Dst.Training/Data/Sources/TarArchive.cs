using System.Text;

namespace Dst.Training.Data;

/// <summary>
/// Reads the files of a tar archive, one after another. It passes over extended headers, which the short names of data sets do not need.
/// The reader of .NET is not used, because it takes as much memory as an extended header claims.
/// </summary>
/// <param name="stream">The archive.</param>
internal sealed class TarArchive(Stream stream)
{
    private const int BlockBytes = 512;

    // Fields of a header: where they start and how long they are.
    private const int NameStart = 0, NameBytes = 100;
    private const int LengthStart = 124, LengthBytes = 12;
    private const int ChecksumStart = 148, ChecksumBytes = 8;
    private const int TypeStart = 156;

    private readonly byte[] _block = new byte[BlockBytes];
    private long _unread; // content and padding before the next header

    /// <summary>Name without folders and length of the next file, or null at the end.</summary>
    /// <exception cref="InvalidDataException">A header is damaged.</exception>
    /// <exception cref="EndOfStreamException">The archive is truncated.</exception>
    public (string Name, long Length)? Next()
    {
        while (true)
        {
            Skip(_unread);
            _unread = 0;
            if (stream.ReadAtLeast(_block, BlockBytes, throwOnEndOfStream: false) is var read and < BlockBytes)
                return read == 0 ? null : throw new EndOfStreamException();
            if (!_block.AsSpan().ContainsAnyExcept((byte)0)) return null;
            if (Number(ChecksumStart, ChecksumBytes) != Checksum()) throw new InvalidDataException("a header of the archive is damaged");
            var length = Number(LengthStart, LengthBytes);
            _unread = (length + BlockBytes - 1) / BlockBytes * BlockBytes;
            if (_block[TypeStart] is 0 or (byte)'0') return (Path.GetFileName(Text(NameStart, NameBytes)), length); // a regular file
        }
    }

    /// <summary>The content of the file that <see cref="Next"/> gave.</summary>
    /// <param name="length">Its length.</param>
    /// <exception cref="EndOfStreamException">The archive is truncated.</exception>
    public byte[] ReadContent(long length)
    {
        var content = new byte[length];
        stream.ReadExactly(content);
        _unread -= length;
        return content;
    }

    private void Skip(long bytes)
    {
        var buffer = new byte[Math.Min(bytes, 1 << 16)];
        for (int count; bytes > 0; bytes -= count)
        {
            count = (int)Math.Min(bytes, buffer.Length);
            stream.ReadExactly(buffer, 0, count);
        }
    }

    // The sum of all bytes, with spaces in place of the checksum itself.
    private long Checksum()
    {
        var sum = 0L;
        for (var i = 0; i < BlockBytes; i++) sum += i is >= ChecksumStart and < ChecksumStart + ChecksumBytes ? ' ' : _block[i];
        return sum;
    }

    private string Text(int start, int length)
    {
        var field = _block.AsSpan(start, length);
        var end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    /// <summary>A number in octal digits.</summary>
    private long Number(int start, int length)
    {
        var digits = Text(start, length).Trim();
        if (digits.Length == 0 || digits.Any(digit => digit is < '0' or > '7'))
            throw new InvalidDataException("a header of the archive is damaged");
        return digits.Aggregate(0L, (number, digit) => number * 8 + digit - '0');
    }
}
