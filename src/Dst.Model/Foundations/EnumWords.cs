using System.Text.Json;

namespace Dst.Foundations;

/// <summary>The words of an enum in messages and files: its names in snake_case.</summary>
public static class EnumWords
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
}
