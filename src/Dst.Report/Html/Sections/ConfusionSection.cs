using System.Xml.Linq;
using Dst.Images.Decoding;
using Dst.Report.Html.Charts;
using Dst.Training.Experiments.Runs;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Sections;

/// <summary>Which classes are taken for which, with images.</summary>
internal static class ConfusionSection
{
    private const int Pairs = 6;

    /// <summary>The section: the main arm, and the others behind a line each.</summary>
    public static XElement Of(ReportGroup group)
    {
        var seeds = group.Runs.Seeds.Count > 1 ? ", summed over the seeds" : "";
        var arms = group.ArmsByClass;
        return Section.Of(
            "confusion", $"Mistakes of {group.Main.Arm}", $"Test images by their label and what the network takes them for{seeds}.",
            PartOf(group, group.Main.Arm, "Confusion matrix"),
            arms.Count == 1 ? null : Tag("details", Tag("summary", "Share right of each class, arm beside arm"), RecallOf(group, arms)),
            arms.Skip(1).Select(arm => Tag(
                "details", Tag("summary", $"Mistakes of {arm}"), PartOf(group, arm, $"Confusion matrix of {arm}"))));
    }

    private static XElement PartOf(ReportGroup group, string arm, string title)
    {
        var chart = new ConfusionChart(title, group.ClassNames, group.ConfusionOf(arm));
        if (!chart.HasNames) chart = chart with { Note = "The table below the matrix names the classes by their numbers." };
        return Section.Grid(
            chart.ToHtml(),
            Tag("div", Class("pairs"), Tag("h3", "Pairs that are confused most"), PairsOf(group, arm)));
    }

    private static XElement RecallOf(ReportGroup group, IReadOnlyList<string> arms)
    {
        var counts = arms.ToDictionary(arm => arm, group.ConfusionOf);
        double? Recall(string arm, int label) => ConfusionChart.RecallOf(counts[arm], label);
        Column<int> ColumnOf(string arm) => new(arm, arm, label => Recall(arm, label), label => Format.Percent(Recall(arm, label)!.Value));
        return HtmlTable.Of(Table.Of(
            Enumerable.Range(0, group.ClassNames.Count),
            [
                new("class", "class", label => group.ClassNames[label]) { Alignment = Alignment.Left },
                .. arms.Select(ColumnOf),
            ]));
    }

    private static IEnumerable<XElement> PairsOf(ReportGroup group, string arm)
    {
        var (rows, names) = (group.ConfusionOf(arm), group.ClassNames);
        var worst = rows.SelectMany((row, label) => row.Select((count, predicted) => (label, predicted, count)))
            .Where(cell => cell.label != cell.predicted && cell.count > 0).OrderByDescending(cell => cell.count).Take(Pairs).ToList();
        if (worst.Count == 0) yield return Tag("p", "No test image was taken for another class.");
        else if (group.Details[0].ModelOf(arm)?.Graph.Input.Channels is { } bands and not (1 or 3))
            yield return Tag("p", $"Pictures show the first of {bands} bands.");
        foreach (var (label, predicted, count) in worst)
        {
            yield return Tag(
                "div",
                Class("pair"),
                Tag("p", Tag("b", names[label]), " taken for ", Tag("b", names[predicted]), $": {count} of {rows[label].Sum()} images"),
                Tag("div", Class("thumbs"), ThumbnailsOf(group, arm, label, predicted)));
        }
    }

    /// <summary>Images of a pair from the first run that has some.</summary>
    private static IEnumerable<XElement> ThumbnailsOf(ReportGroup group, string arm, int label, int predicted) =>
        group.Details.Select(run => run.TestOf(arm)).OfType<TestRecord>()
            .Select(test => test.Mistakes.Select(mistake => (Mistake: mistake, Said: test.Predictions[mistake.Index]))
                .Where(image => (image.Said.Label, image.Said.Predicted) == (label, predicted)).ToList())
            .FirstOrDefault(images => images.Count > 0, [])
            .Select(image => DrawThumbnail(image.Mistake, image.Said.Confidence));

    private static XElement DrawThumbnail(Mistake mistake, double confidence)
    {
        var picture = mistake.Picture;
        var png = PngFile.Encode(picture.Channels, picture.Height, picture.Width, picture.Pixels);
        return Tag(
            "figure", Section.Image("thumb", png, $"{mistake.Name}, test image {mistake.Index}"),
            Tag("figcaption", Invariant($"{100 * confidence:0}% sure")));
    }
}
