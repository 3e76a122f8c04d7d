using System.Globalization;
using System.Text;
using Dst.Foundations;

namespace Dst.Report.Renderers;

/// <summary>
/// Writes a table as CSV (RFC 4180): the names of the columns, then the whole values; a cell without a value is empty. A text that a
/// spreadsheet would take for a formula has an apostrophe in front.
/// </summary>
public static class CsvRenderer
{
    private static readonly char[] Special = [',', '"', '\n', '\r'];
    private static readonly char[] FormulaSigns = ['=', '+', '-', '@', '\t', '\r'];

    /// <summary>Writes a table, with its facts as <see cref="Render"/> has them, to a file in UTF-8.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Save(string path, Table table, params IEnumerable<KeyValuePair<string, string>> facts)
    {
        var text = Encoding.UTF8.GetBytes(Render(table, facts));
        AtomicFile.Write(path, stream => stream.Write(text));
    }

    /// <summary>The table after a line <c># name: value</c> for each fact that holds for all its rows.</summary>
    public static string Render(Table table, params IEnumerable<KeyValuePair<string, string>> facts)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in facts) text.Append($"# {name}: {Printable.Of(value)}\n");
        AppendRow(text, table.Columns.Select(column => column.Name));
        foreach (var row in table.Rows)
            AppendRow(text, row.Select(cell => TextOf(cell.Value)));
        return text.ToString();
    }

    private static string TextOf(object? value) => value is string { Length: > 0 } text && FormulaSigns.Contains(text[0])
        ? $"'{text}"
        : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(Quote)).Append('\n');

    private static string Quote(string cell) =>
        cell.IndexOfAny(Special) < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
