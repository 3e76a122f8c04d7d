namespace Dst.Images.Decoding;

/// <summary>
/// Walks through the codes of a scan without decoding them. ImageSharp fills blocks that have none with grey and says nothing.
/// </summary>
/// <remarks>ITU-T T.81, F.2.2 and, for progressive files, G.1.2.</remarks>
internal ref struct JpegScan
{
    private readonly ReadOnlySpan<byte> _data;
    private int _at;
    private ulong _bits; // the next ones, from the highest on
    private int _count; // of these bits
    private int _run; // blocks that the last code ends

    private JpegScan(ReadOnlySpan<byte> data) => _data = data;

    private enum Walk
    {
        Whole,
        Short,
        Unknown,
    }

    /// <summary>Whether the data of a scan ends before its last block. False if its codes cannot be followed.</summary>
    /// <param name="data">What stands between its header and the next marker but restarts.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="header">Content of its header.</param>
    /// <param name="tables">Codes for means, then those for the rest, four each.</param>
    /// <param name="interval">Units between two restarts; 0 for none.</param>
    public static bool IsShort(
        ReadOnlySpan<byte> data, JpegFrame frame, ReadOnlySpan<byte> header, JpegCodes?[] tables, int interval)
    {
        if (frame.UnitsOf(header) is not { } units) return false;
        var (first, last, isRefinement) = (header[^3], header[^2], header[^1] >> 4 != 0);
        if (isRefinement || last > 63) return false; // refinements depend on the scans before
        var scan = new JpegScan(data);
        for (var unit = 0L; unit < units.Count; unit++)
        {
            if (interval > 0 && unit > 0 && unit % interval == 0 && !scan.Restart()) return true;
            foreach (var (blocks, selector) in units.Components)
            {
                var (means, rest) = (tables[selector >> 4 & 3], tables[4 + (selector & 3)]);
                for (var block = 0; block < blocks; block++)
                {
                    var walk = scan.Block(first == 0 ? means : null, rest, first, last, frame.IsProgressive);
                    if (walk != Walk.Whole) return walk == Walk.Short;
                }
            }
        }

        return false;
    }

    private Walk Block(JpegCodes? means, JpegCodes? rest, int first, int last, bool isProgressive)
    {
        if (first == 0)
        {
            var walk = Code(means, out _);
            if (walk != Walk.Whole) return walk;
        }

        if (_run > 0)
        {
            _run--;
            return Walk.Whole;
        }

        for (var k = Math.Max(first, 1); k <= last;)
        {
            var walk = Code(rest, out var symbol);
            if (walk != Walk.Whole) return walk;
            var (zeros, size) = (symbol >> 4, symbol & 15);
            if (size == 0 && zeros < 15)
            {
                if (!isProgressive) break;
                _run = (1 << zeros) - 1 + (zeros == 0 ? 0 : Peek() >> (JpegCodes.MaxLength - zeros));
                return Skip(zeros);
            }

            k += zeros + 1;
        }

        return Walk.Whole;
    }

    /// <summary>Passes over a code, and over the number behind it, whose size are the low four bits of the symbol.</summary>
    private Walk Code(JpegCodes? codes, out byte symbol)
    {
        symbol = 0;
        if (codes is null) return Walk.Unknown;
        (symbol, var length) = codes.Find(Peek());
        return length > 0 ? Skip(length + (symbol & 15)) : _count < JpegCodes.MaxLength ? Walk.Short : Walk.Unknown;
    }

    private Walk Skip(int length)
    {
        if (_count < length) return Walk.Short;
        (_bits, _count) = (_bits << length, _count - length);
        return Walk.Whole;
    }

    /// <summary>The next 16 bits, with zeros behind the last.</summary>
    private int Peek()
    {
        Fill();
        return (int)(_bits >> 48);
    }

    /// <summary>Takes bytes until there are enough bits for a code and the number behind it.</summary>
    private void Fill()
    {
        if (_count >= 32) return;
        while (_count <= 56 && _at < _data.Length)
        {
            var value = _data[_at];
            if (value == 0xFF && (_at + 1 >= _data.Length || _data[_at + 1] != 0)) return; // a restart
            _at += value == 0xFF ? 2 : 1;
            _bits |= (ulong)value << (56 - _count);
            _count += 8;
        }
    }

    /// <summary>Goes to what stands behind the next restart; false if there is none.</summary>
    private bool Restart()
    {
        (_bits, _count, _run) = (0, 0, 0);
        while (_at + 1 < _data.Length)
        {
            var isRestart = _data[_at] == 0xFF && _data[_at + 1] is >= 0xD0 and <= 0xD7;
            _at += isRestart ? 2 : 1;
            if (isRestart) return true;
        }

        return false;
    }
}
