namespace Dst.Training.Losses;

/// <summary>The sizes that every loss expects.</summary>
internal static class LossArguments
{
    /// <summary>Checks that logits are [rows, classes] and that the gradient is of that size, or empty for "value only".</summary>
    /// <exception cref="ArgumentException">They are not.</exception>
    public static void Check(ReadOnlySpan<float> logits, int rows, int classes, ReadOnlySpan<float> gradient)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (logits.Length != (long)rows * classes) throw new ArgumentException($"{logits.Length} logits; {rows} rows of {classes} were expected");
        if (!gradient.IsEmpty && gradient.Length != logits.Length) throw new ArgumentException($"a gradient of {gradient.Length} for {logits.Length} logits");
    }
}
