namespace Dst.Runtime.Inference;

/// <summary>A class and what a network gives it.</summary>
/// <param name="Label">Index of the class.</param>
/// <param name="Name">Name of the class.</param>
/// <param name="Value">Its probability, or the output where outputs have no scale.</param>
public readonly record struct RankedClass(int Label, string Name, float Value)
{
    /// <summary>The classes of the highest values, the best first; of equal ones the lower index first.</summary>
    /// <param name="values">A value for each class, such as a row of probabilities.</param>
    /// <param name="nameOf">Gives the name of a class.</param>
    /// <param name="count">How many, at least 1; at most all are given.</param>
    /// <exception cref="ArgumentNullException"><paramref name="nameOf"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    public static RankedClass[] Best(ReadOnlySpan<float> values, Func<int, string> nameOf, int count)
    {
        ArgumentNullException.ThrowIfNull(nameOf);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var keys = values.ToArray(); // a comparison cannot hold a span
        var labels = new int[keys.Length];
        for (var i = 0; i < labels.Length; i++) labels[i] = i;
        Array.Sort(labels, (a, b) => keys[a] == keys[b] ? a - b : keys[b].CompareTo(keys[a]));
        return Array.ConvertAll(labels[..Math.Min(count, labels.Length)], label => new RankedClass(label, nameOf(label), keys[label]));
    }
}
