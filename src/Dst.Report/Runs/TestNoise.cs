using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Report.Runs;

/// <summary>
/// How far apart the test accuracies of two arms of one run must be to mean something: two standard errors of a difference.
/// </summary>
/// <example>
/// <code>
/// var run = RunResults.FindAll("runs/latest", Console.WriteLine)[0];
/// Console.Write(TextRenderer.Render(new Result(run.Summary, TestNoise.Of(new RunDetails(run)))));
/// </code>
/// </example>
public static class TestNoise
{
    /// <summary>
    /// A line about <c>dst</c> and <c>uhp</c>, or else about the last arm and the dense network: they are compared image by image.
    /// Without these arms or their predictions, it is about any two arms.
    /// </summary>
    public static Lines Of(RunDetails run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var arms = run.Run.Summary.Arms;
        var images = arms[0].Confusion.Sum(row => row.Sum());
        var (between, noise) = PairOf(run.Run) is var (one, other) && OfPair(run.TestOf(one.Arm), run.TestOf(other.Arm)) is { } paired
            ? ($" between {one.Arm} and {other.Arm}", paired)
            : ("", OfAny(arms, images));
        var difference = $"a difference in test top-1{between}";
        return new(Invariant($"{Format.Count(images)} test images: {difference} below {100 * noise:F1} points can be chance"));
    }

    private static (ArmSummary One, ArmSummary Other)? PairOf(RunResults run)
    {
        if (run.Summary.Find(ArmNames.Dst) is { } dst && run.Summary.Find(ArmNames.Uhp) is { } uhp) return (dst, uhp);
        return GainTable.DenseOf(run) is { } dense ? (run.Summary.Arms[^1], dense) : null;
    }

    /// <summary>2·√(b + c − (b − c)²/n)/n, if of n images b are right in one arm only, and c in the other only.</summary>
    private static double? OfPair(TestRecord? one, TestRecord? other)
    {
        if (one is null || other is null) return null;
        var (first, second) = (one.Predictions, other.Predictions);
        if (!first.Select(image => image.Label).SequenceEqual(second.Select(image => image.Label))) return null;
        var gains = first.Zip(second, (a, b) => (a.Predicted == a.Label ? 1 : 0) - (b.Predicted == b.Label ? 1 : 0)).ToList();
        // Agresti and Min, 2005: half an image more of each of the four kinds, or two arms that agree on a few would be taken for equal.
        var n = gains.Count + 2.0;
        return 2 * Math.Sqrt(gains.Count(gain => gain != 0) + 1 - Math.Pow(gains.Sum(), 2) / n) / n;
    }

    /// <summary>
    /// 2·√(2·p·(1 − p)/n), with n images and p the mean top-1 after two images more of each kind. Arms are tested on the same images, so
    /// the noise is at most this.
    /// </summary>
    private static double OfAny(IReadOnlyList<ArmSummary> arms, long images)
    {
        // Agresti and Coull, 1998: without the two more, all of a few images right would be taken for certain.
        var top1 = (arms.Average(arm => arm.TestTop1) * images + 2) / (images + 4);
        return 2 * Math.Sqrt(2 * top1 * (1 - top1) / images);
    }
}
