using Dst.Foundations;

namespace Dst.Training.Data;

/// <summary>Draws the same share of every class at random.</summary>
internal static class StratifiedSplit
{
    /// <summary>Splits samples into those that stay and those drawn, both in their old order.</summary>
    /// <param name="samples">All samples.</param>
    /// <param name="classNames">Names by label, for messages.</param>
    /// <param name="share">Share of each class that is drawn, rounded, at least one and never all; 0 draws none.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="split">Number of the split, so that two splits of a run do not share their random numbers.</param>
    /// <exception cref="InputException">A class has only one image.</exception>
    public static (List<SourceSample> Kept, List<SourceSample> Drawn) Draw(
        IReadOnlyList<SourceSample> samples, IReadOnlyList<string> classNames, double share, long seed, int split)
    {
        var isDrawn = new bool[samples.Count];
        foreach (var members in share > 0 ? Enumerable.Range(0, samples.Count).GroupBy(i => samples[i].Label) : [])
        {
            var indices = members.ToArray();
            if (indices.Length < 2)
                throw new InputException(
                    $"class '{classNames[members.Key]}' has one image ('{samples[indices[0]].Name}'); "
                    + "at least 2 are needed to split the data");
            var count = Math.Clamp((int)Math.Round(indices.Length * share), 1, indices.Length - 1);
            var order = new RandomStream(seed, RandomPurpose.Split, split, members.Key).NextPermutation(indices.Length);
            for (var i = 0; i < count; i++) isDrawn[indices[order[i]]] = true;
        }

        var kept = samples.Where((_, i) => !isDrawn[i]).ToList();
        var drawn = samples.Where((_, i) => isDrawn[i]).ToList();
        return (kept, drawn);
    }
}
