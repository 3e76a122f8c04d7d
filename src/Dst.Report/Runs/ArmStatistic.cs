using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Report.Runs;

/// <summary>One arm over the runs of a recipe with one seed or several.</summary>
public sealed record ArmStatistic
{
    /// <summary>Name of the arm.</summary>
    public required string Arm { get; init; }

    /// <summary>Name of its architecture.</summary>
    public required string Network { get; init; }

    /// <summary>Runs that have the arm.</summary>
    public required int Seeds { get; init; }

    /// <summary>Top-1 on the test data, 0 to 1.</summary>
    public required Statistic TestTop1 { get; init; }

    /// <summary>Top-1 on the validation data, 0 to 1.</summary>
    public required Statistic ValidationTop1 { get; init; }

    /// <summary>Mean of the classes' recalls on the test data, 0 to 1.</summary>
    public required Statistic TestBalancedAccuracy { get; init; }

    /// <summary>Trained parameters.</summary>
    public required long Weights { get; init; }

    /// <summary>Of these, the kept ones.</summary>
    public required long Nonzero { get; init; }

    /// <summary>Multiply-accumulates of one image, dense.</summary>
    public required long Macs { get; init; }

    /// <summary>Multiply-accumulates of the kept weights.</summary>
    public required long EffectiveMacs { get; init; }

    /// <summary>Size of the model file.</summary>
    public required long FileBytes { get; init; }

    /// <summary>Shortest time of one image in all runs, milliseconds: batch 1, one thread.</summary>
    public required double Ms { get; init; }

    /// <summary>The same with pruned weights computed too.</summary>
    public required double MsDense { get; init; }

    /// <summary>Wall time of training and validation.</summary>
    public required Statistic Seconds { get; init; }

    /// <summary>Training images with labels; 0 if the network was not trained here.</summary>
    public required int LabelledImages { get; init; }

    /// <summary>Training images that it learnt from without labels.</summary>
    public required int UnlabelledImages { get; init; }

    /// <summary>A row for each arm that a run has, in the order in which arms run.</summary>
    public static IReadOnlyList<ArmStatistic> AllOf(params IReadOnlyList<RunSummary> runs) =>
        [.. ArmNames.All.Select(arm => Of(arm, runs)).OfType<ArmStatistic>()];

    private static ArmStatistic? Of(string arm, IReadOnlyList<RunSummary> runs)
    {
        var rows = runs.Select(run => run.Find(arm)).OfType<ArmSummary>().ToList();
        if (rows.Count == 0) return null;
        Statistic Spread(Func<ArmSummary, double> value) => Statistic.Of(rows.ConvertAll(row => value(row)));
        var first = rows[0];
        return new()
        {
            Arm = arm,
            Network = first.Network,
            Seeds = rows.Count,
            TestTop1 = Spread(row => row.TestTop1),
            ValidationTop1 = Spread(row => row.ValidationTop1),
            TestBalancedAccuracy = Spread(row => row.TestBalancedAccuracy),
            Weights = first.Weights,
            Nonzero = first.Nonzero,
            Macs = first.Macs,
            EffectiveMacs = first.EffectiveMacs,
            FileBytes = first.FileBytes,
            Ms = rows.Min(row => row.LatencyMs.Min),
            MsDense = rows.Min(row => (row.LatencyDenseMs ?? row.LatencyMs).Min),
            Seconds = Spread(row => row.Seconds),
            LabelledImages = first.LabelledImages,
            UnlabelledImages = first.UnlabelledImages,
        };
    }
}
