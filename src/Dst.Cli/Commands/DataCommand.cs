using System.CommandLine;
using Dst.Cli.Report;
using Dst.Training.Data;

namespace Dst.Cli.Commands;

/// <summary><c>dst data inspect</c>: what a data set holds.</summary>
internal static class DataCommand
{
    private static readonly Option<string?> Grid = SharedOptions.Text("--grid", "FILE", "Write a PNG with a row for each class and its first training images as the network sees them.");

    /// <summary>Creates the verb and its one sub-verb.</summary>
    public static Command Create()
    {
        var inspect = new Verb(
            "inspect",
            "Shows class counts, image sizes, values and images that two splits share.",
            "data inspect --data.kind folder --data.path photos --grid grid.png",
            "data inspect recipes/quickstart.yaml --json")
        {
            Grid,
            SharedOptions.Json,
        };
        RecipeInput.AddTo(inspect);
        RecipeInput.AddDataTo(inspect);
        inspect.Handle(Inspect);
        return new Verb("data", "Looks at data sets.", "data inspect --help") { inspect };
    }

    private static void Inspect(Invocation call)
    {
        var recipe = RecipeInput.Load(call.Arguments);
        var data = DataSet.Load(recipe.Data, recipe.Seed, Environment.CurrentDirectory, call.Report.Log, call.Cancellation);
        var inspection = new DataInspection(data);
        if (call.Arguments.GetValue(Grid) is { } file) inspection.WriteGrid(file);
        var document = new
        {
            data.ClassNames,
            Input = data.Shape.ToString(),
            data.Normalisation,
            inspection.Splits,
            Leaks = inspection.Leaks.Select(leak => leak.ToString()),
        };
        call.Report.Result(document, () => Print(call.Report, data, inspection));
    }

    private static void Print(ReportWriter report, DataSet data, DataInspection inspection)
    {
        var classes = new TextTable(["class", .. inspection.Splits.Select(split => split.Name)]);
        foreach (var (label, name) in data.ClassNames.Index()) classes.Add([name, .. inspection.Splits.Select(split => $"{split.ClassCounts[label]}")]);
        classes.Add(["all", .. inspection.Splits.Select(split => $"{split.Count}")]);
        report.Table(classes);
        report.Line();
        foreach (var split in inspection.Splits.Where(split => split.Count > 0))
        {
            var sizes = string.Join(", ", split.Sizes.Take(5).Select(size => $"{size.Width}x{size.Height} ({size.Count})"));
            report.Line($"{split.Name}: values {split.Min:G4} to {split.Max:G4}, mean {split.Mean:G4}; sizes {sizes}{(split.Sizes.Count > 5 ? ", ..." : "")}");
        }

        report.Line(inspection.Leaks.Count == 0 ? "no image is in two splits" : $"{inspection.Leaks.Count} kinds of leak between splits: see the warnings");
    }
}
