namespace Dst.Training.Objectives;

/// <summary>
/// DIST: Huang, You, Wang, Qian, Xu, "Knowledge Distillation from A Stronger Teacher", NeurIPS 2022.
/// <code>
/// p = σ(z_S/τ)   q = σ(z_T/τ), both [N, K]        ρ(x, y) = x̃·ỹ / (‖x̃‖ ‖ỹ‖), x̃ = x − mean of x: Pearson's correlation
/// L = τ² · (β · (1 − mean over the images n of ρ(p_n·, q_n·)) + γ · (1 − mean over the classes k of ρ(p_·k, q_·k)))
/// ∂ρ/∂x = (ỹ/‖ỹ‖ − ρ · x̃/‖x̃‖) / ‖x̃‖        ∂L/∂z = p/τ · (g − Σ over the classes of g·p), g = ∂L/∂p
/// </code>
/// The student must rank the classes of an image, and the images of a class, as the teacher does; how sure it is does not count. The
/// second term compares the images of a batch, so the loss is not a mean of losses of images. What is the same everywhere, as in a batch
/// of one image, has no correlation: ρ = 0, without a gradient.
/// </summary>
/// <seealso cref="DistillationOptions"/>
public static class DistLoss
{
    private const double LeastDeviation = 1e-6; // as a share of the mean: what float32 logits can tell

    /// <summary>The loss of a batch; its gradient by the student's logits is added to <paramref name="gradient"/>.</summary>
    /// <param name="logits">Student's logits z_S, [N, K] row-major.</param>
    /// <param name="teacherLogits">Teacher's logits z_T, [N, K].</param>
    /// <param name="classes">K.</param>
    /// <param name="temperature">τ, above 0.</param>
    /// <param name="interClass">β, the weight of the correlation over the classes; value and gradient carry both weights.</param>
    /// <param name="intraClass">γ, the weight of the correlation over the images.</param>
    /// <param name="gradient">[N, K], added to; empty when only the value is wanted.</param>
    /// <returns>The weighted loss, accumulated in double; NaN if a logit is not finite.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit together.</exception>
    public static double Compute(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> teacherLogits, int classes, float temperature, float interClass, float intraClass,
        Span<float> gradient)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        var images = teacherLogits.Length / classes;
        LossArguments.Check(logits, images, classes, gradient);
        LossArguments.Check(teacherLogits, images, classes, gradient);
        double scale = (double)temperature * temperature, perImage = scale * interClass / images, perClass = scale * intraClass / classes;
        var (p, q) = (Softmax(logits, classes, temperature), Softmax(teacherLogits, classes, temperature));
        var g = new double[p.Length];
        var loss = scale * ((double)interClass + intraClass);
        for (var n = 0; n < images; n++) loss -= perImage * Correlate(p, q, n * classes, stride: 1, classes, perImage, g);
        for (var k = 0; k < classes; k++) loss -= perClass * Correlate(p, q, k, stride: classes, images, perClass, g);
        if (!gradient.IsEmpty) AddThroughSoftmax(p, g, classes, temperature, gradient);
        return loss;
    }

    /// <summary>ρ of one row or column of p and q; −weight · ∂ρ/∂p is added to <paramref name="gradient"/>.</summary>
    private static double Correlate(double[] p, double[] q, int first, int stride, int count, double weight, double[] gradient)
    {
        var (meanP, normP) = Moments(p, first, stride, count);
        var (meanQ, normQ) = Moments(q, first, stride, count);
        var least = LeastDeviation * Math.Sqrt(count);
        if (normP <= least * meanP || normQ <= least * meanQ) return 0;
        double product = 0;
        for (int i = 0, at = first; i < count; i++, at += stride) product += (p[at] - meanP) * (q[at] - meanQ);
        var correlation = product / (normP * normQ);
        for (int i = 0, at = first; i < count; i++, at += stride)
            gradient[at] -= weight * ((q[at] - meanQ) / normQ - correlation * (p[at] - meanP) / normP) / normP;
        return correlation;
    }

    /// <summary>The mean x̄ and ‖x − x̄‖.</summary>
    private static (double Mean, double Norm) Moments(double[] values, int first, int stride, int count)
    {
        double sum = 0, squares = 0;
        for (int i = 0, at = first; i < count; i++, at += stride) sum += values[at];
        var mean = sum / count;
        for (int i = 0, at = first; i < count; i++, at += stride) squares += (values[at] - mean) * (values[at] - mean);
        return (mean, Math.Sqrt(squares));
    }

    private static double[] Softmax(ReadOnlySpan<float> logits, int classes, double temperature)
    {
        var probabilities = new double[logits.Length];
        for (var first = 0; first < logits.Length; first += classes)
        {
            var partition = LogPartition.Of(logits.Slice(first, classes), temperature);
            for (var j = first; j < first + classes; j++) probabilities[j] = Math.Exp(logits[j] / temperature - partition);
        }

        return probabilities;
    }

    /// <summary>Adds ∂L/∂z, of <paramref name="p"/> = σ(z/τ) and <paramref name="g"/> = ∂L/∂p, to a gradient.</summary>
    private static void AddThroughSoftmax(double[] p, double[] g, int classes, double temperature, Span<float> gradient)
    {
        for (var first = 0; first < p.Length; first += classes)
        {
            double along = 0;
            for (var j = first; j < first + classes; j++) along += g[j] * p[j];
            for (var j = first; j < first + classes; j++) gradient[j] += (float)(p[j] / temperature * (g[j] - along));
        }
    }
}
