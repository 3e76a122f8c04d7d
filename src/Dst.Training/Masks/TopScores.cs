namespace Dst.Training.Masks;

/// <summary>The one rule by which pruning chooses: the highest scores stay, and of equal ones those with the lower index.</summary>
internal static class TopScores
{
    /// <summary>Sets exactly <paramref name="count"/> entries of <paramref name="kept"/> to true and the others to false.</summary>
    /// <param name="scores">One score per candidate.</param>
    /// <param name="count">How many stay, 0 to the number of scores.</param>
    /// <param name="kept">Result, as long as <paramref name="scores"/>.</param>
    public static void Keep(ReadOnlySpan<double> scores, int count, Span<bool> kept)
    {
        kept.Clear();
        if (count == 0) return;
        var sorted = scores.ToArray();
        Array.Sort(sorted);
        var threshold = sorted[^count];
        var ties = count;
        foreach (var score in scores) if (score.CompareTo(threshold) > 0) ties--;
        for (var i = 0; i < scores.Length; i++)
        {
            var order = scores[i].CompareTo(threshold);
            kept[i] = order > 0 || (order == 0 && ties-- > 0);
        }
    }
}
