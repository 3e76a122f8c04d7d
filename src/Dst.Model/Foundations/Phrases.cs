namespace Dst.Foundations;

/// <summary>Parts of sentences: choices, lists, counts and quoted texts.</summary>
public static class Phrases
{
    /// <summary>Words as a choice: <c>a, b or c</c>.</summary>
    public static string Choice(IReadOnlyList<string> words) =>
        words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";

    /// <summary>The first of a list, and how many more there are: <c>a, b, c, d, e and 12 more</c>.</summary>
    public static string First(IReadOnlyList<string> words)
    {
        const int shown = 5;
        return string.Join(", ", words.Take(shown)) + (words.Count > shown ? $" and {words.Count - shown} more" : "");
    }

    /// <summary>A text from a file, cut to a length that a sentence can have.</summary>
    public static string Shorten(string text, int length = 80) => text.Length > length ? text[..length] + "…" : text;

    /// <summary>A number of things: <c>1 epoch</c>, <c>2 epochs</c>.</summary>
    public static string Count(long number, string noun) => Count(number, noun, $"{noun}s");

    /// <summary>A number of things whose plural has another ending: <c>1 class</c>, <c>2 classes</c>.</summary>
    /// <param name="number">How many.</param>
    /// <param name="noun">The word for one.</param>
    /// <param name="plural">The word for any other number.</param>
    public static string Count(long number, string noun, string plural) => $"{number} {(number == 1 ? noun : plural)}";
}
