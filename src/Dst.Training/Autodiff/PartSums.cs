using Dst.Training.Ranks;

namespace Dst.Training.Autodiff;

/// <summary>Sums in double, one array for each part of a batch, added up the tree of <see cref="RankGroup"/>.</summary>
internal sealed class PartSums(RankGroup ranks, int length)
{
    private readonly double[] _sums = new double[ranks.PartCount * length];
    private readonly double[] _total = new double[length];

    /// <summary>The total of the last <see cref="Combine"/>.</summary>
    public ReadOnlySpan<double> Total => _total;

    /// <summary>The array of a part of this rank.</summary>
    public Span<double> Of(int part) => _sums.AsSpan((part - ranks.FirstPart) * length, length);

    /// <summary>Sets a part's array to zero.</summary>
    public void Clear(int part) => Of(part).Clear();

    /// <summary>Adds up the parts of all ranks. The arrays of the parts are changed.</summary>
    public ReadOnlySpan<double> Combine()
    {
        ranks.Sum(CombineOwn().AsSpan());
        return _total;
    }

    /// <summary>Adds up the parts of this rank. Their arrays are changed.</summary>
    public double[] CombineOwn()
    {
        for (var distance = 1; distance < ranks.PartCount; distance *= 2)
        {
            for (var part = ranks.FirstPart; part < ranks.EndPart; part += 2 * distance)
            {
                Span<double> sum = Of(part), added = Of(part + distance);
                for (var i = 0; i < length; i++) sum[i] += added[i];
            }
        }

        Of(ranks.FirstPart).CopyTo(_total);
        return _total;
    }
}
