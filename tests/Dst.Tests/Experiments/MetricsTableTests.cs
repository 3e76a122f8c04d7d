using Dst.Tests.Foundations;
using Dst.Training.Engine;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Experiments;

/// <summary>The rows of <c>metrics.csv</c>.</summary>
public sealed class MetricsTableTests : IDisposable
{
    private const string Header = "arm,epoch,learning_rate,train_loss,train_top1,validation_loss,validation_top1,seconds,images_per_second";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_of_a_run_are_read_as_they_were_written()
    {
        EpochMetrics[] rows = [new("teacher", 1, 0.1, 2.5, 0.25, 1d / 3, 0.5, 1.5, 1000.5), new("dst", 12, 1e-9, 0, 1, 7, 0, 0.125, 3)];
        using (var run = TinyRun.Create(TinyRun.Recipe(_folder.Path)))
        {
            foreach (var row in rows) run.AddMetrics(row);
            Assert.Equal(rows, MetricsTable.Load(Path.Combine(run.Path, "metrics.csv")));
        }
    }

    [Fact]
    public void A_torn_last_line_is_left_out()
    {
        File.WriteAllText(_folder.File("m"), $"{Header}\ndst,1,1,2,3,4,5,6,7\ndst,2,1,2");
        Assert.Equal([1], MetricsTable.Load(_folder.File("m")).Select(row => row.Epoch));
    }

    [Fact]
    public void Lines_that_end_in_CR_LF_are_read()
    {
        File.WriteAllText(_folder.File("m"), $"{Header}\r\ndst,1,1,2,3,4,5,6,7\r\n");
        Assert.Equal([1], MetricsTable.Load(_folder.File("m")).Select(row => row.Epoch));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("arm", "does not begin with the line 'arm,epoch,")]
    [InlineData("arm,epoch\n", "does not begin with the line 'arm,epoch,")]
    [InlineData(Header + "\ndst,1,1,2,3,4,5,6\n", "has 'dst,1,1,2,3,4,5,6' in line 2; expected an arm, an epoch and 7 numbers")]
    [InlineData(Header + "\ndst,1,1,2,3,4,5,6,7\ndst,one,1,2,3,4,5,6,7\n", "in line 3")]
    [InlineData(Header + "\ndst,1,1,2,3,4,5,6,fast\n", "in line 2")]
    public void A_bad_row_is_one_sentence(string text, string expected)
    {
        File.WriteAllText(_folder.File("m"), text);
        Assert.Contains(
            expected, Assert.Throws<InputException>(() => MetricsTable.Load(_folder.File("m"))).Message, StringComparison.Ordinal);
    }
}
