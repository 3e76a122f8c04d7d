using System.Xml.Linq;
using Dst.Report.Html.Sections;
using Dst.Report.Runs;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html;

/// <summary>
/// Finished runs as one HTML page: it needs no other file, no network and no script. Runs of one recipe with several seeds are taken
/// together, others are shown side by side.
/// </summary>
/// <example>
/// <code>
/// var runs = RunResults.FindAll("runs/quickstart", Console.WriteLine);
/// HtmlReport.Save("report.html", runs, Console.WriteLine);
/// </code>
/// </example>
public static class HtmlReport
{
    /// <summary>Name of the report in a run folder.</summary>
    public const string FileName = "report.html";

    /// <summary>Writes the page to a file.</summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="runs">At least one run with an arm.</param>
    /// <param name="log">Takes one line at a time.</param>
    /// <exception cref="InputException">No run has an arm, or the file cannot be written.</exception>
    public static void Save(string path, IReadOnlyList<RunResults> runs, Action<string> log) => HtmlPage.Save(path, Render(runs, log));

    /// <summary>The page.</summary>
    /// <param name="runs">At least one run with an arm.</param>
    /// <param name="log">Takes one line at a time.</param>
    /// <exception cref="InputException">No run has an arm.</exception>
    public static string Render(IReadOnlyList<RunResults> runs, Action<string> log)
    {
        var groups = PatternRuns.GroupsOf(runs, log).Where(group => group.Arms.Count > 0)
            .Select((group, i) => new ReportGroup(i, group, [.. group.Runs.Select(run => new RunDetails(run))])).ToList();
        if (groups.Count == 0) throw new InputException($"the run {runs[0].Folder} has no finished network; one was expected at least");
        return HtmlPage.Render(groups.Count == 1 ? groups[0].Runs.Recipe : $"{groups.Count} experiments", Body(groups));
    }

    /// <summary>All sections of at least one group, each with an arm.</summary>
    internal static IEnumerable<XElement> Body(IReadOnlyList<ReportGroup> groups)
    {
        // A section may find that a file is missing, so the sentence about them is made last.
        List<XElement?> shared = [ArmSection.Of(groups), TradeoffSection.Of(groups), CurveSection.Of(groups)];
        var details = groups.Select(group => (Group: group, Sections: DetailsOf(group).OfType<XElement>().ToList())).ToList();
        yield return SummarySection.Of(groups);
        foreach (var section in shared.OfType<XElement>()) yield return section;
        foreach (var section in groups.Count == 1 ? details[0].Sections : details.Select(part => Folded(part.Group, part.Sections)))
            yield return section;

        yield return OriginSection.Of(groups);
    }

    private static IEnumerable<XElement?> DetailsOf(ReportGroup group) =>
        [ConfusionSection.Of(group), CalibrationSection.Of(group), LayerSection.Of(group)];

    private static XElement Folded(ReportGroup group, List<XElement> sections) => Tag(
        "details", Class("group"), group.Index == 0 ? Attribute("open", "") : null, Tag("summary", $"Details of {group.Name}"), sections);
}
