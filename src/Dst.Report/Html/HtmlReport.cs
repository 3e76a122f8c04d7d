using System.Text;
using System.Xml.Linq;
using Dst.Foundations;
using Dst.Report.Html.Sections;
using Dst.Report.Runs;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html;

/// <summary>
/// Finished runs as one HTML page: it needs no other file, no network and no script. Runs of one recipe with several seeds are taken
/// together, others are shown side by side.
/// </summary>
public static class HtmlReport
{
    /// <summary>Name of the report in a run folder.</summary>
    public const string FileName = "report.html";

    // The browser enforces it, whatever the names of classes and files hold.
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

    /// <summary>Writes the page to a file.</summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="runs">At least one run with an arm.</param>
    /// <param name="log">Takes one line at a time.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Save(string path, IReadOnlyList<FinishedRun> runs, Action<string> log)
    {
        var page = Encoding.UTF8.GetBytes(Render(runs, log));
        AtomicFile.Write(path, stream => stream.Write(page));
    }

    /// <summary>The page.</summary>
    /// <param name="runs">At least one run with an arm.</param>
    /// <param name="log">Takes one line at a time.</param>
    public static string Render(IReadOnlyList<FinishedRun> runs, Action<string> log)
    {
        var groups = PatternRuns.GroupsOf(runs, log).Where(group => group.Arms.Count > 0)
            .Select((group, i) => new ReportGroup(i, group, [.. group.Runs.Select(run => new RunDetails(run))])).ToList();
        return Write(groups.Count == 1 ? groups[0].Runs.Recipe : $"{groups.Count} experiments", Body(groups));
    }

    private static IEnumerable<XElement> Body(List<ReportGroup> groups)
    {
        // A section may find that a file is missing, so the sentence about them is made last.
        List<XElement?> shared = [ArmSection.Of(groups), TradeoffSection.Of(groups), CurveSection.Of(groups)];
        var details = groups.Select(group => (Group: group, Sections: DetailsOf(group).OfType<XElement>().ToList())).ToList();
        yield return SummarySection.Of(groups);
        foreach (var section in shared.OfType<XElement>()) yield return section;
        foreach (var (group, sections) in details)
        {
            if (groups.Count == 1) foreach (var section in sections) yield return section;
            else yield return Folded(group, sections);
        }

        yield return OriginSection.Of(groups);
    }

    private static IEnumerable<XElement?> DetailsOf(ReportGroup group) =>
        [ConfusionSection.Of(group), CalibrationSection.Of(group), LayerSection.Of(group)];

    private static XElement Folded(ReportGroup group, List<XElement> sections) => Tag(
        "details", Class("group"), group.Index == 0 ? Attribute("open", "") : null, Tag("summary", $"Details of {group.Name}"), sections);

    private static string Write(string title, IEnumerable<XElement> body)
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("report.css")!;
        using var styles = new StreamReader(stream);
        var page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.Append($"<meta http-equiv=\"Content-Security-Policy\" content=\"{Policy}\">\n");
        page.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Append(Line(Tag("title", $"{title} - DST report"))).Append("<style>\n").Append(styles.ReadToEnd());
        page.Append("</style>\n</head>\n<body>\n<main>\n");
        foreach (var section in body) page.Append(Line(section));
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static string Line(XElement element) => element.ToString(SaveOptions.DisableFormatting) + "\n";
}
