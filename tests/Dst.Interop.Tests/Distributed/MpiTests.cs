using System.Diagnostics;
using System.Globalization;
using Dst.Interop.Tests.CSource;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.Distributed;

/// <summary>Training under the system's mpirun, on one machine.</summary>
public sealed class MpiTests : IDisposable
{
    private const string Recipe = """
        name: tiny
        seed: 5
        threads: 1
        arms: [teacher, student-kd]
        data:
          kind: simulated
          simulated: {classes: 3, per_class_train: 10, per_class_test: 4, size: 16, difficulty: 0.2}
          validation: 0.2
          shift: 1
          pad: 1
        teacher: {arch: resnet8, width: 0.5}
        student: {arch: resnet8, width: 0.25}
        train: {epochs: 40, batch: 9}
        """;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(10);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_job_whose_rank_is_killed_goes_on_with_another_number_of_ranks_and_ends_with_the_bytes_of_one_process()
    {
        var recipe = Write("tiny.yaml", Recipe);
        AssertDone(Tool.Run(_folder.Path, "dotnet", [Program, "run", recipe, "--out", "alone"]));
        var alone = RunFolderIn("alone");

        using var job = Process.Start(new ProcessStartInfo("mpirun", [.. Job(4), "dotnet", Program, "run", recipe, "--out", "ranks"])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var log = job.StandardError.ReadToEndAsync();
        var clock = Stopwatch.StartNew();
        while (!HasMetrics("ranks", rows: 3))
        {
            Assert.True(!job.HasExited && clock.Elapsed < Deadline, "the job wrote no metrics");
            Thread.Sleep(20);
        }

        var ranks = ChildrenOf(job.Id);
        Assert.Equal(4, ranks.Count);
        Process.GetProcessById(ranks[3]).Kill();
        Assert.True(job.WaitForExit(TimeToEnd), "the job did not end");
        Assert.NotEqual(0, job.ExitCode);
        Assert.Contains("rank 3", await log, StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => !ranks.Exists(IsRunning), TimeToEnd), "a rank did not end");

        var stopped = RunFolderIn("ranks");
        Assert.False(File.Exists(Path.Combine(stopped, "summary.json")));
        AssertDone(Tool.Run(_folder.Path, "mpirun", [.. Job(2), "dotnet", Program, "run", "--resume", stopped]));
        foreach (var arm in new[] { "teacher", "student-kd" })
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(alone, $"{arm}.safetensors")),
                File.ReadAllBytes(Path.Combine(stopped, $"{arm}.safetensors")));
    }

    [Fact]
    public void A_job_of_different_recipes_ends_with_a_sentence_that_names_the_rank()
    {
        string[] other = ["dotnet", Program, "run", Write("other.yaml", Recipe.Replace("seed: 5", "seed: 6")), "--out", "ranks"];
        string[] first = [.. Job(1), "dotnet", Program, "run", Write("tiny.yaml", Recipe), "--out", "ranks"];
        var (exitCode, output) = Tool.Run(_folder.Path, "mpirun", [.. first, ":", "-n", "1", .. other]);
        Assert.Equal(2, exitCode);
        Assert.Contains("dst: rank 0: rank 1 has recipe ", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(_folder.File("ranks"), "2*", SearchOption.AllDirectories)); // nothing was trained
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "dst.dll");

    /// <summary>Open MPI refuses the system's owner, and more processes than cores, unless it is told.</summary>
    private static string[] Job(int ranks) =>
        ["--allow-run-as-root", "--oversubscribe", "-n", ranks.ToString(CultureInfo.InvariantCulture)];

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder.File(name), text);
        return _folder.File(name);
    }

    private string RunFolderIn(string name) => Directory.GetDirectories(Path.Combine(_folder.File(name), "tiny")).Single();

    private bool HasMetrics(string name, int rows) =>
        Path.Combine(_folder.File(name), "latest", "metrics.csv") is var file && File.Exists(file) && File.ReadAllLines(file).Length > rows;

    private static List<int> ChildrenOf(int process) =>
        [.. File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => int.Parse(text, CultureInfo.InvariantCulture))];

    private static bool IsRunning(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void AssertDone((int ExitCode, string Output) run) => Assert.True(run.ExitCode == 0, run.Output);
}
