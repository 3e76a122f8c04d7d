namespace Dst.Training.Objectives;

/// <summary>
/// The squared error, the loss of an auto-encoder.
/// <code>
/// L = 1/n · Σ (y − t)², over all n values of a batch        ∂L/∂y = 2/n · (y − t)
/// </code>
/// </summary>
/// <seealso cref="Dst.Training.Experiments.Recipes.PretrainOptions"/>
public static class SquaredError
{
    private const int Chunk = 1024; // short enough for float32 sums, and for the first-level cache

    /// <summary>The mean over all values; its gradient is added to <paramref name="gradient"/>.</summary>
    /// <param name="values">y.</param>
    /// <param name="targets">t, of the same length, at least 1.</param>
    /// <param name="gradient">Of the same length, added to; empty when only the value is wanted.</param>
    /// <returns>The mean, its sums of 1024 numbers added in double; NaN if a value is not finite.</returns>
    /// <exception cref="ArgumentException">Sizes do not fit together.</exception>
    public static double Mean(ReadOnlySpan<float> values, ReadOnlySpan<float> targets, Span<float> gradient)
    {
        if (values.IsEmpty || values.Length != targets.Length || !gradient.IsEmpty && gradient.Length != values.Length)
            throw new ArgumentException(
                $"{values.Length} values, {targets.Length} targets and a gradient of {gradient.Length}; equal lengths were expected");
        return Scaled(values, targets, 1.0 / values.Length, gradient);
    }

    /// <summary>scale · Σ (y − t)²; its gradient is added to <paramref name="gradient"/> unless that is empty.</summary>
    internal static double Scaled(ReadOnlySpan<float> values, ReadOnlySpan<float> targets, double scale, Span<float> gradient)
    {
        Span<float> error = stackalloc float[Chunk];
        double sum = 0;
        for (var first = 0; first < values.Length; first += Chunk)
        {
            var length = Math.Min(Chunk, values.Length - first);
            var difference = error[..length];
            values.Slice(first, length).CopyTo(difference);
            FeatureRows.AddScaled(-1, targets.Slice(first, length), difference);
            sum += FeatureRows.Dot(difference, difference);
            if (!gradient.IsEmpty) FeatureRows.AddScaled((float)(2 * scale), difference, gradient.Slice(first, length));
        }

        return scale * sum;
    }

    /// <summary>Σ x².</summary>
    internal static double SumOfSquares(ReadOnlySpan<float> values)
    {
        double sum = 0;
        for (var first = 0; first < values.Length; first += Chunk)
        {
            var chunk = values.Slice(first, Math.Min(Chunk, values.Length - first));
            sum += FeatureRows.Dot(chunk, chunk);
        }

        return sum;
    }
}
