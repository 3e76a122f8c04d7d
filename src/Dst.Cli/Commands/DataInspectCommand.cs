using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Report;
using Dst.Training.Data;
using Dst.Training.Experiments.Checks;

namespace Dst.Cli.Commands;

/// <summary><c>dst data inspect</c>: what a data set holds.</summary>
internal static class DataInspectCommand
{
    private static readonly Option<string?> Grid = SharedOptions.Text(
        "--grid", "FILE", "Writes a PNG with a row for each class: its first training images as the network sees them.");

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var inspect = new Verb(
            "inspect",
            "Shows what a data set holds: images of each class, sizes, values, and images that are in two splits. Data alone is split and "
                + "resized as dst train does it.",
            "data inspect photos --grid grid.png",
            "data inspect recipes/quickstart.yaml --json")
        {
            Grid,
            SharedOptions.Json,
        };
        RecipeOptions.AddTo(inspect);
        RecipeOptions.AddDataTo(inspect);
        inspect.Handle(Inspect);
        return inspect;
    }

    private static void Inspect(Invocation call)
    {
        OutputPath.CheckPicture(call.Arguments, Grid);
        EffectiveKeys.Check(RecipeInput.Overrides(call.Arguments), RecipeInput.DataKeys, call.Command);
        var recipe = new TrainingRequest { TrainsNothing = true }.Read(call);
        RunData.CheckSeed(call, recipe);
        var data = RunData.Load(call, recipe with { Data = recipe.Data with { AllowsSmallClasses = true } });
        var inspection = new DataInspection(data);
        if (call.Arguments.GetValue(Grid) is { } file) WriteGrid(inspection, file, data.Shape.Channels, call);
        var document = new
        {
            data.ClassNames,
            Input = data.Shape.ToString(),
            data.Normalisation,
            inspection.Splits,
            Leaks = inspection.Leaks.Select(leak => leak.ToString()),
        };
        call.Report.Write(new(document, ClassTable(data, inspection), SplitLines(inspection)));
    }

    private static void WriteGrid(DataInspection inspection, string file, int bands, Invocation call)
    {
        inspection.WriteGrid(file);
        if (bands is not (1 or 3)) call.Report.Log($"data inspect: {file} shows the first of {bands} bands");
    }

    private static Table ClassTable(DataSet data, DataInspection inspection)
    {
        var rows = data.ClassNames.Select(
            (name, label) => new ClassRow(name, [.. inspection.Splits.Select(split => (long)split.ClassCounts[label])]));
        var all = new ClassRow("all", [.. inspection.Splits.Select(split => (long)split.Count)]);
        return Table.Of(
            rows.Append(all),
            [
                new("class", "class", row => row.Name) { Alignment = Alignment.Left },
                .. inspection.Splits.Select((split, i) => new Column<ClassRow>(split.Name, split.Name, row => row.Images[i])),
            ]);
    }

    private static Lines SplitLines(DataInspection inspection)
    {
        const int shown = 5;
        var lines = new List<string>();
        foreach (var split in inspection.Splits.Where(split => split.Count > 0))
        {
            var sizes = string.Join(", ", split.Sizes.Take(shown).Select(size => $"{size.Height}x{size.Width} ({size.Count})"));
            var more = split.Sizes.Count > shown ? ", ..." : "";
            lines.Add($"{split.Name}: values {split.Min:G4} to {split.Max:G4}, mean {split.Mean:G4}; sizes {sizes}{more}");
        }

        lines.Add(
            inspection.Leaks.Count == 0
                ? "no image is in two splits"
                : $"{Phrases.Count(inspection.Leaks.Count, "kind")} of leak between splits: see the warnings");
        return new(lines);
    }

    private sealed record ClassRow(string Name, IReadOnlyList<long> Images);
}
