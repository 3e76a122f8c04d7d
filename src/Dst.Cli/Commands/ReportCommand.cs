using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Report;
using Dst.Report.Html;
using Dst.Report.Runs;

namespace Dst.Cli.Commands;

/// <summary><c>dst report</c>: finished runs as one HTML page.</summary>
internal static class ReportCommand
{
    private static readonly Option<string?> Out = SharedOptions.Text(
        "--out", "FILE", $"The page. Default: {HtmlReport.FileName} in the folder, or here if there are several folders.");

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "report",
            "Writes finished runs as one HTML page with charts, which needs no network. "
                + "Runs of one recipe with several seeds are taken together, others stand side by side.",
            "report runs/quickstart/<time>",
            "report runs/quickstart runs/mstar --out compare.html")
        {
            SharedOptions.RunFolders,
            Out,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        OutputPath.Check(call.Arguments, Out);
        var folders = call.Arguments.GetRequiredValue(SharedOptions.RunFolders);
        var runs = RunResults.FindAll(folders, call.Report.Log);
        var file = call.Arguments.GetValue(Out)
            ?? (folders.Length == 1 ? Path.Combine(folders[0], HtmlReport.FileName) : HtmlReport.FileName);
        HtmlReport.Save(file, runs, call.Report.Log);
        var bytes = new FileInfo(file).Length;
        call.Report.Write(new(
            new { File = file, Bytes = bytes, Runs = runs.Select(run => run.Folder) },
            new Lines($"report: {file}, {Format.Bytes(bytes)}")));
    }
}
