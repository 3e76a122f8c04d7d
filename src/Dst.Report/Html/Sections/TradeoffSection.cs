using System.Xml.Linq;
using Dst.Report.Html.Charts;
using Dst.Report.Runs;

namespace Dst.Report.Html.Sections;

/// <summary>Accuracy against time and against size.</summary>
internal static class TradeoffSection
{
    /// <summary>The section.</summary>
    public static XElement Of(IReadOnlyList<ReportGroup> groups)
    {
        var bars = groups.Any(group => group.Runs.Seeds.Count > 1) ? " Bars are standard deviations over the seeds." : "";
        return Section.Of(
            "tradeoff", "Accuracy against cost",
            "Better networks are higher, cheaper ones are further left. The line joins those that no other beats in both." + bars,
            Section.Grid(
                Chart("Accuracy against time", "Time of one image on one thread, ms", arm => arm.Ms),
                Chart("Accuracy against size", "Model file, kB", arm => arm.FileBytes / 1e3)));

        XElement Chart(string title, string cost, Func<ArmStatistic, double> costOf) =>
            new ScatterChart(title, cost, "Test top-1, %", PointsOf(groups, costOf)).ToHtml();
    }

    private static IReadOnlyList<ScatterPoint> PointsOf(IReadOnlyList<ReportGroup> groups, Func<ArmStatistic, double> cost) =>
    [
        .. groups.SelectMany(group => group.Arms.Select(arm => new ScatterPoint(
            arm.Arm, group.Name, ReportGroup.ColourOf(arm.Arm), group.Index, cost(arm), 100 * arm.TestTop1.Mean,
            100 * arm.TestTop1.Deviation))),
    ];
}
