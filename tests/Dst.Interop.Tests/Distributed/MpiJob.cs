using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Dst.Interop.Tests.Distributed;

/// <summary>A training that mpirun has started.</summary>
internal sealed class MpiJob : IDisposable
{
    public const string SimulatedData =
        "kind: simulated\n  simulated: {classes: 3, per_class_train: 10, per_class_test: 4, size: 16, difficulty: 0.2}";

    public const string Recipe = """
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
        train: {epochs: 24, batch: 9}
        """;

    /// <summary>Longer than all takes on a busy machine, and shorter than a rank waits for one that has died.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(9);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();

    private MpiJob(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => _lines.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _lines.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public static string Program => Path.Combine(AppContext.BaseDirectory, "dst.dll");

    /// <summary>The exit code, when it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>What all ranks have written so far. It has no end while a process that they started lives on.</summary>
    public string Log => string.Join('\n', _lines);

    /// <summary>The ranks that run on this machine.</summary>
    public List<int> Ranks =>
        [.. File.ReadAllText($"/proc/{_process.Id}/task/{_process.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => int.Parse(text, CultureInfo.InvariantCulture))];

    /// <summary>mpirun's arguments. Open MPI refuses the system's owner, and more processes than cores, unless it is told.</summary>
    public static string[] Arguments(int ranks, params string[] command) =>
        ["--allow-run-as-root", "--oversubscribe", "-n", ranks.ToString(CultureInfo.InvariantCulture), .. command];

    /// <summary>Starts a program in a folder.</summary>
    public static MpiJob Start(string folder, string program, params string[] arguments) =>
        new(Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!);

    /// <summary>Waits until a run in a folder has some rows of metrics.</summary>
    public void WaitForMetrics(string runs, int rows)
    {
        var file = Path.Combine(runs, "latest", "metrics.csv");
        var clock = Stopwatch.StartNew();
        for (var hasExited = false; !File.Exists(file) || File.ReadAllLines(file).Length <= rows; hasExited = _process.HasExited)
        {
            Assert.True(!hasExited && clock.Elapsed < Deadline, hasExited ? Log : "the job wrote no metrics");
            Thread.Sleep(20);
        }
    }

    /// <summary>Whether it ends.</summary>
    public bool WaitForExit() => _process.WaitForExit(Deadline);

    /// <summary>Sends a signal to mpirun, as Ctrl-C does.</summary>
    public void Interrupt() => Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();

    /// <summary>Fails unless the job and some processes end, the job with an error.</summary>
    public void AssertEnds(List<int> ranks)
    {
        Assert.True(_process.WaitForExit(Deadline), "the job did not end");
        Assert.True(SpinWait.SpinUntil(() => !ranks.Exists(IsRunning), Deadline), "a rank did not end");
        Assert.NotEqual(0, ExitCode);
    }

    /// <summary>Fails unless the ranks have written something like a pattern, or do so soon.</summary>
    public void AssertSays(string pattern)
    {
        SpinWait.SpinUntil(() => Regex.IsMatch(Log, pattern), Deadline);
        Assert.Matches(pattern, Log);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

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
}
