namespace Dst.Cli.Usage;

/// <summary>Words as a shell takes them.</summary>
internal static class ShellText
{
    /// <summary>A word, in quotes if a shell could read it as something else.</summary>
    public static string Quote(string word)
    {
        if (word.Length > 0 && word.All(IsPlain)) return word;
        // A path has no double quote on Windows, whose shells know no other one.
        return OperatingSystem.IsWindows() ? $"\"{word}\"" : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }

    private static bool IsPlain(char c) =>
        char.IsAsciiLetterOrDigit(c) || "-_./=,:+%@".Contains(c, StringComparison.Ordinal) || c == Path.DirectorySeparatorChar;
}
