namespace Dst.Training.Recipes;

/// <summary>Finds the name that a user probably meant.</summary>
public static class NearestName
{
    private const int LongestWord = 64;

    /// <summary>"did you mean 'epochs'?" if a name is near, else the list of all names.</summary>
    public static string Suggest(string word, IReadOnlyList<string> names) =>
        Find(word, names) is { } nearest ? $"did you mean '{nearest}'?" : $"expected one of {string.Join(", ", names)}";

    /// <summary>The nearest name, if it can be had with few edits for the word's length.</summary>
    public static string? Find(string word, IReadOnlyList<string> names)
    {
        if (word.Length > LongestWord) return null;
        var nearest = names.MinBy(name => Distance(word, name));
        return nearest is not null && Distance(word, nearest) <= Math.Max(1, Math.Max(word.Length, nearest.Length) / 3) ? nearest : null;
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (Damerau 1964, restricted).</summary>
    internal static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    d[i, j] = i + j;
                    continue;
                }

                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }

        return d[a.Length, b.Length];
    }
}
