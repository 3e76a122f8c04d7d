using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Report.Runs;

/// <summary>One arm over the runs of a recipe with one seed or several.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Network">Name of its architecture.</param>
/// <param name="Seeds">Runs that have the arm.</param>
/// <param name="TestTop1">Top-1 on the test data, 0 to 1.</param>
/// <param name="ValidationTop1">Top-1 on the validation data, 0 to 1.</param>
/// <param name="TestBalancedAccuracy">Mean of the classes' recalls on the test data, 0 to 1.</param>
/// <param name="Weights">Trained parameters.</param>
/// <param name="Nonzero">Of these, the kept ones.</param>
/// <param name="Macs">Multiply-accumulates of one image, dense.</param>
/// <param name="EffectiveMacs">Multiply-accumulates of the kept weights.</param>
/// <param name="FileBytes">Size of the model file.</param>
/// <param name="Ms">Shortest time of one image in all runs, milliseconds: batch 1, one thread.</param>
/// <param name="MsDense">The same with pruned weights computed too.</param>
/// <param name="Seconds">Wall time of training and validation.</param>
/// <param name="LabelledImages">Training images with labels; 0 if the network was not trained here.</param>
/// <param name="UnlabelledImages">Training images that it learnt from without labels.</param>
public sealed record ArmStatistic(
    string Arm, string Network, int Seeds, Statistic TestTop1, Statistic ValidationTop1, Statistic TestBalancedAccuracy,
    long Weights, long Nonzero, long Macs, long EffectiveMacs, long FileBytes, double Ms, double MsDense, Statistic Seconds,
    int LabelledImages, int UnlabelledImages)
{
    /// <summary>A row for each arm that a run has, in the order in which arms run.</summary>
    public static IReadOnlyList<ArmStatistic> AllOf(params IReadOnlyList<RunSummary> runs) =>
        [.. ArmNames.All.Select(arm => Of(arm, runs)).OfType<ArmStatistic>()];

    private static ArmStatistic? Of(string arm, IReadOnlyList<RunSummary> runs)
    {
        var rows = runs.Select(run => run.Find(arm)).OfType<ArmSummary>().ToList();
        if (rows.Count == 0) return null;
        Statistic Spread(Func<ArmSummary, double> value) => Statistic.Of(rows.ConvertAll(row => value(row)));
        var first = rows[0];
        return new(
            arm, first.Network, rows.Count, Spread(row => row.TestTop1), Spread(row => row.ValidationTop1),
            Spread(row => row.TestBalancedAccuracy), first.Weights, first.Nonzero, first.Macs, first.EffectiveMacs, first.FileBytes,
            rows.Min(row => row.LatencyMs.Min), rows.Min(row => (row.LatencyDenseMs ?? row.LatencyMs).Min), Spread(row => row.Seconds),
            first.LabelledImages, first.UnlabelledImages);
    }
}
