using Dst.Training.Engine;

namespace Dst.Tests.Engine;

public class VerificationMetricsTests
{
    [Fact]
    public void Clusters_that_do_not_touch_are_told_apart_without_an_error()
    {
        var metrics = VerificationMetrics.Of([1, 0, 0.8f, 0.6f, 0, 1, -0.6f, 0.8f], [0, 0, 1, 1]); // pairs of one class: 0.8 and 0.8
        Assert.Equal((2, 4), (metrics.SamePairs, metrics.DifferentPairs));
        Assert.Equal((0.0, 1.0), (metrics.EqualErrorRate, metrics.Area));
        Assert.Equal(0.7, metrics.Equal.Threshold, 6); // halfway between the most similar strangers, 0.6, and 0.8
        Assert.Equal((0.0, 0.0), (metrics.At(0.7).FalseAccept, metrics.At(0.7).FalseReject));
    }

    [Fact]
    public void Errors_are_shares_of_the_pairs_on_the_wrong_side()
    {
        var metrics = VerificationMetrics.Of([1, 0, 0, 1, 1, 0], [0, 0, 1]); // one class: 0; different classes: 1 and 0
        Assert.Equal(new RocPoint(0.5, 0.5, 1), metrics.At(0.5));
        Assert.Equal(new RocPoint(0, 1, 0), metrics.At(0));
        Assert.Equal(0.25, metrics.Area); // the equal pair counts half
    }

    [Fact]
    public void Area_and_equal_error_rate_are_those_of_all_thresholds_tried_one_by_one()
    {
        var random = new Random(1);
        var labels = Enumerable.Range(0, 30).Select(i => i % 6).ToArray();
        var embeddings = labels.SelectMany(label => Unit(random, label)).ToArray();
        var metrics = VerificationMetrics.Of(embeddings, labels);
        var (same, different) = (new List<float>(), new List<float>());
        for (var i = 0; i < labels.Length; i++)
        {
            for (var j = 0; j < i; j++)
                (labels[i] == labels[j] ? same : different).Add(
                    Enumerable.Range(0, 4).Sum(k => embeddings[4 * i + k] * embeddings[4 * j + k]));
        }

        var wins = same.Sum(s => different.Sum(d => s > d ? 1.0 : s == d ? 0.5 : 0));
        Assert.Equal(wins / ((double)same.Count * different.Count), metrics.Area, 4);
        var best = same.Concat(different).Min(t =>
            Math.Abs(different.Count(d => d >= t) / (double)different.Count - same.Count(s => s < t) / (double)same.Count));
        var equal = metrics.Equal;
        Assert.InRange(Math.Abs(equal.FalseAccept - equal.FalseReject), 0, best + 2.0 / same.Count);
        Assert.Equal((equal.FalseAccept + equal.FalseReject) / 2, metrics.EqualErrorRate);
        Assert.InRange(metrics.EqualErrorRate, 0.01, 0.49);
    }

    [Fact]
    public void The_curve_goes_from_accepting_all_to_rejecting_nearly_all()
    {
        var curve = VerificationMetrics.Of([1, 0, 0.8f, 0.6f, 0, 1], [0, 0, 1]).Curve(5);
        Assert.Equal((5, 1.0, 0.0), (curve.Count, curve[0].FalseAccept, curve[0].FalseReject));
        Assert.All(curve.Zip(curve.Skip(1)), pair => Assert.True(
            pair.First.FalseAccept >= pair.Second.FalseAccept && pair.First.FalseReject <= pair.Second.FalseReject));
    }

    [Theory]
    [InlineData(0, 0, "1 pairs of one class and 0")]
    [InlineData(0, 1, "0 pairs of one class and 1")]
    public void Both_kinds_of_pairs_are_needed(int first, int second, string expected)
    {
        var error = Assert.Throws<InputException>(() => VerificationMetrics.Of([1, 0, 0, 1], [first, second]));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static float[] Unit(Random random, int label)
    {
        var values = Enumerable.Range(0, 4).Select(k => random.NextDouble() - 0.5 + (k == label % 4 ? 0.7 : 0)).ToArray();
        var norm = Math.Sqrt(values.Sum(value => value * value));
        return [.. values.Select(value => (float)(value / norm))];
    }
}
