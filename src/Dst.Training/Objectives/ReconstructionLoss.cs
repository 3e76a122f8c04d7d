namespace Dst.Training.Objectives;

/// <summary>
/// Feature reconstruction: the squared error of a layer, relative to the size of what it should give. Layers of any width and scale then
/// have errors of one size, so that one weight fits them all.
/// <code>
/// L = weight · Σ (F_S − F_T)² / Σ F_T², both sums over the batch        ∂L/∂F_S = 2·weight / Σ F_T² · (F_S − F_T)
/// </code>
/// A layer that gives 0 everywhere has no error.
/// </summary>
/// <seealso cref="PrunedDistillationOptions"/>
public static class ReconstructionLoss
{
    /// <summary>The loss of a batch; its gradient by the student's features is added to <paramref name="gradient"/>.</summary>
    /// <param name="features">Student's features F_S, [N, C, H, W].</param>
    /// <param name="teacherFeatures">Teacher's features F_T, of the same shape.</param>
    /// <param name="weight">Factor of this term in a sum of losses; value and gradient carry it.</param>
    /// <param name="gradient">Of the same shape, added to; empty when only the value is wanted.</param>
    /// <returns>The weighted error, its sums of 1024 numbers added in double; NaN if a feature is not finite.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit together.</exception>
    public static double Compute(
        ReadOnlySpan<float> features, ReadOnlySpan<float> teacherFeatures, float weight, Span<float> gradient)
    {
        if (features.Length != teacherFeatures.Length || !gradient.IsEmpty && gradient.Length != features.Length)
            throw new ArgumentException(
                $"{features.Length} features, {teacherFeatures.Length} of the teacher and a gradient of {gradient.Length}; "
                + "equal lengths were expected");
        var scale = weight / SquaredError.SumOfSquares(teacherFeatures);
        return double.IsInfinity(scale) ? 0 : SquaredError.Scaled(features, teacherFeatures, scale, gradient);
    }
}
