using System.Globalization;

namespace Dst.Report.Runs;

/// <summary>Mean and sample standard deviation of some values.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Deviation">The sample standard deviation (n − 1), or null of a single value.</param>
public sealed record Statistic(double Mean, double? Deviation)
{
    /// <summary>Mean and deviation of at least one value.</summary>
    public static Statistic Of(IReadOnlyCollection<double> values)
    {
        var mean = values.Average();
        return new(mean, values.Count == 1 ? null : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1)));
    }

    /// <summary>Fractions from 0 to 1 in per cent, without the sign: <c>mean ± deviation</c>, or the mean alone.</summary>
    /// <param name="decimals">Digits behind the point.</param>
    public string ToPercent(int decimals)
    {
        string Write(double value) => (100 * value).ToString($"F{decimals}", CultureInfo.InvariantCulture);
        return Write(Mean) + (Deviation is { } deviation ? $" ± {Write(deviation)}" : "");
    }
}
