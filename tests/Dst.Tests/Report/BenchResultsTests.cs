using System.Runtime.CompilerServices;

namespace Dst.Tests.Report;

/// <summary>The measured tables in <c>bench/results</c>.</summary>
public class BenchResultsTests
{
    public static TheoryData<string> Files =>
        new(
            Directory.EnumerateFiles(Folder(), "*.csv", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Folder(), path)).Order());

    [Theory, MemberData(nameof(Files))]
    public void Every_row_has_a_cell_for_each_column(string file)
    {
        var table = CsvText.Parse(File.ReadAllText(Path.Combine(Folder(), file)));
        Assert.True(table.Rows.Count > 1, "the table has no rows");
        Assert.Equal(table.Rows[0], table.Rows[0].Distinct());
        Assert.All(table.Rows, row => Assert.Equal(table.Rows[0].Count, row.Count));
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../bench/results"));
}
