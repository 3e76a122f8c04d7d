using System.Buffers;

namespace Dst.Training.Objectives;

/// <summary>
/// Hints: Romero, Ballas, Kahou, Chassang, Gatta, Bengio, "FitNets: Hints for Thin Deep Nets", ICLR 2015.
/// <code>
/// R(F_S) = W · F_S at each pixel, W [C_T, C_S] a trained 1×1 convolution; R(F_S) = F_S where both have the same channels
/// L = weight · mean over the batch, the teacher's channels and the pixels of (R(F_S) − F_T)²
/// e = 2·weight/(N·C_T·P) · (R(F_S) − F_T)        ∂L/∂F_S = Wᵀ·e        ∂L/∂W = Σ over the batch of e·F_Sᵀ
/// </code>
/// Teacher and student have maps of one size.
/// </summary>
/// <seealso cref="DistillationOptions"/>
public static class HintLoss
{
    /// <summary>The loss of a batch; its gradients by the student's features and by the projection are added to the arrays given.</summary>
    /// <param name="features">Student's features F_S, [N, C_S, P] row-major.</param>
    /// <param name="teacherFeatures">Teacher's features F_T, [N, C_T, P].</param>
    /// <param name="projection">W, [C_T, C_S]; empty for none, when C_S = C_T.</param>
    /// <param name="images">N.</param>
    /// <param name="pixels">P = H·W of both.</param>
    /// <param name="weight">Factor of this term in a sum of losses; value and gradients carry it.</param>
    /// <param name="gradient">[N, C_S, P], added to; empty when only the value is wanted.</param>
    /// <param name="projectionGradient">[C_T, C_S], added to; empty without a projection or when only the value is wanted.</param>
    /// <returns>The weighted mean; NaN if a feature is not finite.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit together.</exception>
    public static double Compute(
        ReadOnlySpan<float> features, ReadOnlySpan<float> teacherFeatures, ReadOnlySpan<float> projection, int images, int pixels,
        float weight, Span<float> gradient, Span<float> projectionGradient)
    {
        LossArguments.CheckFeatures(features, teacherFeatures, images, pixels, gradient);
        int size = features.Length / images, teacherSize = teacherFeatures.Length / images;
        int channels = size / pixels, teacherChannels = teacherSize / pixels;
        if (projection.IsEmpty ? channels != teacherChannels : projection.Length != channels * teacherChannels)
            throw new ArgumentException($"a projection of {projection.Length} from {channels} to {teacherChannels} channels");
        if (!projectionGradient.IsEmpty && projectionGradient.Length != projection.Length)
            throw new ArgumentException($"a gradient of {projectionGradient.Length} for a projection of {projection.Length}");

        var rented = ArrayPool<float>.Shared.Rent(teacherSize);
        var error = rented.AsSpan(0, teacherSize); // e of one image, [C_T, P]
        double scale = (double)weight / images / teacherSize, sum = 0;
        for (var n = 0; n < images; n++)
        {
            var student = features.Slice(n * size, size);
            Project(student, projection, pixels, error);
            var teacher = teacherFeatures.Slice(n * teacherSize, teacherSize);
            for (var i = 0; i < error.Length; i++)
            {
                var difference = error[i] - teacher[i];
                sum += (double)difference * difference;
                error[i] = (float)(2 * scale * difference);
            }

            if (!gradient.IsEmpty) ProjectBack(error, projection, pixels, gradient.Slice(n * size, size));
            for (var w = 0; w < projectionGradient.Length; w++)
                projectionGradient[w] += FeatureRows.Dot(
                    error.Slice(w / channels * pixels, pixels), student.Slice(w % channels * pixels, pixels));
        }

        ArrayPool<float>.Shared.Return(rented);
        return scale * sum;
    }

    private static void Project(ReadOnlySpan<float> features, ReadOnlySpan<float> projection, int pixels, Span<float> destination)
    {
        if (projection.IsEmpty)
        {
            features.CopyTo(destination);
            return;
        }

        var channels = features.Length / pixels;
        destination.Clear();
        for (var w = 0; w < projection.Length; w++)
            FeatureRows.AddScaled(
                projection[w], features.Slice(w % channels * pixels, pixels), destination.Slice(w / channels * pixels, pixels));
    }

    private static void ProjectBack(ReadOnlySpan<float> error, ReadOnlySpan<float> projection, int pixels, Span<float> gradient)
    {
        if (projection.IsEmpty) FeatureRows.AddScaled(1, error, gradient);
        var channels = gradient.Length / pixels;
        for (var w = 0; w < projection.Length; w++)
            FeatureRows.AddScaled(projection[w], error.Slice(w / channels * pixels, pixels), gradient.Slice(w % channels * pixels, pixels));
    }
}
