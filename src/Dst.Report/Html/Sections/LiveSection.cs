using System.Xml.Linq;
using Dst.Report.Runs;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Sections;

/// <summary>Where the training of a run is.</summary>
internal static class LiveSection
{
    /// <summary>
    /// The section; its attribute <c>data-version</c> changes when the rest of the page does, and <c>data-lost</c> is what the page says
    /// when nobody answers it.
    /// </summary>
    public static XElement Of(LiveState run) => Tag(
        "section",
        Class("now"),
        Attribute("data-version", $"{run.Version} of {run.Folder}"),
        Attribute("data-lost", run.End ?? $"This page cannot reach the run any more. Its folder is {run.Folder}"),
        Tag("p", Class("brand"), run.End is null ? "Live" : "End"),
        run switch
        {
            { End: { } end } => Tag("h2", end),
            { Progress: { } now } => Tag("div", PartsOf(now)),
            _ => Tag("h2", "Training begins"),
        },
        Tag("p", Class("note contact"), run.End is null ? $"This page follows the run in {run.Folder}" : "This page stays as it is."));

    private static IEnumerable<XElement> PartsOf(LiveProgress now)
    {
        yield return Tag("h2", $"{now.Arm}, arm {now.Number} of {now.Arms}");
        yield return Tag("p", Class("lead"), $"{now.Network}, epoch {now.Epoch} of {now.Epochs}");
        yield return Tag(
            "progress", Attribute("value", Number(100 * now.Done)), Attribute("max", "100"), Format.Percent(now.Done));
        var all = now.Number < now.Arms ? $", {Format.Duration(now.RemainingOfAll)} for all arms" : "";
        yield return Tag(
            "p", Invariant($"loss {now.Loss:F4}, {now.ImagesPerSecond:F0} images/s, {Format.Duration(now.Remaining)} left{all}"));
    }
}
