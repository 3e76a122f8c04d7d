using Dst.Tests.Foundations;
using Dst.Training.Engine;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Experiments;

public sealed class MetricsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_are_read_as_they_were_written()
    {
        EpochMetrics[] rows = [new("teacher", 1, 0.05, 2.25, 0.125, 2.5, 0.1, 1.5, 640.5), new("dst", 12, 1e-7, double.NaN, 1, 3.5e-9, 0.99, 0.125, 12)];
        Assert.Equal(rows, Read([MetricsFile.Header, .. rows.Select(MetricsFile.Format), ""]));
    }

    [Fact]
    public void A_torn_last_line_is_left_out() => Assert.Empty(Read([MetricsFile.Header, "dst,1,0.05"]));

    [Theory]
    [InlineData("dst,1,0.05", "line 2")]
    [InlineData("dst,one,0,0,0,0,0,0,0", "line 2")]
    [InlineData("dst,1,0,0,0,x,0,0,0", "line 2")]
    public void A_line_that_is_no_row_is_named(string line, string place) =>
        Assert.Contains(place, Assert.Throws<InputException>(() => Read([MetricsFile.Header, line, ""])).Message);

    [Fact]
    public void A_file_of_another_kind_is_named() => Assert.Contains("metrics.csv", Assert.Throws<InputException>(() => Read(["a,b", ""])).Message);

    private IReadOnlyList<EpochMetrics> Read(string[] lines)
    {
        File.WriteAllText(_folder.File("metrics.csv"), string.Join('\n', lines));
        return MetricsFile.Read(_folder.File("metrics.csv"));
    }
}
