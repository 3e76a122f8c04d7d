namespace Dst.Training.Objectives;

/// <summary>The sizes that every loss expects.</summary>
internal static class LossArguments
{
    /// <summary>Checks that logits are [rows, classes] and that the gradient has that size, or is empty for the value alone.</summary>
    /// <exception cref="ArgumentException">They are not.</exception>
    public static void Check(ReadOnlySpan<float> logits, int rows, int classes, ReadOnlySpan<float> gradient)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (logits.Length != (long)rows * classes)
            throw new ArgumentException($"{logits.Length} logits; {rows} rows of {classes} were expected");
        if (!gradient.IsEmpty && gradient.Length != logits.Length)
            throw new ArgumentException($"a gradient of {gradient.Length} for {logits.Length} logits");
    }

    /// <summary>
    /// Checks that student's and teacher's features are [images, channels, pixels], each with its own channels, and that the gradient
    /// has the student's size or is empty.
    /// </summary>
    /// <exception cref="ArgumentException">They are not.</exception>
    public static void CheckFeatures(
        ReadOnlySpan<float> features, ReadOnlySpan<float> teacherFeatures, int images, int pixels, ReadOnlySpan<float> gradient)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pixels, 1);
        var channel = (long)images * pixels;
        if (features.IsEmpty || teacherFeatures.IsEmpty || features.Length % channel != 0 || teacherFeatures.Length % channel != 0)
            throw new ArgumentException(
                $"{features.Length} and {teacherFeatures.Length} features; "
                + $"whole channels of {images} images of {pixels} pixels were expected");
        if (!gradient.IsEmpty && gradient.Length != features.Length)
            throw new ArgumentException($"a gradient of {gradient.Length} for {features.Length} features");
    }
}
