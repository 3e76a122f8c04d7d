using Dst.Foundations;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Report.Runs;

/// <summary>What compression gains and loses: a column for each arm, and how the smallest compares with its own dense network.</summary>
/// <example>
/// <code>
/// var run = RunResults.FindAll("runs/latest", Console.WriteLine)[0];
/// Console.Write(TextRenderer.Render(new Result(run.Summary, GainTable.Of(run), GainTable.Comparisons(run))));
/// </code>
/// </example>
public static class GainTable
{
    /// <summary>
    /// The table of a run. The last column compares the last arm with the dense network of the same architecture, or with the first arm
    /// if there is none.
    /// </summary>
    public static Table Of(RunResults run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var arms = run.Summary.Arms;
        var (last, other) = (arms[^1], DenseOf(run) ?? arms[0]);
        Row[] rows =
        [
            new("network", arm => arm.Network, ""),
            new("test top-1", arm => Format.Percent(arm.TestTop1), Points(last, other)),
            new("model file", arm => Format.Bytes(arm.FileBytes), $"{Share(last.FileBytes, other.FileBytes)} of it"),
            new("weights kept", arm => Format.Count(arm.Nonzero), $"{Share(last.Nonzero, other.Nonzero)} of it"),
            new("multiply-accumulates", arm => Format.Count(arm.EffectiveMacs), $"{Share(last.EffectiveMacs, other.EffectiveMacs)} of it"),
            new("ms an image, 1 thread", arm => Invariant($"{arm.LatencyMs.Min:F3}"), Speed(last, other)),
        ];
        return Table.Of(
            rows,
            [
                new("what", "", row => row.What) { Alignment = Alignment.Left },
                .. arms.Select(arm => new Column<Row>(arm.Arm, arm.Arm, row => row.TextOf(arm))),
                new("change", $"{last.Arm} against {other.Arm}", row => row.Change),
            ]);
    }

    /// <summary>
    /// A line for each pruned arm, against the dense network of the same architecture, then one for the last arm against the teacher if
    /// that is another network.
    /// </summary>
    public static Lines Comparisons(RunResults run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var lines = new List<string>();
        if (DenseOf(run) is { } dense)
        {
            var pruned = run.Summary.Arms.Where(arm => arm.Layers.Count > 0 && arm.Arm != dense.Arm);
            lines.AddRange(pruned.Select(arm => Compare(arm, dense, $"the same network, dense{InFloats(arm)}", MoreEpochs(run, arm))));
        }

        var last = run.Summary.Arms[^1];
        if (!run.Recipe.Student.IsTeacher && last.Arm != ArmNames.Teacher && run.Summary.Find(ArmNames.Teacher) is { } teacher)
            lines.Add(Compare(last, teacher, $"another network, {teacher.Network}"));
        return new(lines);
    }

    /// <summary>The dense network that the last arm was before pruning, or null if it was not trained or is the last arm itself.</summary>
    internal static ArmSummary? DenseOf(RunResults run) =>
        Arm.DenseOf(run.Recipe).Name is var name && name != run.Summary.Arms[^1].Arm ? run.Summary.Find(name) : null;

    private static string InFloats(ArmSummary arm) => Arm.Of(arm.Arm).Quantises is null ? "" : " and in floats";

    /// <summary>Epochs that an arm was trained from the finished dense network on; 0 if it did not start from there.</summary>
    private static int MoreEpochs(RunResults run, ArmSummary summary)
    {
        var arm = Arm.Of(summary.Arm);
        var floats = arm.Quantises is { } source ? source(run.Recipe) : arm;
        if (floats.StartIn(run.Recipe) != ArmStart.DenseNetwork) return 0;
        return summary.Epochs + (floats == arm ? 0 : run.Summary.Find(floats.Name)?.Epochs ?? 0);
    }

    private static string Compare(ArmSummary arm, ArmSummary other, string what, int moreEpochs = 0)
    {
        var training = moreEpochs > 0 ? $" after {Phrases.Count(moreEpochs, "more epoch")}" : "";
        return $"{arm.Arm} against {other.Arm} ({what}): {Points(arm, other)} of test top-1{training}, "
            + $"{Share(arm.FileBytes, other.FileBytes)} of the file, {Speed(arm, other)}";
    }

    private static string Points(ArmSummary arm, ArmSummary other) =>
        Invariant($"{100 * (arm.TestTop1 - other.TestTop1):+0.0;-0.0;0.0} points");

    private static string Share(long part, long whole) => Invariant($"{(double)part / whole:F2}");

    private static string Speed(ArmSummary arm, ArmSummary other) => Invariant($"{other.LatencyMs.Min / arm.LatencyMs.Min:F2} x as fast");

    private sealed record Row(string What, Func<ArmSummary, string> TextOf, string Change);
}
