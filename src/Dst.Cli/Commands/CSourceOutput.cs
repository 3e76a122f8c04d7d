using System.CommandLine;
using Dst.Cli.Report;
using Dst.Interop.CSource;

namespace Dst.Cli.Commands;

/// <summary><c>dst export --format c</c>.</summary>
internal static class CSourceOutput
{
    private static readonly Option<string?> Name = SharedOptions.Text("--name", "N", "For c: prefix of files and names, a C identifier. Default: the model file's name.");
    private static readonly Option<bool> Float = new("--float") { Description = "For c: float32 weights and arithmetic, which is the default and the only form." };
    private static readonly Option<bool> Check = new("--check") { Description = "For c: compile the source with this machine's compiler and run its test before the folder appears." };

    /// <summary>Adds the options of this format.</summary>
    public static void AddTo(Verb verb)
    {
        foreach (var option in new Option[] { Name, Float, Check }) verb.Add(option);
    }

    /// <summary>Writes the source of a model and reports its sizes.</summary>
    public static void Write(Invocation call, Model model, string path, string folder)
    {
        var name = call.Arguments.GetValue(Name) ?? Path.GetFileNameWithoutExtension(path);
        var report = CSourceExport.Write(model, folder, name, call.Arguments.GetValue(Check));
        call.Report.Result(new { Folder = folder, Name = name, report.Sizes, report.Dense, report.CheckOutput }, () =>
        {
            var table = new TextTable("bytes", "exported", "dense", "ratio");
            void Add(string what, Func<CSourceSizes, long?> bytes) => table.Add(
                what, Text(bytes(report.Sizes)), Text(bytes(report.Dense)), bytes(report.Sizes) is { } exported && bytes(report.Dense) is { } dense and > 0 ? $"{(double)exported / dense:F2}" : "-");
            Add("flash: weights", sizes => sizes.WeightBytes);
            Add("flash: indices", sizes => sizes.IndexBytes);
            Add("flash: code", sizes => sizes.CodeBytes);
            Add("flash", sizes => sizes.FlashBytes);
            Add("RAM: arena", sizes => sizes.ArenaBytes);
            call.Report.Table(table);
            call.Report.Line();
            if (report.Sizes.CodeBytes is null) call.Report.Line("code: not measured, as there is no C compiler (cc) here");
            if (report.CheckOutput is not null) call.Report.Line(report.CheckOutput);
            call.Report.Line($"{folder}: {name}.c, {name}.h, {name}_test.c, Makefile, README.md");
        });
    }

    private static string Text(long? bytes) => bytes is null ? "-" : $"{bytes}";
}
