namespace Dst.Tests.Foundations;

/// <summary>Memory that code takes from the heap.</summary>
internal static class Allocation
{
    private const int Tries = 3;

    /// <summary>
    /// Bytes that some runs of an action take on this thread. The least of several tries counts: the runtime may make something once at any
    /// time, but what the action takes it takes each time.
    /// </summary>
    public static long Of(Action action, int runs)
    {
        var least = long.MaxValue;
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var run = 0; run < runs; run++) action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
