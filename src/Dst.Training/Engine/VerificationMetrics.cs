using Dst.Foundations;
using Dst.Runtime.Inference;

namespace Dst.Training.Engine;

/// <summary>A point of the receiver operating characteristic (ROC).</summary>
/// <param name="Threshold">Pairs at least as similar are accepted.</param>
/// <param name="FalseAccept">Share of the pairs of different classes that are accepted, 0 to 1.</param>
/// <param name="FalseReject">Share of the pairs of one class that are rejected, 0 to 1.</param>
/// <seealso cref="VerificationMetrics"/>
public readonly record struct RocPoint(double Threshold, double FalseAccept, double FalseReject);

/// <summary>
/// How well the similarity of embeddings tells pairs of images of one class from pairs of different classes. All pairs of a set of images
/// count.
/// <code>
/// FAR(t) = share of pairs of different classes with cos ≥ t        FRR(t) = share of pairs of one class with cos &lt; t
/// EER = (FAR(t*) + FRR(t*)) / 2, at the t* where FRR reaches FAR; where both are equal over a range, its middle
/// </code>
/// </summary>
/// <example>
/// <code>
/// float[] embeddings = [1, 0, 0.9f, 0.1f, 0, 1]; // three images, two numbers each
/// Console.WriteLine(VerificationMetrics.Of(embeddings, [0, 0, 1]).EqualErrorRate);
/// </code>
/// </example>
public sealed class VerificationMetrics
{
    private readonly float[] _same; // ascending
    private readonly float[] _different;

    private VerificationMetrics(float[] same, float[] different) => (_same, _different) = (same, different);

    /// <summary>Compares all pairs.</summary>
    /// <param name="embeddings">[N, length].</param>
    /// <param name="labels">Class of each image, [N].</param>
    /// <exception cref="InputException">
    /// There is no pair of one class or none of different classes, or they do not fit into memory.
    /// </exception>
    public static VerificationMetrics Of(ReadOnlySpan<float> embeddings, ReadOnlySpan<int> labels)
    {
        var pairs = (long)labels.Length * (labels.Length - 1) / 2;
        MemoryLimit.Check(sizeof(float) * (double)pairs, $"the {pairs} pairs of {labels.Length} images", "fewer images were expected");
        var (same, different) = (new List<float>(), new List<float>());
        var length = labels.Length == 0 ? 0 : embeddings.Length / labels.Length;
        for (var i = 1; i < labels.Length; i++)
        {
            var a = embeddings.Slice(i * length, length);
            for (var j = 0; j < i; j++)
                (labels[i] == labels[j] ? same : different).Add(Embedder.Similarity(a, embeddings.Slice(j * length, length)));
        }

        if (same.Count == 0 || different.Count == 0)
            throw new InputException(
                $"{Phrases.Count(labels.Length, "image")} make {same.Count} pairs of one class and {different.Count} of different classes; "
                + "at least one of each was expected");
        return new([.. same.Order()], [.. different.Order()]);
    }

    /// <summary>Pairs of one class.</summary>
    public int SamePairs => _same.Length;

    /// <summary>Pairs of different classes.</summary>
    public int DifferentPairs => _different.Length;

    /// <summary>The point where both errors are equal.</summary>
    public RocPoint Equal => At((Lowest(point => point.FalseReject >= point.FalseAccept)
        + Lowest(point => point.FalseReject > point.FalseAccept)) / 2);

    /// <summary>Mean of both errors at <see cref="Equal"/>, 0 to 1.</summary>
    public double EqualErrorRate => (Equal.FalseAccept + Equal.FalseReject) / 2;

    /// <summary>
    /// Area under the ROC: the probability that a pair of one class is more similar than a pair of different classes. Equal ones count
    /// half.
    /// </summary>
    public double Area => _same.Average(similarity => (double)(Below(_different, similarity) + NotAbove(_different, similarity)) / 2)
        / _different.Length;

    /// <summary>The errors at a threshold.</summary>
    public RocPoint At(double threshold) => new(
        threshold, 1 - (double)Below(_different, threshold) / _different.Length, (double)Below(_same, threshold) / _same.Length);

    /// <summary>The ROC: the errors at equally spaced thresholds, from the lowest similarity to the highest.</summary>
    /// <param name="points">How many, at least 2.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 2.</exception>
    public IReadOnlyList<RocPoint> Curve(int points)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(points, 2);
        var (first, last) = (Math.Min(_same[0], _different[0]), Math.Max(_same[^1], _different[^1]));
        return [.. Enumerable.Range(0, points).Select(i => At(first + (last - first) * (double)i / (points - 1)))];
    }

    /// <summary>The lowest threshold for which a condition holds that holds for all higher ones too.</summary>
    private double Lowest(Func<RocPoint, bool> holds)
    {
        const int steps = 60; // to the last bit of a threshold
        var (low, high) = (-1.0, double.BitIncrement(1));
        for (var i = 0; i < steps; i++)
        {
            var middle = (low + high) / 2;
            if (holds(At(middle))) high = middle;
            else low = middle;
        }

        return high;
    }

    /// <summary>Values below <paramref name="limit"/>.</summary>
    private static int Below(float[] ascending, double limit) => CountWhile(ascending, value => value < limit);

    /// <summary>Values up to <paramref name="limit"/>.</summary>
    private static int NotAbove(float[] ascending, double limit) => CountWhile(ascending, value => value <= limit);

    private static int CountWhile(float[] ascending, Func<float, bool> isCounted)
    {
        var (low, high) = (0, ascending.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (isCounted(ascending[middle])) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
