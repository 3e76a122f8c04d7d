using System.Text;

namespace Dst.Report.Renderers;

/// <summary>Writes a result as plain text: blocks with an empty line between them, tables as aligned columns.</summary>
public static class TextRenderer
{
    private const int LegendWidth = 80;
    private const string Gap = "  ";

    /// <summary>The whole result; it ends with a line break.</summary>
    public static string Render(Result result) => string.Join(Environment.NewLine, result.Blocks.Select(Render));

    private static string Render(Block block) => block switch
    {
        Heading heading => JoinLines([heading.Text]),
        Lines lines => JoinLines(lines.Text),
        Table table =>
            JoinLines([.. table.Title is null ? [] : new[] { table.Title }, .. RowsOf(table), .. Format.Wrap(table.Legend, LegendWidth)]),
        _ => throw new NotSupportedException($"a {block.GetType().Name} has no form as text"),
    };

    private static string JoinLines(IEnumerable<string> lines)
    {
        var text = new StringBuilder();
        foreach (var line in lines) text.AppendLine(Printable.Of(line));
        return text.ToString();
    }

    private static IEnumerable<string> RowsOf(Table table) =>
        PaddedRows.Of(table, Printable.Of).Select(row => string.Join(Gap, row).TrimEnd());
}
