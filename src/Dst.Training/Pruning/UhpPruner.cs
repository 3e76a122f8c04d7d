using Dst.Runtime;

namespace Dst.Training.Pruning;

/// <summary>
/// Uniformity half-pruning (UHP): Xiao et al., "Distillation Sparsity Training Algorithm for Accelerating Convolutional Neural
/// Networks in Embedded Systems", 2023, in the form of docs/method.md.
/// <code>
/// score(b, c) = Σ |w| over the filters of block b and the weights of candidate c; of each run of `group` candidates the better half stays
/// </code>
/// </summary>
public static class UhpPruner
{
    /// <summary>Chooses what is kept of one convolution; the weight itself is not changed.</summary>
    /// <param name="weight">[O, I, Kh, Kw], finite.</param>
    /// <param name="pattern">Unit, block and group.</param>
    /// <returns>A mask that keeps exactly ⌈m/2⌉ candidates of each run of m, for each block of filters; ties go to the lower index.</returns>
    /// <exception cref="ArgumentException">The weight has not four dimensions.</exception>
    public static LayerMask Prune(Tensor weight, UhpPattern pattern)
    {
        if (weight.Shape.Length != 4) throw new ArgumentException($"a weight with {weight.Shape.Length} dimensions; [O, I, Kh, Kw] was expected", nameof(weight));
        var row = weight.Shape[1] * weight.Shape[2] * weight.Shape[3];
        var size = pattern.Unit == PruningUnit.Kernel ? weight.Shape[2] * weight.Shape[3] : 1;
        var candidates = row / size;
        var blocks = (weight.Shape[0] + pattern.Block - 1) / pattern.Block;
        var kept = new bool[blocks * candidates];
        var scores = new double[candidates];
        for (var block = 0; block < blocks; block++)
        {
            var first = block * pattern.Block * row;
            var filters = weight.Data.AsSpan(first, Math.Min(pattern.Block * row, weight.Data.Length - first));
            Score(filters, row, size, scores);
            for (var start = 0; start < candidates; start += pattern.Group)
            {
                var length = Math.Min(pattern.Group, candidates - start);
                TopScores.Keep(scores.AsSpan(start, length), UhpPattern.KeptOf(length), kept.AsSpan(block * candidates + start, length));
            }
        }

        return new(weight.Shape, pattern.Unit, pattern.Block, pattern.Group, kept);
    }

    /// <summary>Σ |w| of each candidate over the rows of one block.</summary>
    private static void Score(ReadOnlySpan<float> filters, int row, int size, Span<double> scores)
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
