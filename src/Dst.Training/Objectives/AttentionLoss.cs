namespace Dst.Training.Objectives;

/// <summary>
/// Attention transfer: Zagoruyko, Komodakis, "Paying More Attention to Attention: Improving the Performance of Convolutional
/// Neural Networks via Attention Transfer", ICLR 2017, in the form of its authors' code.
/// <code>
/// a(F)ₚ = Σ over the channels c of F²(c, p), one number a pixel p        q(F) = a(F) / ‖a(F)‖₂
/// L = weight · mean over the batch and the P pixels of (q(F_S) − q(F_T))²
/// ∂L/∂F_S(c, p) = 2·F_S(c, p) · (eₚ − qₚ·(e·q)) / ‖a(F_S)‖₂        with e = 2·weight/(N·P) · (q(F_S) − q(F_T))
/// </code>
/// Teacher and student may have different numbers of channels, but maps of one size. A map that is 0 everywhere stays 0 and has no
/// gradient.
/// </summary>
/// <seealso cref="DistillationOptions"/>
public static class AttentionLoss
{
    /// <summary>The loss of a batch; its gradient by the student's features is added to <paramref name="gradient"/>.</summary>
    /// <param name="features">Student's features F_S, [N, C, P] row-major.</param>
    /// <param name="teacherFeatures">Teacher's features F_T, [N, C', P].</param>
    /// <param name="images">N.</param>
    /// <param name="pixels">P = H·W of both.</param>
    /// <param name="weight">Factor of this term in a sum of losses; value and gradient carry it.</param>
    /// <param name="gradient">[N, C, P], added to; empty when only the value is wanted.</param>
    /// <returns>The weighted mean, accumulated in double; NaN if a feature is not finite.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit together.</exception>
    public static double Compute(
        ReadOnlySpan<float> features, ReadOnlySpan<float> teacherFeatures, int images, int pixels, float weight, Span<float> gradient)
    {
        LossArguments.CheckFeatures(features, teacherFeatures, images, pixels, gradient);
        int size = features.Length / images, teacherSize = teacherFeatures.Length / images;
        double scale = (double)weight / images / pixels, sum = 0;
        var (student, teacher) = (new double[pixels], new double[pixels]);
        for (var n = 0; n < images; n++)
        {
            var map = features.Slice(n * size, size);
            var norm = NormalisedAttention(map, student);
            NormalisedAttention(teacherFeatures.Slice(n * teacherSize, teacherSize), teacher);
            double projection = 0; // of the difference on the student's attention
            for (var p = 0; p < pixels; p++)
            {
                var difference = student[p] - teacher[p];
                sum += difference * difference;
                projection += difference * student[p];
            }

            if (gradient.IsEmpty || norm == 0) continue;
            var row = gradient.Slice(n * size, size);
            var factors = teacher; // the same memory: the teacher's attention is not needed any more
            for (var p = 0; p < pixels; p++) factors[p] = 4 * scale / norm * (student[p] - teacher[p] - student[p] * projection);
            for (var first = 0; first < size; first += pixels)
            {
                for (var p = 0; p < pixels; p++) row[first + p] += (float)(map[first + p] * factors[p]);
            }
        }

        return scale * sum;
    }

    /// <summary>Writes q of one image [C, P] and returns ‖a‖₂.</summary>
    private static double NormalisedAttention(ReadOnlySpan<float> map, double[] attention)
    {
        Array.Clear(attention);
        for (var first = 0; first < map.Length; first += attention.Length)
        {
            for (var p = 0; p < attention.Length; p++) attention[p] += (double)map[first + p] * map[first + p];
        }

        var squares = 0.0;
        foreach (var a in attention) squares += a * a;
        var norm = Math.Sqrt(squares);
        if (norm != 0) for (var p = 0; p < attention.Length; p++) attention[p] /= norm;
        return norm;
    }
}
