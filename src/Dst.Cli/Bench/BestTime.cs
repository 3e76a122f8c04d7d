using System.Diagnostics;

namespace Dst.Cli.Bench;

/// <summary>The shortest time of a job: what the machine can do when nothing else disturbs it.</summary>
internal static class BestTime
{
    private const double WarmUpSeconds = 0.1;
    private const double SampleSeconds = 0.005;
    private const int Samples = 20;

    /// <summary>Runs the job until it is compiled and the caches are warm, then takes the best of some samples, in seconds a run.</summary>
    public static double Of(Action job, int samples = Samples)
    {
        var runs = 0;
        var start = Stopwatch.GetTimestamp();
        for (; runs < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds; runs++) job();
        var runsPerSample = Math.Max(1, (int)(runs * SampleSeconds / Stopwatch.GetElapsedTime(start).TotalSeconds));

        var best = double.PositiveInfinity;
        for (var sample = 0; sample < samples; sample++)
        {
            start = Stopwatch.GetTimestamp();
            for (var i = 0; i < runsPerSample; i++) job();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / runsPerSample);
        }

        return best;
    }
}
