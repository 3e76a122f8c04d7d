namespace Dst.Foundations;

/// <summary>Finds the name that a user probably meant by one that does not exist.</summary>
public static class NearestName
{
    /// <summary>
    /// The name with the fewest single-character edits from <paramref name="name"/> (Levenshtein 1966), case ignored; the first on a tie.
    /// </summary>
    public static string Of(string name, IEnumerable<string> names) => names.MinBy(candidate => Distance(name, candidate))!;

    /// <summary>The nearest name if at most half of the characters of <paramref name="name"/> must change, else null.</summary>
    public static string? Find(string name, IEnumerable<string> names) =>
        Of(name, names) is { } near && 2 * Distance(name, near) <= name.Length ? near : null;

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
