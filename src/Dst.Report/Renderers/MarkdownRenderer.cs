using System.Text;

namespace Dst.Report.Renderers;

/// <summary>Writes a result as Markdown.</summary>
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
        yield return $"| {string.Join(" | ", table.Columns.Select(column => Escape(column.Title)))} |";
        yield return $"|{string.Concat(table.Columns.Select(column => column.Alignment == Alignment.Left ? "---|" : "---:|"))}";
        foreach (var row in table.Rows) yield return $"| {string.Join(" | ", row.Select(cell => Escape(cell.Text)))} |";
        if (table.Legend.Length > 0) foreach (var line in new[] { "", table.Legend }) yield return line;
    }

    // A bar in a name would begin another cell.
    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
