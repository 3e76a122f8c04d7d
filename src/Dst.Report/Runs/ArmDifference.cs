using Dst.Training.Experiments;

namespace Dst.Report.Runs;

/// <summary>
/// By how much the arm <c>dst</c> is better than another one, seed by seed. Arms of a seed share images and initial weights, so these
/// differences spread less than the accuracies do.
/// </summary>
/// <param name="Arm">The other arm.</param>
/// <param name="TestTop1">Top-1 of <c>dst</c> on the test data less that of the other arm, 0 to 1.</param>
/// <param name="Seeds">The seeds that have both arms, at least two.</param>
public sealed record ArmDifference(string Arm, Statistic TestTop1, int Seeds)
{
    /// <summary>A row for each arm but <c>dst</c> that has two seeds or more in common with it.</summary>
    /// <param name="runs">The runs of one recipe, each with the arms that count.</param>
    public static IReadOnlyList<ArmDifference> AllOf(IReadOnlyList<RunResults> runs)
    {
        var top1 = runs.SelectMany(run => run.Summary.Arms, (run, arm) => (run.Summary.Seed, arm.Arm, arm.TestTop1))
            .ToLookup(row => row.Arm, row => (row.Seed, row.TestTop1));
        return
        [
            .. ArmNames.All.Where(arm => arm != ArmNames.Dst)
                .Select(arm => (Arm: arm, Values: top1[ArmNames.Dst].Join(
                    top1[arm], dst => dst.Seed, other => other.Seed, (dst, other) => dst.TestTop1 - other.TestTop1).ToList()))
                .Where(row => row.Values.Count > 1)
                .Select(row => new ArmDifference(row.Arm, Statistic.Of(row.Values), row.Values.Count)),
        ];
    }
}
