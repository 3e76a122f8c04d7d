using Dst.Cli.Usage;
using Dst.Report.Html;
using Dst.Report.Runs;

namespace Dst.Cli.Actions;

/// <summary>The report with which a run ends.</summary>
internal static class RunReport
{
    /// <summary>Writes the report of finished runs into a folder. The run has done its work if that cannot be done.</summary>
    /// <returns>The line that names it; empty if there is none.</returns>
    public static string[] Write(Invocation call, string folder, params IReadOnlyList<RunResults> runs)
    {
        var file = Path.Combine(folder, HtmlReport.FileName);
        try
        {
            HtmlReport.Save(file, runs, call.Report.Log);
            return [$"report: {file}"];
        }
        catch (InputException e)
        {
            call.Report.Log($"warning: there is no report: {e.Message}");
            return [];
        }
    }
}
