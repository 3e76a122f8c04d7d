using Dst.Report;
using Dst.Report.Renderers;
using Dst.Report.Runs;
using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Report;

public class ArmTablesTests
{
    private static readonly RunSummary[] Runs = [Run(seed: 1, test: 0.9876), Run(seed: 2, test: 0.8954)];

    [Fact]
    public void Tables_of_large_networks_fit_into_80_columns()
    {
        var arms = ArmStatistic.AllOf(Runs);
        Table[] tables =
        [
            ArmTables.Accuracy(Runs[0].Arms, ValidationSource.Training),
            ArmTables.Accuracy(arms, ValidationSource.Test),
            .. ArmTables.BalanceAndImages(arms),
            ArmTables.Cost(arms),
        ];
        Assert.All(tables, table => Assert.All(Text(table).Split('\n'), line => Assert.InRange(line.Length, 0, 80)));
    }

    [Theory]
    [InlineData(ValidationSource.Training, "held back from training")]
    [InlineData(ValidationSource.Test, "half of the test images")]
    public void The_table_says_where_the_validation_images_come_from(ValidationSource source, string expected)
    {
        Table[] tables = [ArmTables.Accuracy(Runs[0].Arms, source), ArmTables.Accuracy(ArmStatistic.AllOf(Runs), source)];
        foreach (var column in tables.Select(table => table.Columns.Single(column => column.Name == "validation_top1")))
            Assert.Contains(expected, column.Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_that_was_not_trained_here_has_no_epochs_and_no_time()
    {
        var reused = Runs[0].Arms[0] with { Epochs = 0, BestEpoch = 0, Seconds = 0 };
        Assert.Matches(@"(?m)^teacher +resnet32x4 +98\.8% +97\.0% +- +-$", Text(ArmTables.Accuracy([reused], ValidationSource.Training)));
    }

    [Theory]
    [InlineData(1.2, 1.4, "1.3 s")]
    [InlineData(100, 104, "1 min 42 s")]
    [InlineData(7200, 7320, "2 h 01 min")]
    [InlineData(0, 0, "-")] // not trained here
    public void The_time_over_seeds_is_a_duration(double first, double second, string expected)
    {
        var arms = ArmStatistic.AllOf([Trained(1, first), Trained(2, second)]);
        Assert.Matches($@"(?m)^teacher .* {expected} +2$", Text(ArmTables.Accuracy(arms, ValidationSource.Training)));
        Assert.Matches($@"(?m)^teacher .* {expected} +2$", Text(ArmTables.Of(arms, ValidationSource.Training, isWide: true)[0]));

        static RunSummary Trained(long seed, double seconds) => new("sample", seed, [Runs[0].Arms[0] with { Seconds = seconds }]);
    }

    [Fact]
    public void Balance_and_images_are_shown_where_they_say_something()
    {
        var arm = Runs[0].Arms[0] with { TestTop1 = 0.75, Confusion = [[3, 1], [1, 3]], LabelledImages = 200 };
        Assert.Empty(Tables(arm));
        Assert.Matches(@"(?m)^teacher +75\.00 +200 +2270$", Text(Assert.Single(Tables(arm with { UnlabelledImages = 2270 }))));
        var uneven = arm with { TestTop1 = 0.8, Confusion = [[7, 1], [1, 1]], LabelledImages = 0 };
        Assert.Matches(@"(?m)^teacher +68\.75 +- +-$", Text(Assert.Single(Tables(uneven))));

        static IReadOnlyList<Table> Tables(ArmSummary arm) =>
            ArmTables.BalanceAndImages(ArmStatistic.AllOf(new RunSummary("sample", 1, [arm])));
    }

    [Fact]
    public void Statistics_are_in_the_order_in_which_arms_run()
    {
        RunSummary[] reversed = [.. Runs.Select(run => run with { Arms = [.. run.Arms.Reverse()] })];
        Assert.Equal(ArmNames.All, ArmStatistic.AllOf(reversed).Select(arm => arm.Arm));
    }

    [Fact]
    public void A_single_value_has_no_deviation()
    {
        Assert.Equal("98.76", ArmStatistic.AllOf(Runs[0])[0].TestTop1.ToPercent(2));
        Assert.Equal("94.15 ± 6.52", ArmStatistic.AllOf(Runs)[0].TestTop1.ToPercent(2));
    }

    private static string Text(Table table) => TextRenderer.Render(new(table, table));

    private static RunSummary Run(long seed, double test) => new("sample", seed, [.. ArmNames.All.Select(arm => new ArmSummary
    {
        Arm = arm,
        Network = "resnet32x4",
        TestTop1 = test,
        ValidationTop1 = 0.97,
        Weights = 22_700_000,
        Nonzero = 11_400_000,
        Macs = 3_600_000_000,
        EffectiveMacs = 1_800_000_000,
        FileBytes = 145_600_000,
        LatencyMs = new(123.456, 130),
        LatencyDenseMs = new(234.567, 240),
        Seconds = 60_000 + seed,
        Epochs = 240,
        BestEpoch = 239,
        Confusion = [],
    })]);
}
