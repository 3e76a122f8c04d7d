namespace Dst.Training.Objectives;

/// <summary>
/// Standardised logits for distillation: Sun, Ren, Li, Wang, Cao, "Logit Standardization in Knowledge Distillation", CVPR 2024.
/// <code>
/// μ = mean of z   d = √(mean of (z − μ)² + ε²)        Z(z)ⱼ = (zⱼ − μ) / d        then KD or DKD of Z(z_S) and Z(z_T) at temperature τ
/// ∂L/∂zⱼ = (gⱼ − mean of g − Zⱼ · mean of g·Z) / d        with g = ∂L/∂Z
/// </code>
/// The student's logits need not be as large as the teacher's; only their relative values count.
/// Mean and deviation are over the K classes of one image; ε = 10⁻⁷.
/// </summary>
/// <seealso cref="DistillationOptions"/>
public static class LogitStandardisation
{
    private const double Epsilon = 1e-7;

    /// <summary>Writes Z(z) of each row.</summary>
    /// <param name="logits">z, [N, K] row-major.</param>
    /// <param name="classes">K.</param>
    /// <param name="destination">[N, K].</param>
    /// <exception cref="ArgumentException">Sizes do not fit together.</exception>
    public static void Apply(ReadOnlySpan<float> logits, int classes, Span<float> destination)
    {
        LossArguments.Check(logits, logits.Length / Math.Max(classes, 1), classes, destination);
        for (var first = 0; first < logits.Length; first += classes)
        {
            var (mean, deviation) = Moments(logits.Slice(first, classes));
            for (var j = first; j < first + classes; j++) destination[j] = (float)((logits[j] - mean) / deviation);
        }
    }

    /// <summary>Carries a gradient by Z(z) back to z.</summary>
    /// <param name="logits">z, [N, K] row-major.</param>
    /// <param name="standardisedGradient">g, [N, K].</param>
    /// <param name="classes">K.</param>
    /// <param name="gradient">[N, K], added to.</param>
    /// <exception cref="ArgumentException">Sizes do not fit together.</exception>
    public static void Backward(ReadOnlySpan<float> logits, ReadOnlySpan<float> standardisedGradient, int classes, Span<float> gradient)
    {
        LossArguments.Check(logits, logits.Length / Math.Max(classes, 1), classes, gradient);
        LossArguments.Check(standardisedGradient, logits.Length / classes, classes, gradient);
        for (var first = 0; first < logits.Length; first += classes)
        {
            var (mean, deviation) = Moments(logits.Slice(first, classes));
            double sum = 0, product = 0;
            for (var j = first; j < first + classes; j++)
            {
                sum += standardisedGradient[j];
                product += standardisedGradient[j] * (logits[j] - mean) / deviation;
            }

            for (var j = first; j < first + classes; j++)
            {
                var z = (logits[j] - mean) / deviation;
                gradient[j] += (float)((standardisedGradient[j] - sum / classes - z * product / classes) / deviation);
            }
        }
    }

    private static (double Mean, double Deviation) Moments(ReadOnlySpan<float> row)
    {
        double sum = 0, squares = 0;
        foreach (var z in row) sum += z;
        var mean = sum / row.Length;
        foreach (var z in row) squares += (z - mean) * (z - mean);
        return (mean, Math.Sqrt(squares / row.Length + Epsilon * Epsilon));
    }
}
