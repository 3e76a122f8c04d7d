using Dst.Foundations;

namespace Dst.Training.Data;

/// <summary>Finds classes of which accuracy says little, and images whose labels contradict.</summary>
/// <seealso cref="LeakCheck"/>
internal static class ClassCheck
{
    private const int FewToLearnFrom = 5;
    private const int MaxExamples = 5;

    /// <summary>What is found, a line each.</summary>
    public static IEnumerable<string> Find(DataSet data) => new[] { SmallClasses(data), Contradictions(data) }.OfType<string>();

    private static string? SmallClasses(DataSet data)
    {
        var splits = new[] { data.Training, data.Validation, data.Test }.Where(split => split.Count > 0)
            .Select(split => (split.Name, Counts: split.CountByClass(data.ClassNames.Count))).ToList();
        var fewest = data.Options.LabelsPerClass > 0 ? 1 : FewToLearnFrom; // few labels may be what is asked for
        var small = data.ClassNames.Index()
            .Where(name => splits.Any(split => split.Counts[name.Index] < (split.Name == data.Training.Name ? fewest : 1)))
            .Select(name => $"'{name.Item}' ({string.Join(", ", splits.Select(split => $"{split.Counts[name.Index]} {split.Name}"))})")
            .ToList();
        if (small.Count == 0) return null;
        var more = small.Count > MaxExamples ? $" and {small.Count - MaxExamples} more" : "";
        return $"{Phrases.Count(small.Count, "class has", "classes have")} too few images to learn from or to measure on: "
            + string.Join(", ", small.Take(MaxExamples)) + more;
    }

    private static string? Contradictions(DataSet data)
    {
        var pairs = data.Splits.SelectMany(split => split.Samples).Where(sample => sample.Label is not null)
            .GroupBy(sample => sample.Hash)
            .Select(copies => (First: copies.First(), Other: copies.FirstOrDefault(copy => copy.Label != copies.First().Label)))
            .Where(pair => pair.Other is not null).ToList();
        return pairs.Count == 0 ? null
            : $"{Phrases.Count(pairs.Count, "image is", "images are")} in two classes, such as '{pairs[0].First.Name}' = "
            + $"'{pairs[0].Other!.Name}'; their labels contradict";
    }
}
