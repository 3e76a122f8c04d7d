namespace Dst.Training.Objectives;

/// <summary>
/// Decoupled knowledge distillation (DKD): Zhao, Cui, Song, Qiu, Liang, "Decoupled Knowledge Distillation", CVPR 2022.
/// <code>
/// p = σ(z_T/τ)   q = σ(z_S/τ)   y the label   p̂, q̂ the same softmax over the other classes alone
/// TCKD = KL((p_y, 1 − p_y) ‖ (q_y, 1 − q_y))        NCKD = KL(p̂ ‖ q̂)
/// L = τ² · mean over the batch of (α · TCKD + β · NCKD)
/// ∂L/∂z_y = ατ/N · (q_y − p_y)        ∂L/∂z_j = τ/N · (α · (p_y − q_y) · q̂ⱼ + β · (q̂ⱼ − p̂ⱼ)) for j ≠ y
/// </code>
/// KD is the case α = 1, β = 1 − p_y of each image. Where the teacher is sure of the label, KD ignores what it knows of the other classes.
/// </summary>
/// <seealso cref="DistillationOptions"/>
public static class DecoupledDistillationLoss
{
    /// <summary>The loss of a batch; its gradient by the student's logits is added to <paramref name="gradient"/>.</summary>
    /// <param name="logits">Student's logits z_S, [N, K] row-major.</param>
    /// <param name="teacherLogits">Teacher's logits z_T, [N, K].</param>
    /// <param name="labels">y, [N], each 0 to K − 1.</param>
    /// <param name="classes">K, at least 2.</param>
    /// <param name="temperature">τ, above 0.</param>
    /// <param name="targetWeight">α, the weight of TCKD; value and gradient carry both weights.</param>
    /// <param name="otherWeight">β, the weight of NCKD.</param>
    /// <param name="gradient">[N, K], added to; empty when only the value is wanted.</param>
    /// <returns>The weighted mean, accumulated in double; NaN if a logit is not finite.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit together or a label is not a class.</exception>
    public static double Compute(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> teacherLogits, ReadOnlySpan<int> labels, int classes, float temperature,
        float targetWeight, float otherWeight, Span<float> gradient)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        LossArguments.Check(logits, labels.Length, classes, gradient);
        LossArguments.Check(teacherLogits, labels.Length, classes, gradient);
        double tau = temperature, alpha = targetWeight, beta = otherWeight, scale = tau * tau / labels.Length, sum = 0;
        for (var n = 0; n < labels.Length; n++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)labels[n], (uint)classes, nameof(labels));
            var student = Decoupled.Of(logits.Slice(n * classes, classes), labels[n], tau);
            var teacher = Decoupled.Of(teacherLogits.Slice(n * classes, classes), labels[n], tau);
            double p = Math.Exp(teacher.LogTarget), q = Math.Exp(student.LogTarget);
            var tckd = p * (teacher.LogTarget - student.LogTarget)
                + Math.Exp(teacher.LogOthers) * (teacher.LogOthers - student.LogOthers);
            sum += alpha * tckd;
            for (var j = 0; j < classes; j++)
            {
                if (j == labels[n]) continue;
                var logQ = logits[n * classes + j] / tau - student.Partition;
                var logP = teacherLogits[n * classes + j] / tau - teacher.Partition;
                var (pOther, qOther) = (Math.Exp(logP), Math.Exp(logQ));
                sum += beta * pOther * (logP - logQ);
                if (!gradient.IsEmpty)
                    gradient[n * classes + j] += (float)(scale / tau * (alpha * (p - q) * qOther + beta * (qOther - pOther)));
            }

            if (!gradient.IsEmpty) gradient[n * classes + labels[n]] += (float)(scale / tau * alpha * (q - p));
        }

        return scale * sum;
    }

    /// <summary>log of the label's probability, log of that of all other classes together, and the normaliser among the others.</summary>
    private readonly record struct Decoupled(double LogTarget, double LogOthers, double Partition)
    {
        public static Decoupled Of(ReadOnlySpan<float> logits, int label, double tau)
        {
            var (whole, others) = (LogPartition.Of(logits, tau), LogPartition.Of(logits, tau, except: label));
            return new(logits[label] / tau - whole, others - whole, others);
        }
    }
}
