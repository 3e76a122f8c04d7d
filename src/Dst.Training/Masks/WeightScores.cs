namespace Dst.Training.Masks;

/// <summary>
/// Importance of each weight of a layer; a candidate's score is the sum over its weights.
/// <code>
/// l1: |w|        l2: w²        taylor: |w·g|, g the gradient of the loss averaged over batches
/// </code>
/// Taylor's is the first-order estimate of how much the loss changes when the weight is dropped: Molchanov et al., "Pruning
/// Convolutional Neural Networks for Resource Efficient Inference", ICLR 2017.
/// </summary>
/// <seealso cref="UhpPruner"/>
public static class WeightScores
{
    /// <summary>The scores of one layer's weights, at least 0, in the layout of <paramref name="weight"/>.</summary>
    /// <param name="score">The measure of importance.</param>
    /// <param name="weight">[O, I, Kh, Kw], finite.</param>
    /// <param name="gradient">The mean gradient of each weight; needed by <see cref="PruningScore.Taylor"/> alone.</param>
    /// <exception cref="ArgumentException">Taylor's score without a gradient, or one of another length.</exception>
    public static Tensor Of(PruningScore score, Tensor weight, ReadOnlySpan<float> gradient)
    {
        if (score == PruningScore.Taylor && gradient.Length != weight.Data.Length)
            throw new ArgumentException($"a gradient of {gradient.Length} for {weight.Data.Length} weights", nameof(gradient));
        var scores = new float[weight.Data.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            var w = weight.Data[i];
            scores[i] = score switch
            {
                PruningScore.L1 or PruningScore.Obs => Math.Abs(w),
                PruningScore.L2 => w * w,
                PruningScore.Taylor => Math.Abs(w * gradient[i]),
                _ => throw new ArgumentOutOfRangeException(nameof(score), score, "unknown score"),
            };
        }

        return new(weight.Shape, scores);
    }
}
