namespace Dst.Training.Objectives;

/// <summary>
/// Cross-entropy with label smoothing: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016.
/// Each class may have a weight w.
/// <code>
/// q = (1 − ε)·onehot(y) + ε/K
/// L = weight · mean over the batch of −w_y·Σⱼ qⱼ log σ(z)ⱼ        ∂L/∂z = weight·w_y/N · (σ(z) − q)
/// </code>
/// </summary>
/// <seealso cref="DistillationOptions"/>
public static class CrossEntropy
{
    /// <summary>The loss of a batch; its gradient is added to <paramref name="gradient"/>.</summary>
    /// <param name="logits">z, [N, K] row-major.</param>
    /// <param name="labels">y, [N], each 0 to K − 1.</param>
    /// <param name="classes">K.</param>
    /// <param name="labelSmoothing">ε in [0, 1]; 0 is the plain cross-entropy.</param>
    /// <param name="weight">Factor of this term in a sum of losses; value and gradient carry it.</param>
    /// <param name="gradient">[N, K], added to; empty when only the value is wanted.</param>
    /// <param name="classWeights">w, [K]; empty for 1 each.</param>
    /// <returns>The weighted mean, accumulated in double; NaN or infinite if a logit is.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit together or a label is not a class.</exception>
    public static double Compute(
        ReadOnlySpan<float> logits, ReadOnlySpan<int> labels, int classes, float labelSmoothing, float weight, Span<float> gradient,
        ReadOnlySpan<float> classWeights = default)
    {
        LossArguments.Check(logits, labels.Length, classes, gradient);
        if (!classWeights.IsEmpty && classWeights.Length != classes)
            throw new ArgumentException($"{classWeights.Length} weights; one for each of {classes} classes was expected");
        double scale = (double)weight / labels.Length, peak = 1 - (double)labelSmoothing, floor = (double)labelSmoothing / classes, sum = 0;
        for (var n = 0; n < labels.Length; n++)
        {
            var z = logits.Slice(n * classes, classes);
            var logPartition = LogPartition.Of(z, temperature: 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)labels[n], (uint)classes, nameof(labels));
            var w = classWeights.IsEmpty ? 1.0 : classWeights[labels[n]];
            sum += w * peak * (logPartition - z[labels[n]]);
            if (floor > 0) foreach (var value in z) sum += w * floor * (logPartition - value);
            if (gradient.IsEmpty) continue;
            var row = gradient.Slice(n * classes, classes);
            for (var j = 0; j < classes; j++)
            {
                var target = floor + (j == labels[n] ? peak : 0);
                row[j] += (float)(scale * w * (Math.Exp(z[j] - logPartition) - target));
            }
        }

        return scale * sum;
    }
}
