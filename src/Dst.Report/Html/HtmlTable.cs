using System.Xml.Linq;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html;

/// <summary>Writes a table as HTML. One that is wider than the page scrolls by itself.</summary>
internal static class HtmlTable
{
    /// <summary>The table with its legend below.</summary>
    public static XElement Of(Table table) => Tag(
        "div",
        Class("table"),
        Tag(
            "table",
            table.Title is { } title ? Tag("caption", title) : null,
            Tag("thead", Tag("tr", table.Columns.Select(column => Tag("th", SideOf(column), Attribute("scope", "col"), column.Title)))),
            Tag("tbody", table.Rows.Select(
                row => Tag("tr", row.Zip(table.Columns, (cell, column) => Tag("td", SideOf(column), cell.Text)))))),
        table.Legend.Length > 0 ? Tag("p", Class("note"), table.Legend) : null);

    private static XAttribute? SideOf(Column column) => column.Alignment == Alignment.Left ? Class("left") : null;
}
