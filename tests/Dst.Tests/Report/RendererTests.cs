using System.Text.Json;
using Dst.Report;
using Dst.Report.Renderers;

namespace Dst.Tests.Report;

public class RendererTests
{
    private static readonly Arm[] Arms = [new("teacher", 0.98126, 1200), new("dst", 0.0724, 5), new("uhp", null, 7)];

    private static Table ArmTable { get; } = Table.Of(
        Arms,
        new("arm", "arm", arm => arm.Name) { Alignment = Alignment.Left },
        new("top1", "top-1", arm => arm.Top1, arm => $"{100 * arm.Top1:F1}") { Unit = "%" },
        new("bytes", "bytes", arm => arm.Bytes));

    private static Result Sample { get; } = new(
        new { Arms }, new Heading("arms"), ArmTable with { Title = "three of them:" }, new Lines("a line", "another"));

    [Fact]
    public void Text_aligns_names_left_and_numbers_right_with_an_empty_line_between_blocks()
    {
        var expected = """
            arms

            three of them:
            arm      top-1, %  bytes
            teacher      98.1   1200
            dst           7.2      5
            uhp             -      7

            a line
            another

            """;
        Assert.Equal(expected, TextRenderer.Render(Sample));
    }

    [Fact]
    public void Markdown_has_a_header_a_rule_and_the_rows()
    {
        var expected = """
            ## arms

            three of them:

            | arm     | top-1, % | bytes |
            |---------|---------:|------:|
            | teacher |     98.1 |  1200 |
            | dst     |      7.2 |     5 |
            | uhp     |        - |     7 |

            a line
            another


            """;
        Assert.Equal(expected, MarkdownRenderer.Render(Sample));
    }

    [Fact]
    public void A_bar_in_a_cell_begins_no_other_cell_of_Markdown() =>
        Assert.Contains(@"| a\|b |", MarkdownRenderer.Render(new(0, Table.Of(["a|b"], new Column<string>("name", "name", name => name)))));

    [Fact]
    public void Json_has_the_whole_values()
    {
        using var document = JsonDocument.Parse(JsonRenderer.Render(Sample));
        var arms = document.RootElement.GetProperty("arms");
        Assert.Equal((0.98126, 1200), (arms[0].GetProperty("top1").GetDouble(), arms[0].GetProperty("bytes").GetInt32()));
        Assert.Equal(JsonValueKind.Null, arms[2].GetProperty("top1").ValueKind);
    }

    [Fact]
    public void Csv_has_facts_names_of_columns_and_whole_values()
    {
        var expected = """
            # cpu: AMD EPYC
            arm,top1,bytes
            teacher,0.98126,1200
            dst,0.0724,5
            uhp,,7

            """;
        Assert.Equal(expected, CsvRenderer.Render(ArmTable, new KeyValuePair<string, string>("cpu", "AMD EPYC")));
    }

    [Theory]
    [InlineData("a,b")]
    [InlineData("a \"b\" c")]
    [InlineData("a\nb")]
    public void A_cell_of_Csv_is_read_as_it_was_written(string name)
    {
        var text = CsvRenderer.Render(
            Table.Of(
                [name, "x"], new Column<string>("name", "name", cell => cell),
                new Column<string>("length", "length", cell => cell.Length)));
        Assert.Equal([["name", "length"], [name, $"{name.Length}"], ["x", "1"]], CsvText.Parse(text).Rows);
    }

    [Theory]
    [InlineData("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0")]
    [InlineData("-layer", "'-layer")]
    [InlineData("layer-1", "layer-1")]
    public void A_text_of_Csv_is_no_formula(string name, string written)
    {
        var text = CsvRenderer.Render(Table.Of([name], new("name", "name", cell => cell), new Column<string>("x", "x", _ => -1.5)));
        Assert.Equal([["name", "x"], [written, "-1.5"]], CsvText.Parse(text).Rows);
    }

    [Fact]
    public void Text_from_files_steers_no_terminal_and_begins_no_line()
    {
        const string name = "a\u001b[2Jb\nteacher  99.9\t\u202ec\u009b1md\ud800";
        const string shown = @"a\u001b[2Jb\nteacher  99.9\t\u202ec\u009b1md\ud800";
        Result result = new(0, new Lines(name), Table.Of([name], new Column<string>("name", "name", cell => cell)));
        foreach (var text in new[] { TextRenderer.Render(result), MarkdownRenderer.Render(result) })
        {
            Assert.Equal(2, text.Split('\n').Count(line => line.Contains(shown)));
            Assert.All(text, c => Assert.True(c == '\n' || !char.IsControl(c)));
        }

        Assert.Equal($"# model: {shown}", CsvRenderer.Render(ArmTable, new KeyValuePair<string, string>("model", name)).Split('\n')[0]);
    }

    [Theory]
    [InlineData("läufer 🚗 日本 \u200d")]
    [InlineData("")]
    public void Text_of_any_language_is_shown_as_it_is(string text) => Assert.Equal(text, Printable.Of(text));

    [Fact]
    public void Cells_have_the_whole_values_beside_their_text()
    {
        Assert.Equal(new Cell(0.98126, "98.1"), ArmTable.Rows[0][1]);
        Assert.Equal(Cell.Empty, ArmTable.Rows[2][1]);
    }

    [Fact]
    public void What_columns_hold_stands_below_the_table_in_lines_of_80()
    {
        var table = Table.Of(
            Arms,
            new("arm", "arm", arm => arm.Name)
            {
                Alignment = Alignment.Left,
                Meaning = "the name of the network, which says how it was trained and pruned",
            },
            new("bytes", "bytes", arm => arm.Bytes) { Meaning = "what it takes" });
        var expected = """
            arm      bytes
            teacher   1200
            dst          5
            uhp          7
            arm: the name of the network, which says how it was trained and pruned; bytes:
            what it takes

            """;
        Assert.Equal(expected, TextRenderer.Render(new(Arms, table)));
        Assert.Contains("| uhp     |     7 |\n\narm: the name", MarkdownRenderer.Render(new(Arms, table)));
    }

    private sealed record Arm(string Name, double? Top1, int Bytes);
}
