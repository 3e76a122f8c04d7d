using System.Xml.Linq;
using Dst.Report.Html.Charts;
using Dst.Report.Runs;
using Dst.Training.Experiments.Runs;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Sections;

/// <summary>Whether the networks are as sure as they are right.</summary>
internal static class CalibrationSection
{
    /// <summary>The section, or null if no arm has predictions.</summary>
    public static XElement? Of(ReportGroup group)
    {
        var arms = group.Arms.Select(arm => (arm.Arm, Calibration: CalibrationOf(group, arm.Arm)))
            .Where(arm => arm.Calibration is not null).Select(arm => (arm.Arm, Calibration: arm.Calibration!)).ToList();
        if (arms.Count == 0) return null;
        var main = arms.FirstOrDefault(arm => arm.Arm == group.Main.Arm, arms[^1]);
        var chart = ChartOf(main.Arm, main.Calibration) with
        {
            Note = "Bars below the diagonal: the network is surer than it is right. Darker bars hold more images.",
        };
        var others = arms.Where(arm => arm != main).Select(arm => (ChartOf(arm.Arm, arm.Calibration) with { IsSmall = true }).ToHtml());
        var table = Table.Of(
            arms,
            new("arm", "arm", arm => arm.Arm) { Alignment = Alignment.Left },
            new("accuracy", "right", arm => arm.Calibration.Accuracy, arm => Format.Percent(arm.Calibration.Accuracy)),
            new("confidence", "mean confidence", arm => arm.Calibration.Confidence, arm => Format.Percent(arm.Calibration.Confidence)),
            new("error", "calibration error", arm => arm.Calibration.Error, arm => Format.Percent(arm.Calibration.Error))
            {
                Meaning = "mean distance of the share that is right from the confidence, over ten ranges of confidence",
            });
        return Section.Of(
            "calibration", "Calibration", "The confidence is the probability that a network gives to its prediction.",
            Section.Grid(chart.ToHtml(), HtmlTable.Of(table)),
            arms.Count == 1 ? null : Tag("details", Tag("summary", "Reliability of the other arms"), Section.SmallGrid(others)));
    }

    private static ReliabilityChart ChartOf(string arm, Calibration calibration) =>
        new($"Reliability of {arm}", calibration, ReportGroup.ColourOf(arm));

    private static Calibration? CalibrationOf(ReportGroup group, string arm)
    {
        var predictions = group.Details.Select(run => run.TestOf(arm)).OfType<TestRecord>().SelectMany(test => test.Predictions).ToList();
        return predictions.Count == 0 ? null : Calibration.Of(predictions);
    }
}
