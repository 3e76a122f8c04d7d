namespace Dst.Foundations;

/// <summary>Finds the name that a user probably meant by one that does not exist.</summary>
public static class NearestName
{
    /// <summary>
    /// The name with the fewest single-character edits from <paramref name="name"/> (Levenshtein 1966), case ignored; the first on a tie.
    /// Null if more than half of the characters of <paramref name="name"/> must change.
    /// </summary>
    public static string? Find(string name, IEnumerable<string> names) =>
        names.MinBy(candidate => Distance(name, candidate)) is { } near && 2 * Distance(name, near) <= name.Length ? near : null;

    /// <summary>What to write in place of a name that does not exist: the nearest one, or else one of the names.</summary>
    public static string Advise(string name, IReadOnlyList<string> names) =>
        Find(name, names) is { } near ? $"did you mean '{near}'?" : $"one of {Phrases.First(names)} was expected";

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray(); // edits from the first i characters of a to each prefix of b
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replace, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
