namespace Dst.Training.Objectives;

/// <summary>
/// The soft-target term of knowledge distillation: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015.
/// <code>
/// p = σ(z_T/τ)   q = σ(z_S/τ)
/// L = weight · τ² · mean over the batch of Σⱼ pⱼ (log pⱼ − log qⱼ)        ∂L/∂z_S = weight · τ/N · (q − p)
/// </code>
/// τ² keeps the gradient's size independent of τ.
/// </summary>
/// <seealso cref="DistillationOptions"/>
public static class DistillationLoss
{
    /// <summary>The loss of a batch; its gradient by the student's logits is added to <paramref name="gradient"/>.</summary>
    /// <param name="logits">Student's logits z_S, [N, K] row-major.</param>
    /// <param name="teacherLogits">Teacher's logits z_T, [N, K].</param>
    /// <param name="classes">K.</param>
    /// <param name="temperature">τ, above 0.</param>
    /// <param name="weight">Factor of this term in a sum of losses; value and gradient carry it.</param>
    /// <param name="gradient">[N, K], added to; empty when only the value is wanted.</param>
    /// <returns>The weighted mean, accumulated in double; NaN if a logit is not finite.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit together.</exception>
    public static double Compute(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> teacherLogits, int classes, float temperature, float weight, Span<float> gradient)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        var rows = teacherLogits.Length / classes;
        LossArguments.Check(logits, rows, classes, gradient);
        LossArguments.Check(teacherLogits, rows, classes, gradient);
        double tau = temperature, scale = weight * tau * tau / rows, sum = 0;
        for (var first = 0; first < logits.Length; first += classes)
        {
            var student = logits.Slice(first, classes);
            var teacher = teacherLogits.Slice(first, classes);
            var studentPartition = LogPartition.Of(student, tau);
            var teacherPartition = LogPartition.Of(teacher, tau);
            for (var j = 0; j < classes; j++)
            {
                var logQ = student[j] / tau - studentPartition;
                var logP = teacher[j] / tau - teacherPartition;
                var p = Math.Exp(logP);
                sum += p * (logP - logQ);
                if (!gradient.IsEmpty) gradient[first + j] += (float)(scale / tau * (Math.Exp(logQ) - p));
            }
        }

        return scale * sum;
    }
}
