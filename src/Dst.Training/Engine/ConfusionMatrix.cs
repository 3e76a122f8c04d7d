namespace Dst.Training.Engine;

/// <summary>Counts of samples by label and prediction.</summary>
public sealed class ConfusionMatrix
{
    private readonly long[][] _counts;

    /// <summary>An empty matrix.</summary>
    /// <param name="classes">Number of classes, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public ConfusionMatrix(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        _counts = [.. Enumerable.Range(0, classes).Select(_ => new long[classes])];
    }

    /// <summary>Counts by [label][prediction].</summary>
    public IReadOnlyList<IReadOnlyList<long>> Rows => _counts;

    /// <summary>Number of samples counted.</summary>
    public long Count => _counts.Sum(row => row.Sum());

    /// <summary>Share of samples whose prediction is their label, 0 to 1; 0 without samples.</summary>
    public double Accuracy => Count == 0 ? 0 : (double)_counts.Select((row, label) => row[label]).Sum() / Count;

    /// <summary>Mean of the recalls of the classes that have samples, 0 to 1: each class counts the same; 0 without samples.</summary>
    public double BalancedAccuracy => BalancedAccuracyOf(_counts);

    /// <summary><see cref="BalancedAccuracy"/> of counts by [label][prediction].</summary>
    public static double BalancedAccuracyOf(IReadOnlyList<IReadOnlyList<long>> rows) =>
        rows.Select((row, label) => (double)row[label] / row.Sum()).Where(double.IsFinite).DefaultIfEmpty().Average();

    /// <summary>Counts one sample.</summary>
    public void Add(int label, int prediction) => _counts[label][prediction]++;

    /// <summary>Share of the samples of class <paramref name="label"/> that were predicted so, 0 to 1; NaN without any.</summary>
    public double Recall(int label) => (double)_counts[label][label] / _counts[label].Sum();
}
