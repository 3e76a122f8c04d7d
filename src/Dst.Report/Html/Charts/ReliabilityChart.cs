using System.Xml.Linq;
using Dst.Report.Runs;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Charts;

/// <summary>The share of images that is recognised, by confidence. Bars of a calibrated network end at the diagonal.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Calibration">The ranges of confidence.</param>
/// <param name="Colour">CSS class of the bars' colour.</param>
internal sealed record ReliabilityChart(string Title, Calibration Calibration, string Colour) : Chart(Title)
{
    /// <summary>Whether it is one of many of its kind, which stand side by side.</summary>
    public bool IsSmall { get; init; }

    /// <inheritdoc/>
    public override Table Numbers => Table.Of(
        Calibration.Bins,
        new("confidence", "confidence", bin => RangeOf(bin)) { Alignment = Alignment.Left },
        new("images", "images", bin => bin.Images),
        new("mean", "mean confidence", bin => bin.Confidence, bin => Format.Percent(bin.Confidence)),
        new("accuracy", "right", bin => bin.Accuracy, bin => Format.Percent(bin.Accuracy)));

    /// <inheritdoc/>
    public override XElement Draw()
    {
        double[] range = [0, 100];
        var plot = new Plot(
            Scale.Linear("Confidence, %", range), Scale.Linear("Right, %", range), IsSmall ? Plot.SmallWidth : Plot.FullWidth,
            IsSmall ? Plot.SmallHeight : 300);
        return plot.Draw(
            $"{Title}: share of images that are right by confidence",
            Calibration.Bins.Select(bin => Draw(plot, bin)),
            Svg.Line("ideal", plot.ColumnOf(0), plot.RowOf(0), plot.ColumnOf(100), plot.RowOf(100)));
    }

    private XElement Draw(Plot plot, ConfidenceBin bin)
    {
        var (left, top) = (plot.ColumnOf(100 * bin.From) + 1, plot.RowOf(100 * bin.Accuracy));
        var hint = $"confidence {RangeOf(bin)}: {Format.Percent(bin.Accuracy)} of {bin.Images} images are right";
        return Tag(
            "g",
            Class(Colour),
            Svg.Box(
                "mark bar", left, top, plot.ColumnOf(100 * bin.To) - 1 - left, plot.RowOf(0) - top, hint,
                0.3 + 0.7 * Math.Sqrt((double)bin.Images / Calibration.Bins.Max(other => other.Images))));
    }

    private static string RangeOf(ConfidenceBin bin) => Invariant($"{100 * bin.From:0} to {100 * bin.To:0}%");
}
