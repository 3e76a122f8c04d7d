namespace Dst.Training.Data;

/// <summary>
/// Which values a picture shows as black and as white. Samples of 8 bits: 0 and 1. Floats: the smallest and the largest. Samples of 16
/// bits: 0 and 1. If 98 % of them are in the lowest quarter, as reflectances are, it is the values that 2 % are below and 2 % above, or
/// the smallest and the largest if these are equal.
/// </summary>
internal static class Contrast
{
    private const double Tail = 0.02;
    private const float SmallRange = 0.25f;

    /// <summary>Black and white for some values of an image or several, which are put into another order.</summary>
    /// <param name="bitsPerSample">Bits of a sample of the image file.</param>
    /// <param name="values">At least one.</param>
    public static (float Black, float White) Of(int bitsPerSample, Span<float> values)
    {
        if (bitsPerSample == 8) return (0, 1);
        values.Sort();
        if (bitsPerSample != 16) return (values[0], values[^1]);
        var tail = (int)(Tail * values.Length);
        var (low, high) = (values[tail], values[^(tail + 1)]);
        if (high >= SmallRange) return (0, 1);
        return high > low ? (low, high) : (values[0], values[^1]); // bright points on a dark ground
    }
}
