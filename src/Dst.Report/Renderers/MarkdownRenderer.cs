using System.Text;

namespace Dst.Report.Renderers;

/// <summary>Writes a result as Markdown, with tables that can be read as they stand.</summary>
public static class MarkdownRenderer
{
    /// <summary>The whole result; an empty line follows each block.</summary>
    public static string Render(Result result)
    {
        var text = new StringBuilder();
        foreach (var block in result.Blocks)
        {
            foreach (var line in LinesOf(block)) text.AppendLine(Printable.Of(line));
            text.AppendLine();
        }

        return text.ToString();
    }

    private static IEnumerable<string> LinesOf(Block block) => block switch
    {
        Heading heading => [$"## {heading.Text}"],
        Lines lines => lines.Text,
        Table table => LinesOf(table),
        _ => throw new NotSupportedException($"a {block.GetType().Name} has no form as Markdown"),
    };

    private static IEnumerable<string> LinesOf(Table table)
    {
        if (table.Title is not null) foreach (var line in new[] { table.Title, "" }) yield return line;
        var rows = PaddedRows.Of(table, Escape).ToList();
        yield return LineOf(rows[0]);
        yield return $"|{string.Concat(rows[0].Zip(table.Columns, (title, column) => RuleOf(title.Length, column.Alignment)))}";
        foreach (var row in rows.Skip(1)) yield return LineOf(row);
        if (table.Legend.Length > 0) foreach (var line in new[] { "", table.Legend }) yield return line;
    }

    private static string LineOf(string[] cells) => $"| {string.Join(" | ", cells)} |";

    private static string RuleOf(int width, Alignment alignment) =>
        alignment == Alignment.Left ? $"{new string('-', width + 2)}|" : $"{new string('-', width + 1)}:|";

    // A bar in a name would begin another cell.
    private static string Escape(string text) => Printable.Of(text).Replace("|", "\\|", StringComparison.Ordinal);
}
