namespace Dst.Report.Renderers;

/// <summary>The rows of a table as text, with cells of one width in each column.</summary>
internal static class PaddedRows
{
    /// <summary>The titles of the columns, then the rows.</summary>
    /// <param name="table">The table.</param>
    /// <param name="clean">Makes a text fit to be a cell.</param>
    public static IEnumerable<string[]> Of(Table table, Func<string, string> clean)
    {
        var titles = table.Columns.Select(column => clean(column.Title)).ToArray();
        var rows = table.Rows.Select(row => row.Select(cell => clean(cell.Text)).ToArray()).Prepend(titles).ToList();
        var widths = table.Columns.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        string Align(string text, int column) =>
            table.Columns[column].Alignment == Alignment.Left ? text.PadRight(widths[column]) : text.PadLeft(widths[column]);
        return rows.Select(row => row.Select(Align).ToArray());
    }
}
