using System.Globalization;
using System.Text;

namespace Dst.Foundations;

/// <summary>
/// Composes letters and the marks behind them (Unicode NFC), so that names compare equal whether a file system keeps é as one character or
/// as two. .NET does not normalise without ICU, which DST does not need.
/// </summary>
public static class ComposedText
{
    private const char FirstMark = '\u0300';
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28;

    // Lines "base mark whole" of the canonical compositions of Unicode 14's first plane, made from Python's unicodedata.
    private static readonly Lazy<Dictionary<(char, char), char>> Pairs = new(ReadPairs);

    /// <summary>The text with each mark that directly follows its letter composed.</summary>
    public static string Of(string text)
    {
        if (text.All(c => c < FirstMark)) return text;
        var result = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (result.Length > 0 && Compose(result[^1], c) is { } whole) result[^1] = whole;
            else result.Append(c);
        }

        return result.ToString();
    }

    private static char? Compose(char first, char second)
    {
        int lead = first - LeadBase, vowel = second - VowelBase, syllable = first - HangulBase, tail = second - TailBase;
        if (lead is >= 0 and < Leads && vowel is >= 0 and < Vowels) return (char)(HangulBase + (lead * Vowels + vowel) * Tails);
        if (syllable is >= 0 and < Leads * Vowels * Tails && syllable % Tails == 0 && tail is > 0 and < Tails) return (char)(first + tail);
        return second >= FirstMark && Pairs.Value.TryGetValue((first, second), out var whole) ? whole : null;
    }

    private static Dictionary<(char, char), char> ReadPairs()
    {
        using var stream = typeof(ComposedText).Assembly.GetManifestResourceStream("compositions.txt")!;
        using var reader = new StreamReader(stream);
        var pairs = new Dictionary<(char, char), char>();
        while (reader.ReadLine() is { } line)
        {
            var codes = Array.ConvertAll(
                line.Split(' '), code => (char)int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            pairs.Add((codes[0], codes[1]), codes[2]);
        }

        return pairs;
    }
}
