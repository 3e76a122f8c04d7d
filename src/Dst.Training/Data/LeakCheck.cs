namespace Dst.Training.Data;

/// <summary>Finds images that are in two splits: accuracy on them says nothing about new images.</summary>
/// <seealso cref="DataInspection"/>
public static class LeakCheck
{
    private const int MaxExamples = 3;

    /// <summary>
    /// Compares each two splits: the hashes of their images and, where the data tells them, the ships that they show. Labelled and
    /// unlabelled training images may share both.
    /// </summary>
    public static IReadOnlyList<Leak> Find(DataSet data)
    {
        ArgumentNullException.ThrowIfNull(data);
        (SampleSet, SampleSet)[] pairs =
        [
            (data.Training, data.Validation), (data.Training, data.Test), (data.Unlabelled, data.Validation), (data.Unlabelled, data.Test),
            (data.Validation, data.Test),
        ];
        var leaks = new List<Leak>();
        foreach (var (first, second) in pairs)
        {
            AddShared("images", first, second, sample => sample.Hash, leaks);
            AddShared("ships", first, second, sample => sample.Group.Length > 0 ? sample.Group : null, leaks);
        }

        return leaks;
    }

    private static void AddShared(string what, SampleSet first, SampleSet second, Func<Sample, object?> key, List<Leak> leaks)
    {
        var names = new Dictionary<object, string>();
        foreach (var sample in first.Samples)
        {
            if (key(sample) is { } value) names.TryAdd(value, sample.Name);
        }

        var shared = new List<(string First, string Second)>();
        foreach (var sample in second.Samples)
        {
            if (key(sample) is { } value && names.TryGetValue(value, out var name)) shared.Add((name, sample.Name));
        }

        if (shared.Count > 0) leaks.Add(new(what, first.Name, second.Name, shared.Count, [.. shared.Take(MaxExamples)]));
    }
}
