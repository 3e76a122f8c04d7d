using System.Diagnostics;

namespace Dst.Runtime.Inference;

/// <summary>Milliseconds of single runs.</summary>
internal static class RunTimes
{
    /// <summary>
    /// Runs for some seconds, and at least <paramref name="minRuns"/> times. <paramref name="after"/> is called after each run and is not
    /// timed.
    /// </summary>
    public static List<double> Of(
        Action run, double seconds, int minRuns, Action? after = null, CancellationToken cancellation = default)
    {
        var milliseconds = new List<double>();
        var begin = Stopwatch.GetTimestamp();
        while (milliseconds.Count < minRuns || Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds)
        {
            cancellation.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            run();
            milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            after?.Invoke();
        }

        return milliseconds;
    }
}
