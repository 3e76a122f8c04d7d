using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Report.Runs;

/// <summary>Tables of arms. Those for a terminal fit into 80 columns.</summary>
/// <example>
/// <code>
/// var runs = RunResults.FindAll("runs/quickstart", Console.WriteLine);
/// var arms = ArmStatistic.AllOf([.. runs.Select(run => run.Summary)]);
/// var result = new Result(arms, [.. ArmTables.Of(arms, ValidationSource.Training, isWide: true)]);
/// Console.Write(TextRenderer.Render(result));
/// Console.Write(MarkdownRenderer.Render(result));
/// Console.Write(JsonRenderer.Render(result));
/// </code>
/// </example>
public static class ArmTables
{
    private static readonly Column<ArmStatistic> Arm = new("arm", "arm", arm => arm.Arm) { Alignment = Alignment.Left };
    private static readonly Column<ArmStatistic> Network = new("network", "network", arm => arm.Network);
    private static readonly Column<ArmStatistic> Seeds = new("seeds", "seeds", arm => arm.Seeds);
    private static readonly Column<ArmStatistic> Test = Percent("test_top1", "test top-1", arm => arm.TestTop1);
    private static readonly Column<ArmStatistic> Validation = Percent("validation_top1", "validation top-1", arm => arm.ValidationTop1);
    private static readonly Column<ArmStatistic> Balanced = Percent(
        "test_balanced_accuracy", "balanced accuracy", arm => arm.TestBalancedAccuracy);

    private static readonly Column<ArmStatistic> Labelled =
        new("labelled_images", "labelled", arm => arm.LabelledImages > 0 ? arm.LabelledImages : null);

    private static readonly Column<ArmStatistic> Unlabelled =
        new("unlabelled_images", "unlabelled", arm => arm.LabelledImages > 0 ? arm.UnlabelledImages : null);

    private static readonly Column<ArmStatistic> Time = new(
        "seconds", "time", arm => arm.Seconds.Mean > 0 ? arm.Seconds.Mean : null, // one that was not trained here has none
        arm => Format.Duration(TimeSpan.FromSeconds(arm.Seconds.Mean)));

    private static readonly Column<ArmStatistic> Ms = new("ms", "ms", arm => arm.Ms, arm => Invariant($"{arm.Ms:F3}"));
    private static readonly Column<ArmStatistic> MsDense =
        new("ms_dense", "ms dense", arm => arm.MsDense, arm => Invariant($"{arm.MsDense:F3}"));

    /// <summary>How good the arms of one run are and how they were trained.</summary>
    /// <param name="arms">The arms.</param>
    /// <param name="validation">Where the validation images come from.</param>
    public static Table Accuracy(IReadOnlyList<ArmSummary> arms, ValidationSource validation) => Table.Of(
        arms,
        new("arm", "arm", arm => arm.Arm) { Alignment = Alignment.Left },
        new("network", "network", arm => arm.Network),
        new("test_top1", "test top-1", arm => arm.TestTop1, arm => Format.Percent(arm.TestTop1)),
        new("validation_top1", "validation", arm => arm.ValidationTop1, arm => Format.Percent(arm.ValidationTop1))
        {
            Meaning = MeaningOf(validation),
        },
        new("best_epoch", "best epoch", arm => arm.Epochs == 0 ? null : arm.BestEpoch, arm => $"{arm.BestEpoch}/{arm.Epochs}")
        {
            Meaning = validation == ValidationSource.None ? "the last" : "chosen by it",
        },
        new("seconds", "time", arm => arm.Epochs == 0 ? null : arm.Seconds, arm => Format.Duration(TimeSpan.FromSeconds(arm.Seconds))));

    /// <summary>How good the arms of several runs are: means and standard deviations over their seeds.</summary>
    /// <param name="arms">The arms over their seeds.</param>
    /// <param name="validation">Where the validation images come from.</param>
    public static Table Accuracy(IReadOnlyList<ArmStatistic> arms, ValidationSource validation) => Table.Of(
        arms,
        [
            Arm, Network, Test, Validation with { Header = "validation", Meaning = MeaningOf(validation) },
            .. arms.Any(arm => arm.Seeds > 1) ? [Time with { Meaning = "of one seed, the mean" }, Seeds] : new[] { Time },
        ]);

    /// <summary>
    /// What top-1 does not say: the balanced accuracy and the images that taught each arm. No table where classes have equally many
    /// test images and no image is unlabelled.
    /// </summary>
    public static IReadOnlyList<Table> BalanceAndImages(IReadOnlyList<ArmStatistic> arms)
    {
        const double visible = 5e-5;
        if (arms.All(arm => arm.UnlabelledImages == 0 && Math.Abs(arm.TestBalancedAccuracy.Mean - arm.TestTop1.Mean) < visible)) return [];
        return
        [
            Table.Of(
                arms,
                Arm,
                Balanced with { Meaning = "mean of the classes' recalls on the test images" },
                Labelled with { Meaning = "training images with labels; - if the network was not trained here" },
                Unlabelled with { Meaning = "training images that it learnt from without labels" }),
        ];
    }

    /// <summary>How large and how fast the networks of the arms are. What pruning changes is shown where an arm is pruned.</summary>
    public static Table Cost(IReadOnlyList<ArmStatistic> arms)
    {
        var isPruned = arms.Any(arm => arm.Nonzero < arm.Weights);
        Column<ArmStatistic> kept = new("nonzero", "kept", arm => arm.Nonzero, arm => Format.Count(arm.Nonzero)) { Meaning = "not pruned" };
        return Table.Of(
            arms,
            [
                Arm,
                new("weights", "weights", arm => arm.Weights, arm => Format.Count(arm.Weights)),
                .. isPruned ? [kept] : Array.Empty<Column<ArmStatistic>>(),
                new("effective_macs", "MACs", arm => arm.EffectiveMacs, arm => Format.Count(arm.EffectiveMacs)),
                new("file_bytes", "file", arm => arm.FileBytes, arm => Format.Bytes(arm.FileBytes)),
                Ms with { Meaning = "an image, one thread" },
                .. isPruned ? [MsDense with { Meaning = "with pruned weights too" }] : Array.Empty<Column<ArmStatistic>>(),
            ]);
    }

    /// <summary>The arms over their seeds, in tables for a terminal or in one wide table.</summary>
    /// <param name="arms">The arms over their seeds.</param>
    /// <param name="validation">Where the validation images come from.</param>
    /// <param name="isWide">Whether one table has all columns.</param>
    public static IReadOnlyList<Table> Of(IReadOnlyList<ArmStatistic> arms, ValidationSource validation, bool isWide) =>
        isWide ? [All(arms)] : [Accuracy(arms, validation), .. BalanceAndImages(arms), Cost(arms)];

    private static Table All(IReadOnlyList<ArmStatistic> arms) => Table.Of(
        arms,
        Arm,
        Network,
        Test,
        Validation,
        Balanced,
        Labelled,
        Unlabelled,
        new("weights", "weights", arm => arm.Weights),
        new("nonzero", "kept", arm => arm.Nonzero),
        new("macs", "MACs", arm => arm.Macs),
        new("effective_macs", "MACs kept", arm => arm.EffectiveMacs),
        new("file_bytes", "file", arm => arm.FileBytes) { Unit = "bytes" },
        Ms,
        MsDense,
        Time,
        Seeds);

    /// <summary>
    /// What the patterns of a recipe reach, and how fast the arm <c>dst</c> is with each; patterns without that arm are left out.
    /// Null if fewer than two have it.
    /// </summary>
    public static Table? Patterns(IEnumerable<PatternRuns> patterns)
    {
        static ArmStatistic Dst(PatternRuns row) => row.Find(ArmNames.Dst)!;
        var compared = patterns.Where(row => row.Find(ArmNames.Dst) is not null).ToList();
        return compared.Count < 2 ? null : Table.Of(
            compared,
            new("pattern", "pattern", row => row.Label) { Alignment = Alignment.Left },
            Top1(ArmNames.Dst),
            Top1(ArmNames.Uhp),
            Top1(ArmNames.UnstructuredKd),
            new("ms", "dst ms", row => Dst(row).Ms, row => Invariant($"{Dst(row).Ms:F3}")),
            new("ms_dense", "ms dense", row => Dst(row).MsDense, row => Invariant($"{Dst(row).MsDense:F3}")),
            new("speedup", "dense / dst", row => Dst(row).MsDense / Dst(row).Ms, row => Invariant($"{Dst(row).MsDense / Dst(row).Ms:F2}")),
            new("seeds", "seeds", row => Dst(row).Seeds));
    }

    /// <summary>By how much the arm <c>dst</c> is better than the others.</summary>
    public static Table Differences(IReadOnlyList<ArmDifference> differences) => Table.Of(
        differences,
        new("arm", "arm", row => row.Arm) { Alignment = Alignment.Left },
        new("test_top1", "dst is better by", row => row.TestTop1.Mean, row => row.TestTop1.ToPercent(2))
        {
            Unit = "points",
            Meaning = "test top-1 of dst less that of the arm with the same seed",
        },
        new("seeds", "seeds", row => row.Seeds));

    private static Column<ArmStatistic> Percent(string name, string header, Func<ArmStatistic, Statistic> value) =>
        new(name, header, arm => value(arm).Mean, arm => value(arm).ToPercent(2)) { Unit = "%" };

    private static string MeaningOf(ValidationSource validation) => validation switch
    {
        ValidationSource.Test => "top-1 on half of the test images",
        ValidationSource.None => "top-1 on the training images, as none were held back",
        _ => "top-1 on images held back from training",
    };

    private static Column<PatternRuns> Top1(string arm) =>
        new($"{arm.Replace('-', '_')}_top1", arm, row => row.Find(arm)?.TestTop1.Mean, row => row.Find(arm)!.TestTop1.ToPercent(2))
        {
            Unit = "%",
        };
}
