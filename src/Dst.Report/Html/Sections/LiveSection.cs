using System.Xml.Linq;
using Dst.Report.Runs;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Sections;

/// <summary>Where the training of a run is.</summary>
internal static class LiveSection
{
    /// <summary>The section; its attribute <c>data-version</c> changes when the rest of the page does.</summary>
    public static XElement Of(LiveProgress? now, int version) => Tag(
        "section",
        Class("now"),
        Attribute("data-version", $"{version}"),
        Tag("p", Class("brand"), "Live"),
        now is null ? Tag("h2", "Training begins") : Tag("div", PartsOf(now)),
        Tag("p", Class("note contact"), "This page follows the run. It ends with it; the report stays in the run folder."));

    private static IEnumerable<XElement> PartsOf(LiveProgress now)
    {
        yield return Tag("h2", $"{now.Arm}, arm {now.Number} of {now.Arms}");
        yield return Tag("p", Class("lead"), $"{now.Network}, epoch {now.Epoch} of {now.Epochs}");
        yield return Tag(
            "progress", Attribute("value", Number(100 * now.Done)), Attribute("max", "100"), Format.Percent(now.Done));
        var all = now.Number < now.Arms ? $", {Format.Duration(now.RemainingOfAll)} for all arms" : "";
        yield return Tag(
            "p", $"loss {now.Loss:F4}, {now.ImagesPerSecond:F0} images/s, {Format.Duration(now.Remaining)} left{all}");
    }
}
