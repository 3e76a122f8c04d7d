using System.Buffers.Binary;
using System.Text;

namespace Dst.Fuzz;

/// <summary>Changes files as accidents and attackers do: bits, numbers, words, cuts, copies, parts of other files.</summary>
internal static class Mutator
{
    private const int MostChanges = 6;

    private static readonly long[] Numbers =
    [
        0, 1, -1, 2, 7, 127, 128, 255, 256, 32767, 32768, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 40,
        long.MaxValue, long.MinValue,
    ];

    private static readonly byte[][] Texts =
    [
        .. new[]
        {
            "0", "-1", "1e999", "-1e999", "1e-999", "NaN", "99999999999999999999", "2147483648", "0.1", "null", "true", "[]", "{}",
            "[", "]", "{", "}", "\"", "'", ",", ":", "\n", "\r\n", "\t", "  ", "\0", "\\ud800", "\\n", "\u001b[2J", "&a", "*a", "!!x",
            "%YAML 9.9\n", "---\n", "|", ">", "? ", "- ", "# ", "<<: ", "=", "/", "..", "\ufeff", "ä", "🚗",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF, 0xFE], [0xC0, 0x80], [0xED, 0xA0, 0x80],
    ];

    /// <summary>One to six changes of one of the files.</summary>
    public static byte[] Mutate(IReadOnlyList<byte[]> corpus, Random random)
    {
        var bytes = corpus[random.Next(corpus.Count)];
        for (var changes = 1 + random.Next(random.Next(1, MostChanges + 1)); changes > 0; changes--)
        {
            if (bytes.Length == 0) return bytes;
            bytes = Change(bytes, corpus, random);
        }

        return bytes;
    }

    private static byte[] Change(byte[] bytes, IReadOnlyList<byte[]> corpus, Random random)
    {
        var at = random.Next(bytes.Length);
        var end = at + random.Next(Math.Min(bytes.Length - at, 64) + 1);
        switch (random.Next(10))
        {
            case 0: return With(bytes, at, [(byte)(bytes[at] ^ 1 << random.Next(8))]);
            case 1: return With(bytes, at, [(byte)random.Next(256)]);
            case 2: return With(bytes, at, NumberBytes(random));
            case 3: return [.. bytes[..at], .. bytes[end..]];
            case 4: return [.. bytes[..end], .. bytes[at..]];
            case 5: return [.. bytes[..at], .. Texts[random.Next(Texts.Length)], .. bytes[at..]];
            case 6: return [.. bytes[..at], .. Texts[random.Next(Texts.Length)], .. bytes[end..]];
            case 7: return OtherDigits(bytes, at, random);
            case 8: return random.Next(4) == 0 ? bytes[..at] : With(bytes, at, PartOf(bytes, 8, random));
            default:
                return [.. bytes[..at], .. PartOf(corpus[random.Next(corpus.Count)], random.Next(256), random), .. bytes[end..]];
        }
    }

    private static byte[] PartOf(byte[] bytes, int length, Random random)
    {
        var from = random.Next(bytes.Length);
        return bytes[from..Math.Min(bytes.Length, from + length)];
    }

    private static byte[] With(byte[] bytes, int at, byte[] part)
    {
        var changed = (byte[])bytes.Clone();
        part.AsSpan(0, Math.Min(part.Length, bytes.Length - at)).CopyTo(changed.AsSpan(at));
        return changed;
    }

    /// <summary>A number at the edge of a type, in 2, 4 or 8 bytes of either order.</summary>
    private static byte[] NumberBytes(Random random)
    {
        var bytes = new byte[8];
        var size = 2 << random.Next(3);
        var number = Numbers[random.Next(Numbers.Length)] + random.Next(-1, 2);
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        Array.Resize(ref bytes, size);
        if (random.Next(2) == 0) Array.Reverse(bytes);
        return bytes;
    }

    /// <summary>Replaces the first number that is written in digits at or behind a place.</summary>
    private static byte[] OtherDigits(byte[] bytes, int at, Random random)
    {
        var start = Array.FindIndex(bytes, at, b => char.IsAsciiDigit((char)b));
        if (start < 0) return bytes;
        var end = start;
        while (end < bytes.Length && char.IsAsciiDigit((char)bytes[end])) end++;
        return [.. bytes[..start], .. Encoding.ASCII.GetBytes($"{Numbers[random.Next(Numbers.Length)]}"), .. bytes[end..]];
    }
}
