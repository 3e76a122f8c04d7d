namespace Dst.Report.Html.Charts;

/// <summary>What a side of a chart measures: values, their round numbers, and the place of each.</summary>
/// <param name="Title">What is measured, with its unit.</param>
/// <param name="Min">The value at the left or lower end.</param>
/// <param name="Max">The value at the right or upper end.</param>
/// <param name="Ticks">The values that are written.</param>
internal sealed record Scale(string Title, double Min, double Max, IReadOnlyList<double> Ticks)
{
    /// <summary>From this ratio on, values are drawn on a logarithmic scale.</summary>
    private const double WideRatio = 8;

    private static readonly double[] RoundSteps = [1, 2, 5, 10];

    /// <summary>Whether equal distances are equal ratios.</summary>
    public bool IsLogarithmic { get; private init; }

    /// <summary>A linear scale over the values, which ends at round numbers.</summary>
    public static Scale Linear(string title, IEnumerable<double> values, int ticks = 5)
    {
        var (min, max) = RangeOf(values);
        if (max - min < 1e-9 * Math.Max(1, Math.Abs(max))) (min, max) = (min - 0.5, max + 0.5);
        var power = Math.Pow(10, Math.Floor(Math.Log10((max - min) / ticks)));
        var step = power * RoundSteps.First(round => round * power * ticks >= (max - min) * 0.999);
        var (first, last) = ((long)Math.Floor(min / step + 1e-9), (long)Math.Ceiling(max / step - 1e-9));
        double[] at = [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
        return new(title, at[0], at[^1], at);
    }

    /// <summary>A scale for costs: logarithmic if the values are far apart and above 0, else linear from 0.</summary>
    public static Scale ForCosts(string title, IReadOnlyCollection<double> values)
    {
        var (min, max) = RangeOf(values);
        return min <= 0 || max / min < WideRatio ? Linear(title, values.Append(0)) : Logarithmic(title, values);
    }

    /// <summary>A logarithmic scale around values above 0.</summary>
    public static Scale Logarithmic(string title, IEnumerable<double> values)
    {
        var (min, max) = RangeOf(values);
        var (low, high) = (min / 1.3, max * 1.3);
        var powers = Enumerable.Range((int)Math.Floor(Math.Log10(low)), (int)Math.Ceiling(Math.Log10(high / low)) + 2);
        var at = powers.SelectMany(power => RoundSteps[..3].Select(round => round * Math.Pow(10, power)));
        return new(title, low, high, [.. at.Where(value => value >= low && value <= high)]) { IsLogarithmic = true };
    }

    /// <summary>The place of a value: 0 at <see cref="Min"/>, 1 at <see cref="Max"/>.</summary>
    public double PlaceOf(double value) =>
        IsLogarithmic ? Math.Log(value / Min) / Math.Log(Max / Min) : (value - Min) / (Max - Min);

    /// <summary>A value as it is written at its tick.</summary>
    public static string TextOf(double value) =>
        Math.Abs(value) >= 1e6 ? Invariant($"{value / 1e6:0.###}M") : Invariant($"{value:0.#####}");

    private static (double Min, double Max) RangeOf(IEnumerable<double> values)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        return finite.Length == 0 ? (0, 1) : (finite.Min(), finite.Max());
    }
}
