using System.Diagnostics;

namespace Dst.Fuzz;

/// <summary>
/// Starts a process for each target, one after another, so that one that dies (of a stack overflow, of memory) is a failure like any other.
/// </summary>
internal static class Supervisor
{
    /// <summary>Runs all targets, or the one that is named.</summary>
    /// <returns>The exit code: 0 if nothing failed.</returns>
    public static int Run(FuzzOptions options)
    {
        Directory.CreateDirectory(options.Out);
        string[] names = options.Target is { } only ? [Targets.Of(only).Name] : [.. Targets.Names];
        var failed = 0;
        foreach (var name in names)
        {
            var share = options with
            {
                Target = name,
                Inputs = options.Inputs == long.MaxValue ? long.MaxValue : (options.Inputs + names.Length - 1) / names.Length,
                Seconds = options.Seconds / names.Length,
            };
            if (!RunWorker(share)) failed++;
        }

        Console.WriteLine($"{names.Length - failed} targets without a failure, {failed} with");
        return failed == 0 ? 0 : 1;
    }

    private static bool RunWorker(FuzzOptions options)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(Supervisor).Assembly.Location, .. options.ToWorkerArguments()]);
        using var worker = Process.Start(start)!;
        worker.WaitForExit();
        if (worker.ExitCode is Worker.Done or Worker.Failed) return worker.ExitCode == Worker.Done;
        var number = BitConverter.ToInt64(File.ReadAllBytes(options.ProgressPath));
        File.WriteAllBytes(options.InputPath(number), Targets.Of(options.Target!).InputOf(options.Seed, number));
        Console.WriteLine(
            $"{options.Target}: the process died with exit code {worker.ExitCode} at input {number} of the seed {options.Seed}, "
            + $"kept as {options.InputPath(number)}; to repeat: {options.CommandFor(number)}");
        return false;
    }
}
