using System.Xml.Linq;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Sections;

/// <summary>What the sections of a report share.</summary>
internal static class Section
{
    /// <summary>A section with its heading and a sentence that says what one sees.</summary>
    public static XElement Of(string name, string title, string? lead, params IEnumerable<object?> content) => Tag(
        "section", Class(name), Tag("h2", title), lead is null ? null : Tag("p", Class("lead"), lead), content);

    /// <summary>Elements side by side, as many as the page has room for.</summary>
    public static XElement Grid(params IEnumerable<object?> content) => Tag("div", Class("grid"), content);

    /// <summary>Many small elements side by side.</summary>
    public static XElement SmallGrid(params IEnumerable<object?> content) => Tag("div", Class("grid small"), content);

    /// <summary>A picture inside the page.</summary>
    public static XElement Image(string classes, byte[] png, string description) => Tag(
        "img",
        Class(classes),
        Attribute("src", $"data:image/png;base64,{Convert.ToBase64String(png)}"),
        Attribute("alt", description),
        Attribute("title", description));
}
