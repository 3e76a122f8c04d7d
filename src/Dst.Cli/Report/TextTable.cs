using System.Text;
using Spectre.Console;

namespace Dst.Cli.Report;

/// <summary>A table of short texts; the first column is aligned left and the others, which hold numbers, right.</summary>
internal sealed class TextTable(params string[] headers)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row, which must have as many cells as there are headers.</summary>
    public void Add(params string[] cells)
    {
        if (cells.Length != headers.Length) throw new ArgumentException($"{cells.Length} cells for {headers.Length} columns");
        _rows.Add(cells);
    }

    /// <summary>Columns of equal width, parted by two spaces.</summary>
    public string ToPlainText()
    {
        var widths = headers.Select((header, column) => _rows.Select(row => row[column].Length).Append(header.Length).Max()).ToArray();
        var text = new StringBuilder();
        foreach (var row in _rows.Prepend(headers))
        {
            var cells = row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            text.AppendLine(string.Join("  ", cells).TrimEnd());
        }

        return text.ToString();
    }

    /// <summary>A Markdown table.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.AppendLine($"| {string.Join(" | ", headers)} |");
        text.AppendLine($"|---|{string.Concat(Enumerable.Repeat("---:|", headers.Length - 1))}");
        foreach (var row in _rows) text.AppendLine($"| {string.Join(" | ", row)} |");
        return text.ToString();
    }

    /// <summary>A table with borders, for a terminal.</summary>
    public Table ToBordered()
    {
        var table = new Table().Border(TableBorder.Rounded);
        for (var column = 0; column < headers.Length; column++)
        {
            var header = new TableColumn(Markup.Escape(headers[column]));
            table.AddColumn(column == 0 ? header : header.RightAligned());
        }

        foreach (var row in _rows) table.AddRow(row.Select(Markup.Escape).ToArray());
        return table;
    }
}
