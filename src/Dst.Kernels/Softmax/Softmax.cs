namespace Dst.Kernels;

/// <summary>Softmax over rows of plain values.</summary>
public static class Softmax
{
    /// <summary>p = exp(z − max z) / Σ exp(z − max z) for each row, with the sum in double.</summary>
    /// <param name="logits">[rows, classes], finite.</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="probabilities">[rows, classes]; may be <paramref name="logits"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="classes"/> is below 1, or a length does not match it.</exception>
    public static void Forward(ReadOnlySpan<float> logits, int classes, Span<float> probabilities)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (logits.Length % classes != 0) throw new ArgumentException($"{logits.Length} logits are not rows of {classes}", nameof(logits));
        Check.Length<float>(probabilities, logits.Length);
        for (var first = 0; first < logits.Length; first += classes) Row(logits.Slice(first, classes), probabilities.Slice(first, classes));
    }

    /// <summary>dz = p · (dp − Σ dp·p) for each row, with the sum in double.</summary>
    /// <param name="probabilities">p [rows, classes] of <see cref="Forward"/>.</param>
    /// <param name="gradient">dp [rows, classes].</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="logitGradient">dz [rows, classes]; may be <paramref name="gradient"/>.</param>
    /// <param name="accumulate">Adds to <paramref name="logitGradient"/> rather than overwrites it.</param>
    /// <exception cref="ArgumentException"><paramref name="classes"/> is below 1, or a length does not match it.</exception>
    public static void Backward(
        ReadOnlySpan<float> probabilities, ReadOnlySpan<float> gradient, int classes, Span<float> logitGradient, bool accumulate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (probabilities.Length % classes != 0)
            throw new ArgumentException($"{probabilities.Length} probabilities are not rows of {classes}", nameof(probabilities));
        Check.Length(gradient, probabilities.Length);
        Check.Length<float>(logitGradient, probabilities.Length);
        for (var first = 0; first < probabilities.Length; first += classes)
            BackwardRow(
                probabilities.Slice(first, classes), gradient.Slice(first, classes), logitGradient.Slice(first, classes), accumulate);
    }

    private static void Row(ReadOnlySpan<float> logits, Span<float> probabilities)
    {
        var largest = float.NegativeInfinity;
        foreach (var z in logits) largest = Math.Max(largest, z);
        var sum = 0.0;
        for (var i = 0; i < logits.Length; i++)
        {
            probabilities[i] = MathF.Exp(logits[i] - largest);
            sum += probabilities[i];
        }

        var scale = (float)(1 / sum);
        for (var i = 0; i < probabilities.Length; i++) probabilities[i] *= scale;
    }

    private static void BackwardRow(ReadOnlySpan<float> p, ReadOnlySpan<float> dp, Span<float> dz, bool accumulate)
    {
        var sum = 0.0;
        for (var i = 0; i < p.Length; i++) sum += (double)dp[i] * p[i];
        for (var i = 0; i < p.Length; i++) dz[i] = (float)(p[i] * (dp[i] - sum)) + (accumulate ? dz[i] : 0);
    }
}
