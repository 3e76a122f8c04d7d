using Dst.Foundations;
using YamlDotNet.Core;

namespace Dst.Training.Experiments.Recipes;

/// <summary>Says what is wrong with a text that is not YAML, and what to write instead.</summary>
internal static class YamlProblem
{
    private const string DuplicateKey = "Duplicate key ";
    private const string TabWord = " tab ";

    private const string LineSentence =
        "a line is not key: value, or not indented as the keys of its section are; expected all keys of a section below each other, each "
        + "with ': ' behind it";

    // By words of the parser's messages, the first that fits.
    private static readonly (string Words, string Sentence)[] Sentences =
    [
        ("flow sequence", "a list that begins with [ does not go on with a comma or end with ]; expected a list such as [a, b]"),
        ("flow mapping", "a section that begins with { does not go on with a comma or end with }; expected a section such as {a: 1, b: 2}"),
        (TabWord, "a tab is used to indent; expected spaces"),
        ("invalid mapping", "a key has two values, or stands deeper than the other keys of its section; expected key: value, all keys of a "
            + "section below each other, and quotes around a text with ': '"),
        ("unexpected end of stream", "a quote is not closed; expected one more"),
        (
            "cannot start any token",
            "a text begins with a character that YAML keeps for itself, such as @, % or `; expected quotes around it"),
        ("escape", "a text in double quotes has an unknown escape after \\; expected single quotes, in which \\ is a plain character"),
        ("expected ':'", LineSentence),
        ("block collection", LineSentence),
        ("did not find expected key", LineSentence),
        ("document end", "the text goes on after its last bracket; expected each bracket once"),
    ];

    /// <summary>The line, from 1, that the sentence is about.</summary>
    public static long LineOf(YamlException exception, string text)
    {
        var line = exception.Start.Line;
        if (!exception.Message.Contains(TabWord, StringComparison.OrdinalIgnoreCase)) return line;
        // The parser names the line where it began to look for a key, which may stand far above the tab.
        string[] below = [.. text.Split('\n').Skip((int)line - 1)];
        return line + Math.Max(0, Array.FindIndex(below, row => row.TrimStart(' ').StartsWith('\t')));
    }

    /// <summary>The sentence for what the parser met.</summary>
    public static string Describe(YamlException exception)
    {
        var message = exception.Message;
        if (message.StartsWith(DuplicateKey, StringComparison.Ordinal))
            return $"the key '{Phrases.Shorten(message[DuplicateKey.Length..])}' is there twice; expected each key of a section once";
        var known = Array.Find(Sentences, sentence => message.Contains(sentence.Words, StringComparison.OrdinalIgnoreCase));
        return known.Sentence ?? $"{Phrases.Shorten(message.TrimEnd('.'), 200)}; expected YAML";
    }
}
