using Dst.Quantisation;

namespace Dst.Runtime.Quantisation;

/// <summary>What one value is on calibration images: first its ends, then a histogram of its elements between them.</summary>
internal sealed class ValueRange
{
    private const int Bins = 2048;

    /// <summary>Share of the elements that <see cref="RangeMethod.Percentile"/> leaves out on each side.</summary>
    private const double Outliers = 1e-4;

    /// <summary>The smallest share of the range that <see cref="RangeMethod.Mse"/> tries, in percent.</summary>
    private const int LeastPercent = 20;

    private readonly long[] _counts = new long[Bins]; // the histogram

    /// <summary>The smallest element, at most 0.</summary>
    public double Least { get; private set; }

    /// <summary>The largest element, at least 0.</summary>
    public double Most { get; private set; }

    /// <summary>Whether every element was finite.</summary>
    public bool IsFinite { get; private set; } = true;

    private double BinWidth => (Most - Least) / Bins;

    /// <summary>Widens the ends to elements.</summary>
    public void AddEnds(ReadOnlySpan<float> elements)
    {
        foreach (var element in elements)
        {
            if (!float.IsFinite(element)) IsFinite = false;
            else (Least, Most) = (Math.Min(Least, element), Math.Max(Most, element));
        }
    }

    /// <summary>Counts elements, which lie between the ends.</summary>
    public void AddCounts(ReadOnlySpan<float> elements)
    {
        foreach (var element in elements) _counts[Math.Clamp((int)((element - Least) / BinWidth), 0, Bins - 1)]++;
    }

    /// <summary>The scale of the range that a method finds.</summary>
    /// <param name="method">The method.</param>
    /// <param name="leastScale">The smallest scale that can be expressed.</param>
    public ByteScale ScaleOf(RangeMethod method, double leastScale)
    {
        var (least, most) = method switch
        {
            RangeMethod.Percentile => WithoutOutliers(),
            RangeMethod.Mse => Shrunk(BestShare()),
            _ => (Least, Most),
        };
        return ScaleOf(Math.Min(least, 0), Math.Max(most, 0), leastScale);
    }

    /// <summary>255 steps from least to most, of which one is 0.</summary>
    private static ByteScale ScaleOf(double least, double most, double leastScale)
    {
        var scale = Math.Max((most - least) / byte.MaxValue, leastScale);
        return new((float)scale, (byte)Math.Clamp(Math.Round(-least / scale), 0, byte.MaxValue));
    }

    private (double Least, double Most) WithoutOutliers()
    {
        var bins = Enumerable.Range(0, Bins);
        return (Least + BinWidth * CountOutlying(bins), Most - BinWidth * CountOutlying(bins.Reverse()));
    }

    /// <summary>How many of the first bins of an order have outliers alone.</summary>
    private int CountOutlying(IEnumerable<int> order)
    {
        var (left, bins) = (Outliers * _counts.Sum(), 0);
        foreach (var bin in order)
        {
            left -= _counts[bin];
            if (left < 0) return bins;
            bins++;
        }

        return 0;
    }

    private (double Least, double Most) Shrunk(double share) => (share * Least, share * Most);

    /// <summary>The share of the range with the least squared error.</summary>
    private double BestShare() => Enumerable.Range(LeastPercent, 101 - LeastPercent).Select(percent => percent / 100d).MinBy(ErrorOf);

    private double ErrorOf(double share)
    {
        var (least, most) = Shrunk(share);
        var scale = ScaleOf(least, most, leastScale: 0);
        var sum = 0d;
        for (var bin = 0; bin < Bins; bin++)
        {
            var element = Least + (bin + 0.5) * BinWidth;
            var error = scale.ToFloat(scale.ToByte(element)) - element;
            sum += _counts[bin] * error * error;
        }

        return sum;
    }
}
