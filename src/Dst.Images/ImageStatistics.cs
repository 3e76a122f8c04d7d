namespace Dst.Images;

/// <summary>Mean and standard deviation of pixel values, from sums in double precision.</summary>
internal static class ImageStatistics
{
    /// <summary>Mean and deviation of all values of one input; a constant input gets the deviation 1.</summary>
    public static (float Mean, float Deviation) Of(ReadOnlySpan<float> image)
    {
        var (sum, squares) = Sum(image);
        return Of(sum, squares, image.Length);
    }

    /// <summary>Mean and deviation of <paramref name="count"/> values from their sums; the deviation is 1 if they do not vary.</summary>
    public static (float Mean, float Deviation) Of(double sum, double squares, double count)
    {
        var mean = sum / count;
        var variance = squares / count - mean * mean;
        return ((float)mean, variance > 1e-12 ? (float)Math.Sqrt(variance) : 1);
    }

    /// <summary>Sums of the values and of their squares.</summary>
    public static (double Sum, double Squares) Sum(ReadOnlySpan<float> values)
    {
        var (sum, squares) = (0.0, 0.0);
        foreach (var value in values) (sum, squares) = (sum + value, squares + (double)value * value);
        return (sum, squares);
    }
}
