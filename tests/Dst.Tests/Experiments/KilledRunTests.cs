using System.Diagnostics;
using Dst.Cli;
using Dst.Tests.Foundations;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Experiments;

/// <summary>Kills or interrupts the program, as <c>kill -9</c> and Ctrl-C do, and resumes it.</summary>
public sealed class KilledRunTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_killed_in_two_arms_ends_with_the_bytes_of_an_unbroken_one()
    {
        var killed = Begin("killed");
        AssertKilled(StopWhen(killed, metricsRows: 3, process => process.Kill()));
        Assert.Empty(TinyRun.Arms(killed));
        AssertKilled(StopWhen(killed, metricsRows: 15, process => process.Kill()));
        Assert.Equal(["teacher"], TinyRun.Arms(killed));
        AssertEndsAsUnbroken(killed);
    }

    [Theory]
    [InlineData(2)] // SIGINT, as Ctrl-C sends it
    [InlineData(1)] // SIGHUP, as a closed terminal sends it
    [InlineData(15)] // SIGTERM
    public void A_run_ended_by_a_signal_exits_with_130_says_how_to_go_on_and_ends_with_the_bytes_of_an_unbroken_one(int signal)
    {
        var interrupted = Begin("interrupted");
        var (exitCode, log) = StopWhen(interrupted, metricsRows: 3, process => SystemCalls.Send(signal, process.Id));
        Assert.Equal(CommandLine.Cancelled, exitCode);
        Assert.EndsWith($"the state is saved; to go on: ./dst run --resume {interrupted}\ndst: cancelled\n", log, StringComparison.Ordinal);
        Assert.Empty(TinyRun.Arms(interrupted));
        AssertEndsAsUnbroken(interrupted);
    }

    /// <summary>The folder of a new run of two arms, in which nothing is trained yet.</summary>
    private string Begin(string name)
    {
        var recipe = TinyRun.Recipe(_folder.File(name), "arms=[teacher, student-kd]", "train.epochs=12", "teacher.train.epochs=12");
        using var run = TinyRun.Create(recipe);
        return run.Path;
    }

    private void AssertEndsAsUnbroken(string stopped)
    {
        var unbroken = Begin("unbroken");
        foreach (var path in new[] { unbroken, stopped })
        {
            using var run = RunFolder.Resume(path, []);
            TinyRun.Run(run);
        }

        foreach (var arm in TinyRun.Arms(unbroken))
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(unbroken, $"{arm}.safetensors")),
                File.ReadAllBytes(Path.Combine(stopped, $"{arm}.safetensors")));
        Assert.Equal(TinyRun.Metrics(unbroken), TinyRun.Metrics(stopped));
    }

    private static void AssertKilled((int ExitCode, string Log) process)
    {
        Assert.NotEqual(0, process.ExitCode);
        Assert.DoesNotContain("dst: ", process.Log, StringComparison.Ordinal); // no error of its own
    }

    /// <summary>Resumes a run in its own process and stops it once it has written that many rows of metrics.</summary>
    private static (int ExitCode, string Log) StopWhen(string folder, int metricsRows, Action<Process> stop)
    {
        // A shell's background jobs ignore interrupts, those of nohup hang-ups, and so would their children.
        var program = Path.Combine(AppContext.BaseDirectory, "dst.dll");
        string[] arguments = ["--default-signal=INT,HUP", "dotnet", "exec", program, "run", "--resume", folder];
        var start = new ProcessStartInfo("env", arguments) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var log = process.StandardError.ReadToEndAsync();
        var clock = Stopwatch.StartNew();
        while (File.ReadAllLines(Path.Combine(folder, "metrics.csv")).Length <= metricsRows)
        {
            Assert.False(process.HasExited, "the run ended by itself");
            Assert.True(clock.Elapsed < Deadline, "the run wrote no metrics");
            Thread.Sleep(5);
        }

        stop(process);
        Assert.True(process.WaitForExit(Deadline), "the run did not stop");
        return (process.ExitCode, log.Result);
    }
}
