namespace Dst.Images.Decoding;

/// <summary>A table of Huffman codes of a JPEG.</summary>
/// <remarks>ITU-T T.81, annex C and F.2.2.3.</remarks>
internal sealed class JpegCodes
{
    /// <summary>Bits of the longest code.</summary>
    public const int MaxLength = 16;

    private const int QuickBits = 8; // codes of up to so many bits are looked up, longer ones are searched
    private readonly byte[] _symbols;
    private readonly int[] _ends = new int[MaxLength + 1]; // by length, the first code behind those of it, with zeros up to 16 bits
    private readonly int[] _offsets = new int[MaxLength + 1]; // by length, index of a symbol less its code
    private readonly (byte Symbol, byte Length)[] _quick = new (byte, byte)[1 << QuickBits];

    private JpegCodes(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        _symbols = symbols.ToArray();
        var (code, index) = (0, 0);
        for (var length = 1; length <= MaxLength; length++, code <<= 1)
        {
            _offsets[length] = index - code;
            for (var i = 0; i < counts[length - 1]; i++, code++, index++)
            {
                if (length > QuickBits || code >= 1 << length) continue;
                var first = code << (QuickBits - length);
                _quick.AsSpan(first, 1 << (QuickBits - length)).Fill((_symbols[index], (byte)length));
            }

            _ends[length] = code << (MaxLength - length);
        }
    }

    /// <summary>Reads the tables of a segment; a damaged one ends them.</summary>
    /// <param name="segment">Content of a <c>DHT</c> segment.</param>
    /// <param name="tables">Takes them: four for means, then four for the rest of a block.</param>
    public static void Read(ReadOnlySpan<byte> segment, JpegCodes?[] tables)
    {
        while (segment.Length > MaxLength)
        {
            var table = segment[0];
            var counts = segment.Slice(1, MaxLength);
            var symbols = 0;
            foreach (var count in counts) symbols += count;
            if (symbols > segment.Length - 1 - MaxLength || (table & 0xEC) != 0) return;
            tables[(table >> 4) * 4 + (table & 3)] = new(counts, segment.Slice(1 + MaxLength, symbols));
            segment = segment[(1 + MaxLength + symbols)..];
        }
    }

    /// <summary>The symbol and the length of the code that 16 bits begin with; length 0 if there is none.</summary>
    public (byte Symbol, int Length) Find(int bits)
    {
        var (symbol, quick) = _quick[bits >> (MaxLength - QuickBits)];
        if (quick > 0) return (symbol, quick);
        for (var length = QuickBits + 1; length <= MaxLength; length++)
        {
            if (bits >= _ends[length]) continue;
            var index = (bits >> (MaxLength - length)) + _offsets[length];
            return index >= 0 && index < _symbols.Length ? (_symbols[index], length) : default;
        }

        return default;
    }
}
