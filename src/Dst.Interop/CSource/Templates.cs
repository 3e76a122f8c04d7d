using System.Text.RegularExpressions;

namespace Dst.Interop.CSource;

/// <summary>
/// Pieces of C, embedded in this assembly. <c>@WORD@</c> stands for what depends on the network, and <c>$</c> before a name for the
/// prefix of the network: <c>$map</c> becomes <c>chips_map</c>, and <c>$LANES</c> becomes <c>CHIPS_LANES</c>.
/// </summary>
internal static partial class Templates
{
    /// <summary>Whether there is a template of a name.</summary>
    public static bool Exists(string name) => typeof(Templates).Assembly.GetManifestResourceInfo(name) is not null;

    /// <summary>A template with its words replaced. Prefixes stay marked.</summary>
    public static string Read(string name, params (string Word, string Text)[] words)
    {
        using var stream = typeof(Templates).Assembly.GetManifestResourceStream(name)
            ?? throw new ArgumentException($"there is no template {name}");
        using var reader = new StreamReader(stream);
        return words.Aggregate(reader.ReadToEnd(), (text, word) => text.Replace($"@{word.Word}@", word.Text, StringComparison.Ordinal));
    }

    /// <summary>A text with the prefix of the network in place of its marks.</summary>
    public static string Prefix(string text, string prefix) => Mark().Replace(
        text, name => $"{(char.IsAsciiLetterUpper(name.Value[1]) ? prefix.ToUpperInvariant() : prefix)}_{name.Value[1..]}");

    [GeneratedRegex(@"\$[A-Za-z]\w*")]
    private static partial Regex Mark();
}
