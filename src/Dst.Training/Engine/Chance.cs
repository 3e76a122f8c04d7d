namespace Dst.Training.Engine;

/// <summary>
/// What a network reaches that does not look at its images: whatever classes it names, and however often, the mean of the classes'
/// recalls (<see cref="ConfusionMatrix.BalancedAccuracy"/>) is 1 / classes.
/// </summary>
internal sealed class Chance
{
    private const double Rounding = 1e-9;
    private readonly double _images; // as many of equal classes measure a mean of recalls as exactly

    /// <summary>Chance on a set of images.</summary>
    /// <param name="classCounts">Images of each class; classes without images do not count.</param>
    public Chance(IEnumerable<int> classCounts)
    {
        int[] counts = [.. classCounts.Where(count => count > 0)];
        Level = 1.0 / counts.Length;
        _images = counts.Length * (double)counts.Length / counts.Sum(count => 1.0 / count);
    }

    /// <summary>The balanced accuracy of chance, 0 to 1.</summary>
    public double Level { get; }

    /// <summary>
    /// Whether a network is no better than chance, and the images are enough to say so: one that were half-way between chance and no
    /// mistake would hardly reach as little.
    /// </summary>
    /// <param name="balancedAccuracy">Balanced accuracy on the images, 0 to 1.</param>
    public bool Explains(double balancedAccuracy) =>
        balancedAccuracy <= Level + Rounding && UpperBound(balancedAccuracy) < (Level + 1) / 2;

    /// <summary>Two standard errors above a measured share. Agresti and Coull, 1998: with two images more of each kind.</summary>
    private double UpperBound(double share)
    {
        var (count, middle) = (_images + 4, (share * _images + 2) / (_images + 4));
        return middle + 2 * Math.Sqrt(middle * (1 - middle) / count);
    }
}
