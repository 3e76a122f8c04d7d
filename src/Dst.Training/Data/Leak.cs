using Dst.Foundations;

namespace Dst.Training.Data;

/// <summary>Something that two splits share.</summary>
/// <param name="What"><c>images</c> (equal samples) or <c>ships</c> (images of the same ship).</param>
/// <param name="First">Name of the first split.</param>
/// <param name="Second">Name of the second split.</param>
/// <param name="Count">How many images of the second split are affected.</param>
/// <param name="Examples">Some pairs of files.</param>
public sealed record Leak(string What, string First, string Second, int Count, IReadOnlyList<(string First, string Second)> Examples)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{Phrases.Count(Count, "image")} of the {Second} split {(Count == 1 ? "shows" : "show")} {What} of the {First} split, such as "
        + $"{string.Join(", ", Examples.Select(e => $"'{e.Second}' = '{e.First}'"))}";
}
