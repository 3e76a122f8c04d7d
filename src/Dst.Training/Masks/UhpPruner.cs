using Dst.Kernels;
using Dst.Masks;

namespace Dst.Training.Masks;

/// <summary>
/// Uniformity half-pruning (UHP): Xiao et al., "Distillation Sparsity Training Algorithm for Accelerating Convolutional Neural
/// Networks in Embedded Systems", 2023, in the form of docs/method.md.
/// <code>
/// score(b, c) = Σ |w| over the filters of block b and the weights of candidate c; of each run of `group` candidates the best `keep` stay
/// </code>
/// </summary>
/// <example>
/// <code>
/// var model = Model.Load("dense.safetensors");
/// var mask = UhpPruner.Prune(model.Parameters["layer1.0.conv1.weight"], UhpPattern.Parse("kernel:16:16"));
/// Console.WriteLine($"{mask.KeptWeights} weights are kept");
/// </code>
/// </example>
public static class UhpPruner
{
    /// <summary>Chooses what is kept of one convolution.</summary>
    /// <param name="weight">[O, I, Kh, Kw], finite: the weight itself, or its <see cref="WeightScores"/>; not changed.</param>
    /// <param name="pattern">Unit, block, group and how many are kept.</param>
    /// <param name="progress">Share of the pruning that is done, 0 to 1: gradual pruning keeps more on its way.</param>
    /// <returns>
    /// A mask that keeps the same number of each run of m candidates, for each block of filters: <see cref="KeptOf"/>.
    /// Ties go to the lower index.
    /// </returns>
    /// <exception cref="ArgumentException">The weight does not have four dimensions.</exception>
    public static LayerMask Prune(Tensor weight, UhpPattern pattern, double progress = 1)
    {
        if (weight.Shape.Length != 4)
            throw new ArgumentException($"a weight with {weight.Shape.Length} dimensions; [O, I, Kh, Kw] was expected", nameof(weight));
        var row = weight.Shape[1] * weight.Shape[2] * weight.Shape[3];
        var size = pattern.WeightsPerCandidate(weight.Shape);
        var candidates = row / size;
        var blocks = Layout.CeilDiv(weight.Shape[0], pattern.Block);
        var kept = new bool[blocks * candidates];
        var scores = new double[candidates];
        for (var block = 0; block < blocks; block++)
        {
            var first = block * pattern.Block * row;
            var filters = weight.Data.AsSpan(first, Math.Min(pattern.Block * row, weight.Data.Length - first));
            ScoreCandidates(filters, row, size, scores);
            for (var start = 0; start < candidates; start += pattern.Group)
            {
                var length = Math.Min(pattern.Group, candidates - start);
                var run = kept.AsSpan(block * candidates + start, length);
                TopScores.Keep(scores.AsSpan(start, length), KeptOf(pattern, length, progress), run);
            }
        }

        return new(weight.Shape, pattern, kept);
    }

    /// <summary>
    /// How many candidates of a run are kept when a share of the pruning is done: what the pattern says at the end, and more before.
    /// </summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="length">Candidates of the run.</param>
    /// <param name="progress">Share of the pruning that is done, 0 to 1.</param>
    public static int KeptOf(UhpPattern pattern, int length, double progress) =>
        length - (int)Math.Round((length - pattern.KeptOf(length)) * progress, MidpointRounding.AwayFromZero);

    /// <summary>Σ |w| of each candidate over the filters of one block.</summary>
    /// <param name="filters">Their weights, [filters, row].</param>
    /// <param name="row">Weights of a filter.</param>
    /// <param name="size">Weights of a candidate in a filter.</param>
    /// <param name="scores">Result, one for each candidate.</param>
    internal static void ScoreCandidates(ReadOnlySpan<float> filters, int row, int size, Span<double> scores)
    {
        scores.Clear();
        for (; !filters.IsEmpty; filters = filters[row..])
        {
            for (var candidate = 0; candidate < scores.Length; candidate++)
            {
                foreach (var w in filters.Slice(candidate * size, size)) scores[candidate] += Math.Abs((double)w);
            }
        }
    }
}
