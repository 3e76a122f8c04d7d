namespace Dst.Report;

/// <summary>How numbers are written for people.</summary>
/// <seealso cref="Table"/>
public static class Format
{
    /// <summary>A fraction from 0 to 1 in per cent with one decimal.</summary>
    public static string Percent(double fraction) => Invariant($"{100 * fraction:F1}%");

    /// <summary>A count in thousands (k) or millions (M) with three significant digits or more.</summary>
    public static string Count(long count) => count switch
    {
        >= 10_000_000 => Invariant($"{count / 1e6:F1}M"),
        >= 1_000_000 => Invariant($"{count / 1e6:F2}M"),
        >= 10_000 => Invariant($"{count / 1e3:F1}k"),
        _ => $"{count}",
    };

    /// <summary>A size in bytes, kB or MB (powers of ten).</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        >= 10_000_000 => Invariant($"{bytes / 1e6:F1} MB"),
        >= 10_000 => Invariant($"{bytes / 1e3:F1} kB"),
        _ => $"{bytes} B",
    };

    /// <summary>A duration: seconds below a minute, else minutes and seconds, else hours and minutes.</summary>
    public static string Duration(TimeSpan time) =>
        time.TotalSeconds < 60 ? Invariant($"{time.TotalSeconds:F1} s")
        : time.TotalHours < 1 ? $"{(int)time.TotalMinutes} min {time.Seconds:00} s"
        : $"{(int)time.TotalHours} h {time.Minutes:00} min";

    /// <summary>The words of a text in lines of at most <paramref name="width"/> characters; a longer word has a line of its own.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line += line.Length == 0 ? word : $" {word}";
        }

        if (line.Length > 0) yield return line;
    }
}
