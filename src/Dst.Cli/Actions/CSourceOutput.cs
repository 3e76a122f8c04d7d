using System.CommandLine;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Interop.CSource;
using Dst.Report;

namespace Dst.Cli.Actions;

/// <summary><c>dst export --format c</c>.</summary>
internal static class CSourceOutput
{
    private static readonly Option<string?> Name = SharedOptions.Text(
        "--name", "N",
        "For c: prefix of file and function names, a C identifier. Default: the name of the model file, as far as C allows it.");

    private static readonly Option<string> Weights = SharedOptions.Choice(
        "--weights",
        "For c: source makes the weights constants of the source; separate writes them into a binary file, which a function takes at run "
            + "time. Default: source.",
        EnumWords.All<WeightsPlace>(), EnumWords.Of(WeightsPlace.Source));

    private static readonly Option<bool> Check = new("--check")
    {
        Description = "For c: compiles the source with this machine's compiler and runs its test before the folder appears.",
    };

    private static readonly Option<string[]> CheckData = new("--check-data")
    {
        Description = "For c: compares with another program too. Two NumPy files of 32-bit floats: inputs [N, C, H, W] as they enter the "
            + "network, and the logits [N, outputs] that ONNX Runtime or PyTorch gives for them.",
        HelpName = "INPUTS LOGITS",
        Arity = new(2, 2),
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option[] Options = [Name, Weights, Check, CheckData];

    /// <summary>Adds the options of this format.</summary>
    public static void AddTo(Verb verb) => verb.AddOptions(Options);

    /// <summary>Refuses the options of this format for another one.</summary>
    /// <exception cref="InputException">There is one.</exception>
    public static void CheckHasNone(ParseResult arguments)
    {
        if (arguments.FirstGiven(Options) is { } vain)
            throw new InputException($"option {vain.Name} goes with --format c, which was expected");
    }

    /// <summary>Writes the source of a model and reports its sizes.</summary>
    public static void Write(Invocation call, Model model, string path, string folder)
    {
        var name = call.Arguments.GetValue(Name) ?? CSourceExport.NameFor(path);
        (string, string)? data = call.Arguments.GetValue(CheckData) is [var inputs, var logits] ? (inputs, logits) : null;
        var check = new CSourceCheck(call.Arguments.GetValue(Check), data);
        var place = EnumWords.Find<WeightsPlace>(call.Arguments.GetRequiredValue(Weights))!.Value;
        var report = CSourceExport.Write(model, folder, name, check, place, call.Cancellation);
        var notes = new List<string>(report.CheckOutput);
        if (report.Problem is not null) notes.Add($"code and stack: not measured, as {report.Problem}");
        if (report.ReplacesEarlier) notes.Add($"the earlier source in {folder} was replaced");
        var weights = place == WeightsPlace.Separate ? $"{name}.bin, " : "";
        var classes = model.ClassNames.Count > 0 ? $"{name}_classes.h, " : "";
        notes.Add($"{folder}: {name}.c, {name}.h, {weights}{classes}{name}_test.c, Makefile, README.md");
        var document = new { Folder = folder, Name = name, report.Sizes, report.Dense, report.CheckOutput };
        call.Report.Write(new(document, TableOf(report.Sizes, report.Dense), new Lines(notes)));
    }

    private static Table TableOf(CSourceSizes exported, CSourceSizes dense)
    {
        SizeRow Row(string part, Func<CSourceSizes, long?> bytes) => new(part, bytes(exported), bytes(dense));
        return Table.Of(
            [
                Row("flash: weights", sizes => sizes.WeightBytes),
                Row("flash: indices", sizes => sizes.IndexBytes),
                Row("flash: code", sizes => sizes.CodeBytes),
                Row("flash", sizes => sizes.FlashBytes),
                Row("RAM: arena", sizes => sizes.ArenaBytes),
                Row("RAM: stack", sizes => sizes.StackBytes),
                Row("RAM: image, the caller's", sizes => sizes.ImageBytes),
            ],
            new("part", "bytes", row => row.Part) { Alignment = Alignment.Left },
            new("exported", "exported", row => row.Exported),
            new("dense", "dense", row => row.Dense),
            new Column<SizeRow>("ratio", "ratio", row => row.Ratio, row => $"{row.Ratio:F2}"));
    }

    private sealed record SizeRow(string Part, long? Exported, long? Dense)
    {
        public double? Ratio => Dense > 0 ? (double?)Exported / Dense : null;
    }
}
