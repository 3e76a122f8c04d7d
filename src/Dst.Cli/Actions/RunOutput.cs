using Dst.Cli.Usage;
using Dst.ModelFiles;
using Dst.Report;
using Dst.Report.Models;
using Dst.Report.Runs;
using Dst.Training.Data;
using Dst.Training.Experiments.Runs;
using Dst.Training.Ranks;

namespace Dst.Cli.Actions;

/// <summary>Shows the results of a run, or of the runs of several seeds, and writes their report.</summary>
internal static class RunOutput
{
    /// <summary>Shows a finished run.</summary>
    public static void Write(Invocation call, TrainingRequest request, RunFolder run, RunSummary summary, DataSet data)
    {
        if (call.Ranks.Count > 1) call.Report.Log(Describe(call.Ranks));
        var results = new RunResults(run.Path, summary, run.Recipe);
        Block[] blocks =
        [
            .. !IsWide(call) && request.Blocks is { } blocksOf ? blocksOf(results) : BlocksOf(call, run, results),
            new Lines([
                $"run folder: {run.Path}", .. RunReport.Write(call, run.Path, results), .. NextCommands.Of(run, summary, data),
            ]),
        ];
        call.Report.Write(new(new { Folder = run.Path, summary.Recipe, summary.Seed, summary.Arms }, blocks));
    }

    /// <summary>Shows the finished runs of all seeds.</summary>
    /// <param name="call">The call.</param>
    /// <param name="set">The folder of the runs.</param>
    /// <param name="runs">The runs.</param>
    /// <param name="nextCommands">The last lines.</param>
    public static void Write(Invocation call, RunSet set, IReadOnlyList<RunResults> runs, IReadOnlyList<string> nextCommands)
    {
        var arms = ArmStatistic.AllOf([.. runs.Select(run => run.Summary)]);
        var document = new
        {
            Folder = set.Path,
            Recipe = set.Recipe.Name,
            set.Recipe.Seeds,
            Arms = arms,
            Runs = runs.Select(run => new { run.Folder, run.Summary.Seed, run.Summary.Arms }),
        };
        Block[] blocks =
        [
            .. ArmTables.Of(arms, set.Recipe.Data.ValidationFrom, IsWide(call)),
            new Lines([$"run folder: {set.Path}", .. RunReport.Write(call, set.Path, runs), .. nextCommands]),
        ];
        call.Report.Write(new(document, blocks));
    }

    private static bool IsWide(Invocation call) => call.Arguments.GetValue(SharedOptions.Wide);

    private static IEnumerable<Block> BlocksOf(Invocation call, RunFolder run, RunResults results)
    {
        var summary = results.Summary;
        var validation = run.Recipe.Data.ValidationFrom;
        var tables = ArmTables.Of(ArmStatistic.AllOf(summary), validation, IsWide(call));
        yield return IsWide(call) ? tables[0] : ArmTables.Accuracy(summary.Arms, validation);
        yield return TestNoise.Of(new RunDetails(results));
        foreach (var table in tables.Skip(1)) yield return table;
        if (summary.Arms.LastOrDefault(arm => arm.Layers.Count > 0) is { } pruned) yield return LayersOf(run, pruned);
    }

    /// <summary>What pruning did to each layer. Every pruned arm of a run keeps the same number of weights in each.</summary>
    private static Table LayersOf(RunFolder run, ArmSummary arm)
    {
        var skipped = arm.Layers.Where(layer => layer.Skipped is not null).ToDictionary(layer => layer.Name, layer => layer.Skipped!);
        return LayerTable.Of(LayerRow.AllOf(ModelFile.Load(run.ModelPath(arm.Arm))), skipped) with { Title = $"layers of {arm.Arm}:" };
    }

    private static string Describe(RankGroup ranks)
    {
        var traffic = ranks.Traffic;
        var overlap = traffic.Overlap is { } share
            ? $"; gradients were under way for {Format.Duration(traffic.GradientsSent)}, {100 * share:0} % of it while rank 0 computed"
            : "";
        return $"{ranks.Count} ranks; rank 0 sent {Format.Bytes(traffic.Bytes)} in {traffic.Messages} messages and waited for messages for "
            + $"{Format.Duration(traffic.Waited)}{overlap}";
    }
}
