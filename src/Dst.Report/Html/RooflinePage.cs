using System.Xml.Linq;
using Dst.Report.Html.Charts;
using Dst.Report.Html.Sections;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html;

/// <summary>The layers of a measured network under the roof of the machine, as a page of one file.</summary>
/// <example>
/// <code>
/// MeasuredLayer[] layers = [new("conv1", "direct", OperationsPerByte: 12, Gflops: 80)];
/// var result = new Result(layers, new Lines("one layer, batch 1"));
/// RooflinePage.Save("roofline.html", result, "one layer", peakGflops: 115, memoryGbs: 20, layers);
/// </code>
/// </example>
public static class RooflinePage
{
    /// <summary>Writes the page to a file.</summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="result">The measurement, whose lines and table stand under the picture.</param>
    /// <param name="network">What was measured.</param>
    /// <param name="peakGflops">Floating-point operations a nanosecond that the processor can do.</param>
    /// <param name="memoryGbs">Bytes a nanosecond that its threads read from memory.</param>
    /// <param name="layers">The layers with weights.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Save(
        string path, Result result, string network, double peakGflops, double memoryGbs, IReadOnlyList<MeasuredLayer> layers)
    {
        ArgumentNullException.ThrowIfNull(result);
        var chart = new RooflineChart("What limits each layer", peakGflops, memoryGbs, layers)
        {
            Note = "A layer below the slope waits for memory, one below the flat part for multiply-adds. Operations are those of the kept "
                + "weights in direct form. A Winograd form needs fewer, and caches are faster than memory: a point may lie above the roof.",
        };
        var lines = result.Blocks.OfType<Lines>().SelectMany(block => block.Text);
        XElement[] body =
        [
            Tag("header", Tag("p", Class("brand"), "DST"), Tag("h1", network), lines.Select(line => Tag("p", Class("lead"), line))),
            Section.Of("roofline", "Layers", null, chart.ToHtml(), result.Blocks.OfType<Table>().Select(HtmlTable.Of)),
        ];
        HtmlPage.Save(path, HtmlPage.Render(network, body));
    }
}
