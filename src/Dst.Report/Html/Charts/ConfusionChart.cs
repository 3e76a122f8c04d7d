using System.Xml.Linq;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Charts;

/// <summary>Test images by label and prediction. The darker a cell, the larger its share of the images of its label.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="ClassNames">Class names in label order.</param>
/// <param name="Rows">Counts by [label][prediction].</param>
internal sealed record ConfusionChart(
    string Title, IReadOnlyList<string> ClassNames, IReadOnlyList<IReadOnlyList<long>> Rows) : Chart(Title)
{
    private const int MostNames = 24, MostCounts = 14, LongestName = 14;
    private const double Width = Plot.FullWidth, LetterWidth = 6.4;

    private int Classes => ClassNames.Count;

    /// <summary>Whether its sides have room for the names of all classes; else they have numbers.</summary>
    public bool HasNames => Classes <= MostNames;

    /// <inheritdoc/>
    public override IReadOnlyList<LegendEntry> Legend => [new("right", "right"), new("wrong", "taken for another class")];

    /// <inheritdoc/>
    public override Table Numbers => Table.Of(
        Enumerable.Range(0, Classes),
        new("number", "number", label => label),
        new("class", "class", label => ClassNames[label]) { Alignment = Alignment.Left },
        new("images", "images", label => Rows[label].Sum()),
        new("recall", "right", label => RecallOf(Rows, label), label => Format.Percent(RecallOf(Rows, label)!.Value)),
        new("taken_for", "most often taken for", WorstOf) { Alignment = Alignment.Left });

    /// <summary>Share of the images of a label that are recognised, 0 to 1; null without images.</summary>
    /// <param name="rows">Counts by [label][prediction].</param>
    /// <param name="label">The label.</param>
    public static double? RecallOf(IReadOnlyList<IReadOnlyList<long>> rows, int label) =>
        rows[label].Sum() is > 0 and var all ? (double)rows[label][label] / all : null;

    /// <inheritdoc/>
    public override XElement Draw()
    {
        var longest = HasNames ? ClassNames.Max(name => Math.Min(name.Length, LongestName)) : 3;
        var margin = 24 + longest * LetterWidth;
        var side = (Width - margin - 8) / Classes;
        return Svg.Picture(
            Width, Width, $"{Title}: {Classes} classes",
            Svg.Box("frame", margin, margin, side * Classes, side * Classes),
            Enumerable.Range(0, Classes).Where(IsNamed).Select(label => DrawName(label, margin, side)),
            Svg.Text("axis", margin + side * Classes / 2, 12, "middle", "prediction"),
            Tag(
                "g",
                Attribute("transform", $"translate(12 {Number(margin + side * Classes / 2)}) rotate(-90)"),
                Svg.Text("axis", 0, 0, "middle", "label")),
            Enumerable.Range(0, Classes).SelectMany(label => DrawRow(label, margin, side)));
    }

    private IEnumerable<XElement> DrawRow(int label, double margin, double side)
    {
        var all = Rows[label].Sum();
        for (var predicted = 0; predicted < Classes; predicted++)
        {
            var count = Rows[label][predicted];
            if (count == 0) continue;
            var (x, y, share) = (margin + predicted * side, margin + label * side, (double)count / all);
            var hint = $"{ClassNames[label]} taken for {ClassNames[predicted]}: {count} of {all}";
            // A square root makes a few mistakes visible beside many.
            yield return Svg.Box(
                label == predicted ? "mark right" : "mark wrong", x, y, side, side, hint, 0.08 + 0.92 * Math.Sqrt(share));
            if (Classes <= MostCounts)
                yield return Svg.Text(share > 0.4 ? "count strong" : "count", x + side / 2, y + side / 2 + 4, "middle", $"{count}");
        }
    }

    private bool IsNamed(int label) => HasNames || label % 10 == 0;

    private XElement DrawName(int label, double margin, double side)
    {
        var middle = margin + (label + 0.5) * side;
        var name = !HasNames ? $"{label}" : Shorten(ClassNames[label]);
        return Tag(
            "g",
            Svg.Text("tick", margin - 5, middle + 4, "end", name),
            Tag(
                "g",
                Attribute("transform", $"translate({Number(middle + 4)} {Number(margin - 5)}) rotate(-90)"),
                Svg.Text("tick", 0, 0, "start", name)));
    }

    private string? WorstOf(int label)
    {
        var (worst, count) = Rows[label].Select((count, predicted) => (predicted, count)).Where(cell => cell.predicted != label)
            .DefaultIfEmpty().MaxBy(cell => cell.count);
        return count == 0 ? null : $"{ClassNames[worst]} ({count})";
    }

    private static string Shorten(string name) => name.Length <= LongestName ? name : $"{name[..(LongestName - 1)]}…";
}
