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

    /// <summary>The section.</summary>
    public static XElement Of(ReportGroup group)
    {
        var chart = new ConfusionChart("Confusion matrix", group.ClassNames, group.Confusion);
        if (!chart.HasNames) chart = chart with { Note = "The table below the matrix names the classes by their numbers." };
        var seeds = group.Runs.Seeds.Count > 1 ? ", summed over the seeds" : "";
        return Section.Of(
            "confusion", $"Mistakes of {group.Main.Arm}", $"Test images by their label and what the network takes them for{seeds}.",
            Section.Grid(
                chart.ToHtml(),
                Tag("div", Class("pairs"), Tag("h3", "Pairs that are confused most"), PairsOf(group))));
    }

    private static IEnumerable<XElement> PairsOf(ReportGroup group)
    {
        var (rows, names) = (group.Confusion, group.ClassNames);
        var worst = rows.SelectMany((row, label) => row.Select((count, predicted) => (label, predicted, count)))
            .Where(cell => cell.label != cell.predicted && cell.count > 0).OrderByDescending(cell => cell.count).Take(Pairs).ToList();
        if (worst.Count == 0) yield return Tag("p", "No test image was taken for another class.");
        foreach (var (label, predicted, count) in worst)
        {
            yield return Tag(
                "div",
                Class("pair"),
                Tag("p", Tag("b", names[label]), " taken for ", Tag("b", names[predicted]), $": {count} of {rows[label].Sum()} images"),
                Tag("div", Class("thumbs"), ThumbnailsOf(group, label, predicted)));
        }
    }

    /// <summary>Images of a pair from the first run that has some.</summary>
    private static IEnumerable<XElement> ThumbnailsOf(ReportGroup group, int label, int predicted) =>
        group.Details.Select(run => run.TestOf(group.Main.Arm)).OfType<TestRecord>()
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
            Tag("figcaption", $"{100 * confidence:0}% sure"));
    }
}
