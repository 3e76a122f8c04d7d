using Dst.Foundations;

namespace Dst.Training.Data;

/// <summary>Draws images of every class at random.</summary>
internal static class StratifiedSplit
{
    /// <summary>Splits samples into those that stay and those drawn, both in their old order.</summary>
    /// <param name="samples">All samples, labelled.</param>
    /// <param name="classNames">Names by label, for messages.</param>
    /// <param name="share">Share of each class that is drawn, rounded, at least one and never all; 0 draws none.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="split">Number of the split, so that two splits of a run do not share their random numbers.</param>
    /// <param name="advice">What to do about a class that is too small, the end of a message.</param>
    /// <param name="warn">Takes what is said of classes of one image, which then stays; null refuses them.</param>
    /// <exception cref="InputException">Classes have only one image.</exception>
    public static (List<SourceSample> Kept, List<SourceSample> Drawn) Draw(
        IReadOnlyList<SourceSample> samples, IReadOnlyList<string> classNames, double share, long seed, int split, string advice = "",
        Action<string>? warn = null)
    {
        if (share <= 0) return ([.. samples], []);
        CheckSizes(samples, classNames, advice, warn);
        return Draw(samples, count => count == 1 ? 0 : Math.Clamp((int)Math.Round(count * share), 1, count - 1), seed, split);
    }

    /// <summary>Splits samples so that <paramref name="kept"/> of each class stay, or all of a smaller class; the rest is drawn.</summary>
    public static (List<SourceSample> Kept, List<SourceSample> Drawn) DrawAllBut(
        int kept, IReadOnlyList<SourceSample> samples, long seed, int split) =>
        Draw(samples, count => Math.Max(count - kept, 0), seed, split);

    /// <summary>
    /// Deals the samples of each class out to parts, one after another, and draws one part. Each sample is in one part. The parts of a
    /// class, and all parts together, differ by one sample at most.
    /// </summary>
    /// <param name="samples">All samples, labelled.</param>
    /// <param name="classNames">Names by label, for messages.</param>
    /// <param name="parts">Number of parts.</param>
    /// <param name="part">The part that is drawn, from 0 on.</param>
    /// <param name="seed">Other seeds deal in another order.</param>
    /// <param name="split">Number of the split.</param>
    /// <param name="advice">What to do about a class that is too small, the end of a message.</param>
    /// <param name="warn">Takes what is said of a class that some parts have no image of; null refuses it.</param>
    /// <exception cref="InputException">A class has fewer images than there are parts.</exception>
    public static (List<SourceSample> Kept, List<SourceSample> Drawn) DrawFold(
        IReadOnlyList<SourceSample> samples, IReadOnlyList<string> classNames, int parts, int part, long seed, int split, string advice,
        Action<string>? warn = null)
    {
        var isDrawn = new bool[samples.Count];
        var dealt = 0;
        foreach (var members in Enumerable.Range(0, samples.Count).GroupBy(i => samples[i].Label!.Value))
        {
            var indices = members.ToArray();
            if (indices.Length < parts)
            {
                var found = $"class '{classNames[members.Key]}' has {Phrases.Count(indices.Length, "image")}";
                if (warn is null)
                    throw new InputException($"{found}; at least {parts} were expected, one for each of data.folds{advice}");
                warn(found);
            }

            foreach (var i in new RandomStream(seed, RandomPurpose.Split, split, members.Key).NextPermutation(indices.Length))
                isDrawn[indices[i]] = dealt++ % parts == part;
        }

        return Divide(samples, isDrawn);
    }

    private static void CheckSizes(
        IReadOnlyList<SourceSample> samples, IReadOnlyList<string> classNames, string advice, Action<string>? warn)
    {
        const int named = 5;
        var single = samples.GroupBy(sample => sample.Label!.Value).Where(members => members.Count() == 1)
            .Select(members => members.First()).ToList();
        if (single.Count == 0) return;
        var names = string.Join(", ", single.Take(named).Select(sample => $"'{classNames[sample.Label!.Value]}'"));
        var more = single.Count > named ? $" and {single.Count - named} more" : "";
        var found = $"{(single.Count == 1 ? "class" : "classes")} {names}{more} {(single.Count == 1 ? "has" : "have")} one image left "
            + $"('{single[0].Name}') to draw a split from";
        if (warn is null)
            throw new InputException(
                $"{found}; at least 3 images of a class were expected for training, validation and test, and 2 with data.validation_from "
                + $"none{advice}");
        warn(found);
    }

    private static (List<SourceSample> Kept, List<SourceSample> Drawn) Draw(
        IReadOnlyList<SourceSample> samples, Func<int, int> countOf, long seed, int split)
    {
        var isDrawn = new bool[samples.Count];
        foreach (var members in Enumerable.Range(0, samples.Count).GroupBy(i => samples[i].Label!.Value))
        {
            var indices = members.ToArray();
            var count = countOf(indices.Length);
            var order = new RandomStream(seed, RandomPurpose.Split, split, members.Key).NextPermutation(indices.Length);
            for (var i = 0; i < count; i++) isDrawn[indices[order[i]]] = true;
        }

        return Divide(samples, isDrawn);
    }

    private static (List<SourceSample> Kept, List<SourceSample> Drawn) Divide(IReadOnlyList<SourceSample> samples, bool[] isDrawn) =>
        ([.. samples.Where((_, i) => !isDrawn[i])], [.. samples.Where((_, i) => isDrawn[i])]);
}
