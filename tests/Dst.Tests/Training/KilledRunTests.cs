using System.Diagnostics;
using Dst.Tests.ModelFiles;
using Dst.Training.Runs;

namespace Dst.Tests.TrainingRuns;

/// <summary>Kills the program itself, as <c>kill -9</c> does, and resumes it.</summary>
public sealed class KilledRunTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact, Trait("Category", "Slow")]
    public void A_run_killed_in_two_arms_ends_with_the_bytes_of_an_unbroken_one()
    {
        string[] overrides = ["arms=[teacher, student-kd]", "train.epochs=12", "teacher.train.epochs=12"];
        string unbroken;
        using (var run = TinyRun.Create(TinyRun.Recipe(_folder.File("unbroken"), overrides)))
        {
            TinyRun.Run(run);
            unbroken = run.Path;
        }

        string killed;
        using (var run = TinyRun.Create(TinyRun.Recipe(_folder.File("killed"), overrides))) killed = run.Path;
        KillWhen(killed, metricsRows: 3);
        Assert.Empty(TinyRun.Arms(killed));
        KillWhen(killed, metricsRows: 15);
        Assert.Equal(["teacher"], TinyRun.Arms(killed));
        using (var run = RunFolder.Resume(killed, [])) TinyRun.Run(run);

        foreach (var arm in TinyRun.Arms(unbroken))
            Assert.Equal(File.ReadAllBytes(Path.Combine(unbroken, $"{arm}.safetensors")), File.ReadAllBytes(Path.Combine(killed, $"{arm}.safetensors")));
        Assert.Equal(TinyRun.Metrics(unbroken), TinyRun.Metrics(killed));
    }

    /// <summary>Resumes a run in a process of its own and kills it when it has written so many rows of metrics.</summary>
    private static void KillWhen(string folder, int metricsRows)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "dst.dll"), "run", "--resume", folder]) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var log = process.StandardError.ReadToEndAsync();
        var clock = Stopwatch.StartNew();
        while (File.ReadAllLines(Path.Combine(folder, "metrics.csv")).Length <= metricsRows)
        {
            Assert.False(process.HasExited, "the run ended by itself");
            Assert.True(clock.Elapsed < Deadline, "the run wrote no metrics");
            Thread.Sleep(5);
        }

        process.Kill();
        process.WaitForExit();
        Assert.NotEqual(0, process.ExitCode);
        Assert.DoesNotContain("dst: ", log.Result, StringComparison.Ordinal); // no error of its own
    }
}
