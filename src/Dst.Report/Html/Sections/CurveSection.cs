using System.Xml.Linq;
using Dst.Report.Html.Charts;
using Dst.Report.Runs;
using Dst.Training.Engine;
using Dst.Training.Experiments;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Sections;

/// <summary>How the training of each arm went.</summary>
internal static class CurveSection
{
    private const string Epoch = "Epoch", Top1 = "Top-1, %";

    /// <summary>The section, or null if nothing was trained.</summary>
    public static XElement? Of(IReadOnlyList<ReportGroup> groups)
    {
        var shown = groups.Where(group => group.Details.Any(run => run.Metrics.Count > 0)).ToList();
        if (shown.Count == 0) return null;
        return Section.Of(
            "curves", "Training",
            "The epoch that is kept is marked with a dot: that of the best validation accuracy, or without validation images the last.",
            shown.SelectMany(group => PartsOf(group, hasHeading: groups.Count > 1)));
    }

    private static IEnumerable<XElement> PartsOf(ReportGroup group, bool hasHeading)
    {
        if (hasHeading) yield return Tag("h3", group.Name);
        // An arm in training has epochs, but no row in the summary yet.
        var arms = ArmNames.All.Where(arm => group.Details.Any(run => EpochsOf(run, arm).Any())).ToList();
        foreach (var name in ArmNames.AutoEncoders.Where(name => group.Details.Any(run => EpochsOf(run, name).Any())))
        {
            var title = name == ArmNames.Pretrain ? "Auto-encoder" : "Auto-encoder of the teacher";
            yield return new LineChart(title, Epoch, "Loss", LossesOf(group, name))
            {
                Note = "Mean squared error of the images that it makes from its code.",
            }.ToHtml();
        }

        if (arms.Count > 1)
            yield return new LineChart(
                "Validation accuracy of all arms", Epoch, Top1, [.. arms.SelectMany(arm => Validation(group, arm, arm))]).ToHtml();
        yield return Section.SmallGrid(
            arms.Select(arm => new LineChart($"Accuracy of {arm}", Epoch, Top1, AccuracyOf(group, arm)) { IsSmall = true }.ToHtml()));
        yield return Tag(
            "details",
            Tag("summary", "Losses"),
            Tag("p", Class("note"), "The training loss has the terms of the teachers. The validation loss is the labels' cross-entropy."),
            Section.SmallGrid(
                arms.Select(arm => new LineChart($"Loss of {arm}", Epoch, "Loss", LossesOf(group, arm)) { IsSmall = true }.ToHtml())));
    }

    private static IEnumerable<LineSeries> Validation(ReportGroup group, string arm, string name) =>
        Series(group, arm, name, row => 100 * row.ValidationTop1).Zip(group.Details, (line, run) =>
            run.Run.Summary.Find(arm) is { BestEpoch: > 0 and var best } && line.Points.Any(point => point.X == best)
                ? line with { Marked = Mark(line.Points.Last(point => point.X == best)) }
                : line);

    private static (double X, double Y, string Text) Mark((double X, double Y) point) =>
        (point.X, point.Y, Invariant($"kept: epoch {point.X}, {point.Y:0.00}%"));

    private static IReadOnlyList<LineSeries> AccuracyOf(ReportGroup group, string arm) =>
    [
        .. Series(group, arm, "training, augmented", row => 100 * row.TrainTop1).Select(line => line with { IsDashed = true }),
        .. Validation(group, arm, "validation"),
    ];

    private static IReadOnlyList<LineSeries> LossesOf(ReportGroup group, string arm) =>
    [
        .. Series(group, arm, "training", row => row.TrainLoss).Select(line => line with { IsDashed = true }),
        .. Series(group, arm, "validation", row => row.ValidationLoss),
    ];

    private static IEnumerable<LineSeries> Series(ReportGroup group, string arm, string name, Func<EpochMetrics, double> value) =>
        group.Details.Select(run => new LineSeries(
            name, ReportGroup.ColourOf(arm), [.. EpochsOf(run, arm).Select(row => ((double)row.Epoch, value(row)))]));

    private static IEnumerable<EpochMetrics> EpochsOf(RunDetails run, string arm) => run.Metrics.Where(row => row.Arm == arm);
}
