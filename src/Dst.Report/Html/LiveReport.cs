using System.Xml.Linq;
using Dst.Report.Html.Sections;
using Dst.Report.Runs;

namespace Dst.Report.Html;

/// <summary>The report of a run that goes on: where training is, and what is finished so far.</summary>
/// <example>
/// <code>
/// var run = RunResults.FindAll("runs/latest", Console.WriteLine)[0];
/// var page = LiveReport.Page(run, new LiveState(run.Folder, Version: 1, Progress: null));
/// </code>
/// </example>
public static class LiveReport
{
    /// <summary>Address of <see cref="Script"/> on the server.</summary>
    public const string ScriptPath = "/live.js";

    /// <summary>Address of <see cref="Now"/> on the server.</summary>
    public const string NowPath = "/now";

    /// <summary>The script that keeps the page new.</summary>
    public static string Script => HtmlPage.Resource("live.js");

    /// <summary>The section that says where training is.</summary>
    public static string Now(LiveState state) => HtmlPage.Line(LiveSection.Of(state));

    /// <summary>The whole page.</summary>
    /// <param name="run">The run with the arms that are finished.</param>
    /// <param name="state">Where training is.</param>
    public static string Page(RunResults run, LiveState state)
    {
        ArgumentNullException.ThrowIfNull(run);
        var runs = new PatternRuns(
            run.Summary.Recipe, PatternRuns.PatternOf(run), [], [run.Summary.Seed], ArmStatistic.AllOf(run.Summary))
        {
            Runs = [run],
        };
        ReportGroup[] groups = [new(0, runs, [new RunDetails(run)])];
        XElement?[] unfinished = [CurveSection.Of(groups), OriginSection.Of(groups)];
        var body = run.Summary.Arms.Count > 0 ? HtmlReport.Body(groups) : unfinished.OfType<XElement>();
        return HtmlPage.RenderLive(run.Summary.Recipe, ScriptPath, body.Prepend(LiveSection.Of(state)));
    }
}
