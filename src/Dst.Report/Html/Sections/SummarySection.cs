using System.Xml.Linq;
using Dst.Report.Runs;
using Dst.Training.Experiments.Runs;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Sections;

/// <summary>The head of a report: what was trained, and the numbers that one looks for first.</summary>
internal static class SummarySection
{
    private const int MostNotices = 3;

    /// <summary>The head.</summary>
    public static XElement Of(IReadOnlyList<ReportGroup> groups) => Tag(
        "header",
        Tag("p", Class("brand"), "DST report"),
        Tag("h1", groups.Count == 1 ? groups[0].Runs.Recipe : string.Join(", ", groups.Select(group => group.Runs.Recipe).Distinct())),
        groups.Select(group => Tag("p", Class("lead"), (groups.Count == 1 ? "" : $"{group.Runs.Recipe}, ") + DescriptionOf(group))),
        groups.Count == 1 ? Tag("div", Class("tiles"), TilesOf(groups[0])) : null,
        NoticeOf(groups));

    private static string DescriptionOf(ReportGroup group)
    {
        var images = group.Runs.Runs.Select(run => run.Summary.Find(group.Main.Arm)).OfType<ArmSummary>().First()
            .Confusion.Sum(row => row.Sum());
        var seeds = (group.Runs.Seeds.Count == 1 ? "seed " : "seeds ")
            + string.Join(", ", group.Runs.Seeds.Select(seed => Invariant($"{seed}")));
        var network = group.Dense is { } dense && dense.Network != group.Main.Network ? $"{group.Main.Network} after {dense.Network}"
            : group.Main.Network;
        var label = group.Runs.Label.Length > 0 ? $"{group.Runs.Label}: " : "";
        return $"{label}{network}, {group.Confusion.Count} classes, {Format.Count(images)} test images, {seeds}";
    }

    private static IEnumerable<XElement> TilesOf(ReportGroup group)
    {
        var (main, dense) = (group.Main, group.Dense);
        yield return Tile(
            $"Top-1 of {main.Arm}", $"{main.TestTop1.ToPercent(1)}%",
            dense is null ? "on the test images"
                : Invariant($"{100 * (main.TestTop1.Mean - dense.TestTop1.Mean):+0.0;-0.0;0.0} points against {dense.Arm}, ")
                    + "the dense network");
        yield return Tile(
            "Weights kept", Format.Percent((double)main.Nonzero / main.Weights),
            $"{Format.Count(main.Nonzero)} of {Format.Count(main.Weights)}");
        yield return Tile(
            "Model file", Format.Bytes(main.FileBytes),
            dense is null
                ? "as it is stored"
                : Invariant($"{(double)main.FileBytes / dense.FileBytes:F2} of {Format.Bytes(dense.FileBytes)} dense"));
        yield return Tile(
            "Time of one image", Invariant($"{main.Ms:F3} ms"),
            main.MsDense > main.Ms ? Invariant($"{main.MsDense / main.Ms:F2} times as fast as dense, one thread") : "one thread");
    }

    private static XElement Tile(string name, string value, string note) => Tag(
        "div", Class("tile"), Tag("p", Class("name"), name), Tag("p", Class("value"), value), Tag("p", Class("note"), note));

    private static bool HaveOtherImages(IEnumerable<RunDetails> runs) =>
        runs.Select(run => run.Manifest?.Data.GetValueOrDefault("test")).OfType<string>().Distinct().Count() > 1;

    private static XElement? NoticeOf(IReadOnlyList<ReportGroup> groups)
    {
        var details = groups.SelectMany(group => group.Details).ToList();
        var missing = details.SelectMany(
            run => run.Missing.Select(sentence => details.Count == 1 ? sentence : $"{run.Run.Folder}: {sentence}")).ToList();
        if (details.GroupBy(run => run.Run.Summary.Seed).Any(HaveOtherImages))
            missing.Add("runs of one seed were tested on different images, so their accuracies do not compare");
        if (missing.Count == 0) return null;
        var list = Tag("ul", missing.Select(sentence => Tag("li", sentence)));
        return missing.Count <= MostNotices
            ? Tag("div", Class("notice"), list)
            : Tag("details", Class("notice"), Tag("summary", $"{missing.Count} remarks about files"), list);
    }
}
