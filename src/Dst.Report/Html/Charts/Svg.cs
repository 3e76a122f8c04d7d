using System.Xml.Linq;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Charts;

/// <summary>
/// Shapes of SVG. Their colours come from the style sheet, by the CSS classes that each is given, so that they fit a light and a dark page.
/// </summary>
internal static class Svg
{
    /// <summary>A picture that is as wide as its place on the page.</summary>
    public static XElement Picture(double width, double height, string label, params IEnumerable<object?> content) => Tag(
        "svg",
        Attribute("viewBox", $"0 0 {Number(width)} {Number(height)}"),
        Attribute("role", "img"),
        Attribute("aria-label", label),
        content);

    /// <summary>A straight line.</summary>
    public static XElement Line(string classes, double x1, double y1, double x2, double y2) => Tag(
        "line", Class(classes), Attribute("x1", Number(x1)), Attribute("y1", Number(y1)), Attribute("x2", Number(x2)),
        Attribute("y2", Number(y2)));

    /// <summary>A rectangle, with a text that is shown over it.</summary>
    public static XElement Box(string classes, double x, double y, double width, double height, string? hint = null, double opacity = 1) =>
        new XElement(
            "rect", Class(classes), Attribute("x", Number(x)), Attribute("y", Number(y)), Attribute("width", Number(Math.Max(width, 0))),
            Attribute("height", Number(Math.Max(height, 0))), opacity < 1 ? Attribute("fill-opacity", Number(opacity)) : null,
            hint is null ? null : Hint(hint));

    /// <summary>A text whose <paramref name="anchor"/> (start, middle or end) is at its place.</summary>
    public static XElement Text(string classes, double x, double y, string anchor, string text) => Tag(
        "text", Class(classes), Attribute("x", Number(x)), Attribute("y", Number(y)), Attribute("text-anchor", anchor), text);

    /// <summary>A text that browsers show where the pointer rests.</summary>
    public static XElement Hint(string text) => Tag("title", text);
}
