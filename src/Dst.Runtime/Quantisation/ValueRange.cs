using Dst.Quantisation;

namespace Dst.Runtime.Quantisation;

/// <summary>What one value is on calibration images: first its ends, then, between them, how often it is what.</summary>
internal sealed class ValueRange
{
    private const int Bins = 2048;

    /// <summary>Share of the elements that <see cref="RangeMethod.Percentile"/> leaves out on each side.</summary>
    private const double Outliers = 1e-4;

    /// <summary>The smallest share of the range that <see cref="RangeMethod.Mse"/> tries, in percent.</summary>
    private const int LeastPercent = 20;

    private readonly long[] _counts = new long[Bins];

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
        var bins = Enumerable.Range(0, Bins);
        var (least, most) = method switch
        {
            RangeMethod.Percentile => (Least + BinWidth * Outlying(bins), Most - BinWidth * Outlying(bins.Reverse())),
            RangeMethod.Mse => BestShare() is var share ? (share * Least, share * Most) : default,
            _ => (Least, Most),
        };
        return Scale(Math.Min(least, 0), Math.Max(most, 0), leastScale);
    }

    /// <summary>255 steps from least to most, of which one is 0.</summary>
    private static ByteScale Scale(double least, double most, double leastScale)
    {
        var scale = Math.Max((most - least) / byte.MaxValue, leastScale);
        return new((float)scale, (byte)Math.Clamp(Math.Round(-least / scale), 0, byte.MaxValue));
    }

    /// <summary>Bins, in an order, that have outliers alone.</summary>
    private int Outlying(IEnumerable<int> order)
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

    private double BestShare() => Enumerable.Range(LeastPercent, 101 - LeastPercent).Select(percent => percent / 100d).MinBy(ErrorOf);

    private double ErrorOf(double share)
    {
        var scale = Scale(share * Least, share * Most, 0);
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
