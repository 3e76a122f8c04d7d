using Dst.Cli.Report;

namespace Dst.Tests.Cli;

public class TextTableTests
{
    private static TextTable Table()
    {
        var table = new TextTable("arm", "top-1", "bytes");
        table.Add("teacher", "98.1", "1200");
        table.Add("dst", "7.2", "5");
        return table;
    }

    [Fact]
    public void Plain_text_aligns_names_left_and_numbers_right()
    {
        var expected = """
            arm      top-1  bytes
            teacher   98.1   1200
            dst        7.2      5

            """;
        Assert.Equal(expected, Table().ToPlainText());
    }

    [Fact]
    public void Markdown_has_a_header_a_rule_and_the_rows()
    {
        var expected = """
            | arm | top-1 | bytes |
            |---|---:|---:|
            | teacher | 98.1 | 1200 |
            | dst | 7.2 | 5 |

            """;
        Assert.Equal(expected, Table().ToMarkdown());
    }

    [Fact]
    public void A_row_of_another_length_is_refused() => Assert.Throws<ArgumentException>(() => Table().Add("dst", "1"));
}
