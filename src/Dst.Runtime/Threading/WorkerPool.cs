using System.Diagnostics;

namespace Dst.Runtime.Threading;

/// <summary>
/// Runs the numbered parts of a job on a fixed set of threads, without allocation. The parts of a job never depend on the number of
/// threads, so results do not either. The threads end when the pool is disposed, or collected as garbage.
/// </summary>
public sealed class WorkerPool : IDisposable
{
    /// <summary>Number of parts into which training splits its work, whatever the number of threads.</summary>
    public const int Parts = 8;

    private readonly WorkerCrew _crew;

    /// <summary>Starts the workers: one fewer than the threads, because the calling thread works too.</summary>
    /// <param name="threads">Threads that share the work, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 1.</exception>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        (Threads, _crew) = (threads, new(threads));
    }

    /// <summary>Ends the workers if <see cref="Dispose"/> was not called.</summary>
    ~WorkerPool() => _crew?.Stop(); // no crew if the constructor has thrown

    /// <summary>Threads that share the work, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>A worker calls it with its number before it takes parts, so that a test can hold it up.</summary>
    internal Action<int>? WorkerBegins
    {
        get => _crew.WorkerBegins;
        set => _crew.WorkerBegins = value;
    }

    /// <summary>
    /// Calls <paramref name="job"/> once for each part from 0 to <paramref name="parts"/> − 1, in any order and on any thread,
    /// and returns when all have ended. Pass a delegate that is kept, not a new lambda, where allocation matters.
    /// </summary>
    public void Run(int parts, Action<int> job) => RunJob(parts, job, long.MaxValue);

    /// <summary>
    /// As above. The job also gets the number of its thread, from 0 (the caller) to <see cref="Threads"/> − 1, which tells it whose
    /// memory it may use.
    /// </summary>
    /// <param name="parts">Number of parts.</param>
    /// <param name="job">Computes a part on a thread.</param>
    /// <param name="alone">
    /// The least ticks of <see cref="Stopwatch"/> that earlier runs of the same size returned. Where the caller is disturbed, they tell
    /// that cores are busy, and not that the job is long.
    /// </param>
    /// <returns>The ticks that the caller alone would take, as its own parts tell.</returns>
    public long Run(int parts, Action<int, int> job, long alone = long.MaxValue) => RunJob(parts, job, alone);

    /// <summary>Wakes threads that have rested long enough. Returns how many take part: fewer than all while some rest.</summary>
    public int CountActive() => _crew.CountActive();

    /// <inheritdoc/>
    public void Dispose()
    {
        _crew.Stop();
        _crew.Join();
        GC.SuppressFinalize(this);
    }

    private long RunJob(int parts, Delegate job, long alone)
    {
        ArgumentNullException.ThrowIfNull(job);
        var ticks = _crew.Run(parts, job, alone);
        GC.KeepAlive(this); // else the workers could end before the job does
        return ticks;
    }
}
