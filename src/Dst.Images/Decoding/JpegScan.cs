using System.Numerics;

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
    private readonly int _first; // coefficients of a block, in zigzag order
    private readonly int _last;

    private JpegScan(ReadOnlySpan<byte> data, int first, int last)
    {
        _data = data;
        (_first, _last) = (first, last);
    }

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
    /// <param name="levels">Of the scans before, on which a refinement depends; takes what this scan adds.</param>
    public static bool IsShort(
        ReadOnlySpan<byte> data, JpegFrame frame, ReadOnlySpan<byte> header, JpegCodes?[] tables, int interval, JpegLevels levels)
    {
        if (frame.UnitsOf(header) is not { } units || header[^2] > 63) return false;
        var (first, isRefinement) = (header[^3], header[^1] >> 4 != 0);
        // The rest of a block in a progressive file is in scans of one component, whose units are blocks.
        var known = frame.IsProgressive && first > 0 ? levels.Of(header[1], units.Count) : null;
        if (isRefinement && first > 0 && known is null) return false;
        var scan = new JpegScan(data, first, header[^2]);
        for (var unit = 0L; unit < units.Count; unit++)
        {
            if (interval > 0 && unit > 0 && unit % interval == 0 && !scan.Restart()) return true;
            foreach (var (blocks, selector) in units.Components)
            {
                var (means, rest) = (tables[selector >> 4 & 3], tables[4 + (selector & 3)]);
                for (var block = 0; block < blocks; block++)
                {
                    var level = known?[unit] ?? 0;
                    var walk = isRefinement ? scan.Refine(rest, ref level) : scan.Block(means, rest, frame.IsProgressive, ref level);
                    if (known is not null) known[unit] = level;
                    if (walk == Walk.Whole) continue;
                    levels.Forget(header[1]);
                    return walk == Walk.Short;
                }
            }
        }

        return false;
    }

    /// <param name="means">Codes of means.</param>
    /// <param name="rest">Codes of the others.</param>
    /// <param name="isProgressive">Whether a code may end several blocks.</param>
    /// <param name="levels">Takes a bit for each coefficient that is not 0.</param>
    private Walk Block(JpegCodes? means, JpegCodes? rest, bool isProgressive, ref ulong levels)
    {
        if (_first == 0)
        {
            var walk = Code(means, out _);
            if (walk != Walk.Whole) return walk;
        }

        if (_run > 0)
        {
            _run--;
            return Walk.Whole;
        }

        for (var k = Math.Max(_first, 1); k <= _last; k++)
        {
            var walk = Code(rest, out var symbol);
            if (walk != Walk.Whole) return walk;
            var (zeros, size) = (symbol >> 4, symbol & 15);
            if (size == 0 && zeros < 15)
            {
                if (!isProgressive) break;
                walk = Run(zeros);
                _run--;
                return walk;
            }

            k += zeros;
            if (size > 0 && k <= _last) levels |= 1UL << k;
        }

        return Walk.Whole;
    }

    /// <summary>A block to which each coefficient that is not 0 gets a bit, and others their first.</summary>
    private Walk Refine(JpegCodes? codes, ref ulong levels)
    {
        if (_first == 0) return SkipAll(1);
        var k = _first;
        while (_run == 0 && k <= _last)
        {
            var walk = Code(codes, out var symbol);
            if (walk != Walk.Whole) return walk;
            var (zeros, size) = (symbol >> 4, symbol & 15);
            if (size > 1) return Walk.Unknown;
            var bits = 0;
            if (size == 0 && zeros < 15) walk = Run(zeros);
            else
            {
                for (; k <= _last && (IsSet(levels, k) || zeros-- > 0); k++)
                    if (IsSet(levels, k)) bits++;
                if (size > 0 && k <= _last) levels |= 1UL << k;
                k++;
            }

            if (walk == Walk.Whole) walk = SkipAll(bits);
            if (walk != Walk.Whole) return walk;
        }

        if (_run == 0) return Walk.Whole;
        _run--;
        return SkipAll(BitOperations.PopCount(levels >> k << (63 - _last + k)));
    }

    private static bool IsSet(ulong levels, int k) => (levels >> k & 1) != 0;

    /// <summary>How many blocks a code ends, this one among them: a power of two, and a number behind the code.</summary>
    private Walk Run(int size)
    {
        _run = (1 << size) + (size == 0 ? 0 : Peek() >> (JpegCodes.MaxLength - size));
        return Skip(size);
    }

    private Walk SkipAll(int length)
    {
        for (; length > 0; length -= JpegCodes.MaxLength)
        {
            Fill();
            var walk = Skip(Math.Min(length, JpegCodes.MaxLength));
            if (walk != Walk.Whole) return walk;
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
