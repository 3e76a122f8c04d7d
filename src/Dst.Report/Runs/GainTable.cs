using Dst.Training.Experiments.Runs;

namespace Dst.Report.Runs;

/// <summary>What compression gains and loses: a column for each arm, from the large network to the halved one.</summary>
/// <example>
/// <code>
/// var summary = RunSummary.Load("runs/latest/summary.json");
/// Console.Write(TextRenderer.Render(new Result(summary, GainTable.Of(summary))));
/// </code>
/// </example>
public static class GainTable
{
    /// <summary>The table of a run. The last column compares the last arm with the first.</summary>
    public static Table Of(RunSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        var arms = summary.Arms;
        var (first, last) = (arms[0], arms[^1]);
        Row[] rows =
        [
            new("network", arm => arm.Network, ""),
            new(
                "test top-1", arm => Format.Percent(arm.TestTop1),
                Invariant($"{100 * (last.TestTop1 - first.TestTop1):+0.0;-0.0;0.0} points")),
            new("model file", arm => Format.Bytes(arm.FileBytes), Share(last.FileBytes, first.FileBytes)),
            new("weights kept", arm => Format.Count(arm.Nonzero), Share(last.Nonzero, first.Nonzero)),
            new("multiply-accumulates", arm => Format.Count(arm.EffectiveMacs), Share(last.EffectiveMacs, first.EffectiveMacs)),
            new(
                "ms an image, 1 thread", arm => Invariant($"{arm.LatencyMs.Min:F3}"),
                Invariant($"{first.LatencyMs.Min / last.LatencyMs.Min:F2} x as fast")),
        ];
        return Table.Of(
            rows,
            [
                new("what", "", row => row.What) { Alignment = Alignment.Left },
                .. arms.Select(arm => new Column<Row>(arm.Arm, arm.Arm, row => row.TextOf(arm))),
                new("change", $"{last.Arm} against {first.Arm}", row => row.Change),
            ]);
    }

    private static string Share(long part, long whole) => Invariant($"{(double)part / whole:F2} of it");

    private sealed record Row(string What, Func<ArmSummary, string> TextOf, string Change);
}
