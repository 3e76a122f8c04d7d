using System.Xml.Linq;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Charts;

/// <summary>A picture of numbers, with the numbers themselves as a table.</summary>
/// <param name="Title">What it shows.</param>
internal abstract record Chart(string Title)
{
    /// <summary>A sentence that says how to read it, or null.</summary>
    public string? Note { get; init; }

    /// <summary>What its colours mean; empty if nothing needs to be said.</summary>
    public virtual IReadOnlyList<LegendEntry> Legend => [];

    /// <summary>The numbers behind it.</summary>
    public abstract Table Numbers { get; }

    /// <summary>The picture.</summary>
    public abstract XElement Draw();

    /// <summary>The chart as a part of a page.</summary>
    public XElement ToHtml() => Tag(
        "figure",
        Class("chart"),
        Tag("figcaption", Tag("h3", Title), Note is null ? null : Tag("p", Class("note"), Note)),
        Draw(),
        Legend.Count == 0 ? null : Tag("ul", Class("legend"), Legend.Select(entry => entry.ToHtml())),
        Tag("details", Tag("summary", "Numbers"), HtmlTable.Of(Numbers)));
}

/// <summary>What a colour or a shape means.</summary>
/// <param name="Classes">CSS classes of the sign, or null if the text has it.</param>
/// <param name="Text">What it means.</param>
internal sealed record LegendEntry(string? Classes, string Text)
{
    /// <summary>The sign and its text.</summary>
    public XElement ToHtml() => Tag("li", Classes is null ? null : Tag("i", Class($"sign {Classes}")), Text);
}
