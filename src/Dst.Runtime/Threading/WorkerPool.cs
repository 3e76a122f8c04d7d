using System.Diagnostics;

namespace Dst.Runtime.Threading;

/// <summary>
/// Runs the numbered parts of a job on a fixed set of threads, without allocation. The parts of a job never depend on the number of
/// threads, so results do not either. Idle threads spin for a moment before they sleep, because to wake one takes longer than many layers.
/// </summary>
public sealed class WorkerPool : IDisposable
{
    /// <summary>Number of parts into which training splits its work, whatever the number of threads.</summary>
    public const int Parts = 8;

    /// <summary>How long an idle thread spins: 0.1 ms, or not at all if there are more threads than cores.</summary>
    private readonly long _spinTicks;

    private readonly Thread[] _workers;
    private readonly object _sleep = new();
    private readonly ManualResetEventSlim _done = new(false);
    private Action<int>? _job;
    private int _partCount;
    private int _nextPart;
    private int _running;
    private int _jobs;
    private int _sleepers;
    private Exception? _failure;
    private volatile bool _stopping;

    /// <summary>Starts <paramref name="threads"/> − 1 workers. The calling thread is the last one.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _spinTicks = threads <= Environment.ProcessorCount ? Stopwatch.Frequency / 10_000 : 0;
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Thread(Work) { IsBackground = true, Name = $"dst worker {i + 1}" };
            _workers[i].Start();
        }

        if (_workers.Length > 0) _done.Wait(1); // an event makes its lock when it first blocks: no job does that later
    }

    /// <summary>Threads that share the work, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>
    /// Calls <paramref name="job"/> once for each part from 0 to <paramref name="parts"/> − 1, in any order and on any thread,
    /// and returns when all have ended. Pass a delegate that is kept, not a new lambda, where allocation matters.
    /// </summary>
    public void Run(int parts, Action<int> job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (_workers.Length == 0 || parts <= 1)
        {
            for (var part = 0; part < parts; part++) job(part);
            return;
        }

        _job = job;
        _partCount = parts;
        _nextPart = 0;
        _failure = null;
        _running = _workers.Length;
        _done.Reset();
        Announce();
        TakeParts();
        for (var start = Stopwatch.GetTimestamp(); !_done.IsSet && Stopwatch.GetTimestamp() - start < _spinTicks;) Thread.SpinWait(1);
        _done.Wait();
        _job = null;
        if (_failure is { } failure) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping = true;
        Announce();
        foreach (var worker in _workers) worker.Join();
        _done.Dispose();
    }

    /// <summary>Tells all workers that there is a new job, or the end.</summary>
    private void Announce()
    {
        // A worker counts itself as asleep before it reads the number of jobs for the last time. Both sides have a full fence between
        // their two steps, so that one of them sees the other.
        Interlocked.Increment(ref _jobs);
        if (Volatile.Read(ref _sleepers) == 0) return;
        lock (_sleep) Monitor.PulseAll(_sleep);
    }

    private void Work()
    {
        for (var seen = 0; ; seen++)
        {
            WaitForJobAfter(seen);
            if (_stopping) return;
            TakeParts();
            if (Interlocked.Decrement(ref _running) == 0) _done.Set();
        }
    }

    private void WaitForJobAfter(int seen)
    {
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetTimestamp() - start < _spinTicks; Thread.SpinWait(1))
        {
            if (Volatile.Read(ref _jobs) != seen) return;
        }

        lock (_sleep)
        {
            Interlocked.Increment(ref _sleepers);
            while (Volatile.Read(ref _jobs) == seen) Monitor.Wait(_sleep);
            Interlocked.Decrement(ref _sleepers);
        }
    }

    private void TakeParts()
    {
        try
        {
            for (int part; (part = Interlocked.Increment(ref _nextPart) - 1) < _partCount;) _job!(part);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            Interlocked.Exchange(ref _nextPart, _partCount);
        }
    }
}
