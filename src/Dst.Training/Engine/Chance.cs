namespace Dst.Training.Engine;

/// <summary>
/// The balanced accuracy (<see cref="ConfusionMatrix.BalancedAccuracy"/>) that a network is expected to have if it guesses: 1 / classes,
/// however often it names each class.
/// </summary>
internal sealed class Chance
{
    private const double Rounding = 1e-9;
    private readonly double _effectiveImages; // so many, equally many of each class, would have the same standard error

    /// <summary>Chance on a set of images.</summary>
    /// <param name="classCounts">Images of each class; classes without images do not count.</param>
    public Chance(IEnumerable<int> classCounts)
    {
        int[] counts = [.. classCounts.Where(count => count > 0)];
        Level = 1.0 / counts.Length;
        _effectiveImages = counts.Length * (double)counts.Length / counts.Sum(count => 1.0 / count);
    }

    /// <summary>The balanced accuracy of chance, 0 to 1.</summary>
    public double Level { get; }

    /// <summary>
    /// Whether a network is no better than chance, and the images are enough to say so: a network half-way between chance and no mistakes
    /// would hardly have measured so low.
    /// </summary>
    /// <param name="balancedAccuracy">Balanced accuracy on the images, 0 to 1.</param>
    public bool Explains(double balancedAccuracy) =>
        balancedAccuracy <= Level + Rounding && UpperBound(balancedAccuracy) < (Level + 1) / 2;

    /// <summary>
    /// Two standard errors above a measured share, with two right and two wrong images added: Agresti, Coull, "Approximate Is Better than
    /// 'Exact' for Interval Estimation of Binomial Proportions", 1998.
    /// </summary>
    private double UpperBound(double share)
    {
        var count = _effectiveImages + 4;
        var middle = (share * _effectiveImages + 2) / count;
        return middle + 2 * Math.Sqrt(middle * (1 - middle) / count);
    }
}
