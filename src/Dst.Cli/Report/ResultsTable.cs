using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Report;

/// <summary>Mean and sample standard deviation (n − 1), null of a single value.</summary>
internal sealed record Statistic(double Mean, double? Deviation);

/// <summary>One arm over several seeds.</summary>
internal sealed record ArmStatistic(string Arm, int Seeds, Statistic TestTop1, Statistic ValidationTop1);

/// <summary>Tables over runs of one recipe with several seeds.</summary>
internal static class ResultsTable
{
    /// <summary>A row an arm: mean ± standard deviation over the seeds; latencies are the lowest of all seeds.</summary>
    public static TextTable OfArms(IReadOnlyList<FinishedRun> runs)
    {
        var table = new TextTable("arm", "network", "test top-1, %", "validation top-1, %", "weights", "kept", "MACs", "MACs kept", "file, bytes", "ms", "ms dense", "minutes", "seeds");
        foreach (var arm in ArmNames.All)
        {
            var rows = RowsOf(runs, arm);
            if (rows.Count == 0) continue;
            var first = rows[0];
            table.Add(
                arm, first.Network, Spread(rows, row => 100 * row.TestTop1, 2), Spread(rows, row => 100 * row.ValidationTop1, 2),
                $"{first.Weights}", $"{first.Nonzero}", $"{first.Macs}", $"{first.EffectiveMacs}", $"{first.FileBytes}",
                $"{rows.Min(row => row.LatencyMs.Min):F3}", $"{rows.Min(DenseLatency):F3}", Spread(rows, row => row.Seconds / 60, 1), $"{rows.Count}");
        }

        return table;
    }

    /// <summary>The accuracies of <see cref="OfArms"/> as numbers, 0 to 1.</summary>
    public static IReadOnlyList<ArmStatistic> StatisticsOf(IReadOnlyList<FinishedRun> runs) =>
    [
        .. ArmNames.All.Select(arm => (Name: arm, Rows: RowsOf(runs, arm))).Where(arm => arm.Rows.Count > 0)
            .Select(arm => new ArmStatistic(arm.Name, arm.Rows.Count, StatisticOf(arm.Rows, row => row.TestTop1), StatisticOf(arm.Rows, row => row.ValidationTop1))),
    ];

    /// <summary>A row a pattern: what the arms that were pruned with it reach, and how fast <c>dst</c> is.</summary>
    public static TextTable OfPatterns(IEnumerable<IGrouping<string, FinishedRun>> patterns)
    {
        var table = new TextTable("unit:block:group", "dst, %", "uhp, %", "unstructured-kd, %", "dst ms", "ms dense", "dense / dst", "seeds");
        foreach (var pattern in patterns)
        {
            var runs = pattern.ToList();
            var dst = RowsOf(runs, ArmNames.Dst);
            if (dst.Count == 0) continue;
            var (halved, dense) = (dst.Min(row => row.LatencyMs.Min), dst.Min(DenseLatency));
            table.Add(
                pattern.Key, Top1(dst), Top1(RowsOf(runs, ArmNames.Uhp)), Top1(RowsOf(runs, ArmNames.UnstructuredKd)),
                $"{halved:F3}", $"{dense:F3}", $"{dense / halved:F2}", $"{dst.Count}");
        }

        return table;
    }

    /// <summary>Mean ± sample standard deviation (n − 1); the value alone if there is one.</summary>
    internal static string Spread(IReadOnlyList<ArmSummary> rows, Func<ArmSummary, double> value, int decimals)
    {
        var (mean, deviation) = StatisticOf(rows, value);
        return mean.ToString($"F{decimals}") + (deviation is { } spread ? $" ± {spread.ToString($"F{decimals}")}" : "");
    }

    private static Statistic StatisticOf(IReadOnlyList<ArmSummary> rows, Func<ArmSummary, double> value)
    {
        var mean = rows.Average(value);
        return new(mean, rows.Count == 1 ? null : Math.Sqrt(rows.Sum(row => (value(row) - mean) * (value(row) - mean)) / (rows.Count - 1)));
    }

    private static string Top1(IReadOnlyList<ArmSummary> rows) => rows.Count == 0 ? "-" : Spread(rows, row => 100 * row.TestTop1, 2);

    private static double DenseLatency(ArmSummary row) => (row.LatencyDenseMs ?? row.LatencyMs).Min;

    private static IReadOnlyList<ArmSummary> RowsOf(IReadOnlyList<FinishedRun> runs, string arm) =>
        [.. runs.Select(run => run.Summary.Find(arm)).OfType<ArmSummary>()];
}
