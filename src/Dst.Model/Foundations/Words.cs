using System.Text.Json;

namespace Dst.Foundations;

/// <summary>
/// Words for messages and files: those of an enum, which are its names in snake_case, and parts of sentences, such as choices and counts.
/// </summary>
public static class Words
{
    /// <summary>The word of a value: <c>SrSte</c> is <c>sr_ste</c>.</summary>
    public static string Of(Enum value) => OfName(value.ToString());

    /// <summary>The word of a name in the source: <c>LabelSmoothing</c> is <c>label_smoothing</c>.</summary>
    public static string OfName(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    /// <summary>All words of an enum, in the order of declaration.</summary>
    public static IReadOnlyList<string> All(Type type) => Array.ConvertAll(Enum.GetNames(type), OfName);

    /// <inheritdoc cref="All(Type)"/>
    public static IReadOnlyList<string> All<T>() where T : struct, Enum => All(typeof(T));

    /// <summary>The value with the word <paramref name="word"/>, or null.</summary>
    public static T? Find<T>(string word) where T : struct, Enum => (T?)Find(typeof(T), word);

    /// <inheritdoc cref="Find{T}"/>
    public static object? Find(Type type, string word) =>
        Array.Find(Enum.GetNames(type), name => OfName(name) == word) is { } name ? Enum.Parse(type, name) : null;

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

    /// <summary>A text that is twice in a list, or null.</summary>
    public static string? FindTwice(IEnumerable<string> texts) =>
        texts.CountBy(text => text).Where(text => text.Value > 1).Select(text => text.Key).FirstOrDefault();
}
