using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Dst.Runtime.Threading;

/// <summary>
/// What the threads of a <see cref="WorkerPool"/> share. Each thread first takes the parts of its own share, then what others have not
/// taken. So the caller never waits for a worker that has not begun, only for parts that are being computed. Idle workers spin for a moment
/// before they sleep, because to wake one takes longer than many layers. Where workers cost more time than they save, they rest
/// (<see cref="ThreadBudget"/>). Workers hold the crew and not the pool, so that a pool that nobody uses can be collected.
/// </summary>
internal sealed class WorkerCrew
{
    /// <summary>How long a thread spins before it sleeps: 0.1 ms, or not at all if there are more threads than cores.</summary>
    private readonly long _spinTicks;

    private readonly Thread[] _workers;
    private readonly ThreadBudget _budget;
    private readonly Share[] _shares;
    private readonly object _sleep = new(); // of workers that wait for a job
    private readonly object _rest = new(); // of workers that do not take part
    private readonly object _end = new(); // of the caller, which waits for parts of others
    private Delegate? _job;
    private int _partCount;
    private int _shareCount;
    private int _unfinished; // parts of the job
    private int _jobs; // number of jobs announced so far
    private int _sleepers;
    private bool _callerSleeps;
    private Exception? _failure;
    private volatile bool _stopping;

    /// <summary>Starts the workers: one fewer than the threads, because the calling thread works too.</summary>
    public WorkerCrew(int threads)
    {
        _spinTicks = threads <= Environment.ProcessorCount ? Stopwatch.Frequency / 10_000 : 0;
        _budget = new(threads);
        _shares = new Share[threads];
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            var thread = i + 1;
            _workers[i] = new Thread(() => Work(thread)) { IsBackground = true, Name = $"dst worker {thread}" };
            _workers[i].Start();
        }
    }

    /// <summary>A worker calls it with its number before it takes parts, so that a test can hold it up.</summary>
    public Action<int>? WorkerBegins { get; set; }

    /// <summary>Wakes threads that have rested long enough. Returns how many take part: fewer than all while some rest.</summary>
    public int CountActive()
    {
        if (_budget.Grow(Stopwatch.GetTimestamp())) WakeRested();
        return _budget.Active;
    }

    /// <summary>Tells the workers to end.</summary>
    public void Stop()
    {
        _stopping = true;
        Announce();
        WakeRested();
    }

    /// <summary>Waits for the end of the workers.</summary>
    public void Join()
    {
        foreach (var worker in _workers) worker.Join();
    }

    /// <summary>Runs a job, an <see cref="Action{Int32}"/> of the part or one of part and thread.</summary>
    /// <returns>The ticks that the caller alone would take.</returns>
    public long Run(int parts, Delegate job, long alone)
    {
        var threads = _workers.Length == 0 || parts <= 1 ? 1 : Math.Min(CountActive(), parts);
        var start = Stopwatch.GetTimestamp();
        if (threads == 1)
        {
            for (var part = 0; part < parts; part++) Call(job, part, thread: 0);
            return Stopwatch.GetTimestamp() - start;
        }

        (_job, _failure, _partCount, _shareCount, _unfinished) = (job, null, parts, threads, parts);
        // From here on a worker may take parts: even one that has been late since an earlier job, which is as good as any.
        for (var share = 0; share < threads; share++) Volatile.Write(ref _shares[share].Left, FirstPart(share + 1) - FirstPart(share));
        Announce();
        var own = TakeParts(thread: 0);
        var worked = Stopwatch.GetTimestamp();
        WaitForOthers();
        var end = Stopwatch.GetTimestamp();
        _job = null;
        if (_failure is { } failure) ExceptionDispatchInfo.Throw(failure);
        if (own == 0) return alone;
        var estimate = (long)((worked - start) * (double)parts / own);
        _budget.Add(end, took: end - start, Math.Min(alone, estimate));
        return estimate;
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

    private void WakeRested()
    {
        lock (_rest) Monitor.PulseAll(_rest);
    }

    private void Work(int thread)
    {
        for (var seen = 0; ;)
        {
            seen = WaitForJobAfter(seen, thread);
            if (_stopping) return;
            WorkerBegins?.Invoke(thread);
            TakeParts(thread);
        }
    }

    private int WaitForJobAfter(int seen, int thread)
    {
        if (thread >= _budget.Active)
        {
            lock (_rest)
            {
                while (thread >= _budget.Active && !_stopping) Monitor.Wait(_rest);
            }
        }

        for (var spin = new Spin(_spinTicks); spin.Next();)
        {
            if (Volatile.Read(ref _jobs) is var jobs && jobs != seen) return jobs;
        }

        lock (_sleep)
        {
            Interlocked.Increment(ref _sleepers);
            while (Volatile.Read(ref _jobs) == seen) Monitor.Wait(_sleep);
            Interlocked.Decrement(ref _sleepers);
            return Volatile.Read(ref _jobs);
        }
    }

    /// <summary>Waits for the parts that workers compute.</summary>
    private void WaitForOthers()
    {
        for (var spin = new Spin(_spinTicks); spin.Next();)
        {
            if (Volatile.Read(ref _unfinished) == 0) return;
        }

        lock (_end)
        {
            _callerSleeps = true;
            Interlocked.MemoryBarrier(); // as in Announce: the worker that ends last sees that the caller sleeps, or the caller its end
            while (Volatile.Read(ref _unfinished) > 0) Monitor.Wait(_end);
            _callerSleeps = false;
        }
    }

    /// <summary>Computes parts until none is left to take; returns their number.</summary>
    private int TakeParts(int thread)
    {
        var done = 0;
        var shares = Volatile.Read(ref _shareCount);
        for (var i = 0; i < shares; i++)
        {
            while (TryTake((thread + i) % shares, out var part)) done += Compute(part, thread);
        }

        if (done > 0 && Interlocked.Add(ref _unfinished, -done) == 0 && Volatile.Read(ref _callerSleeps))
        {
            lock (_end) Monitor.Pulse(_end);
        }

        return done;
    }

    /// <summary>
    /// Takes the next part of a share. What describes the job holds until the part has ended, as the caller waits for it.
    /// </summary>
    private bool TryTake(int share, out int part)
    {
        part = 0;
        ref var left = ref _shares[share].Left;
        if (Volatile.Read(ref left) <= 0) return false;
        var rest = Interlocked.Decrement(ref left);
        if (rest < 0) return false;
        part = FirstPart(share + 1) - 1 - rest;
        return true;
    }

    /// <summary>Computes a part. After a failure, those that nobody has taken count as done. Returns the number of parts done.</summary>
    private int Compute(int part, int thread)
    {
        try
        {
            Call(_job!, part, thread);
            return 1;
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            var dropped = 0;
            foreach (ref var share in _shares.AsSpan()) dropped += Math.Max(0, Interlocked.Exchange(ref share.Left, 0));
            return 1 + dropped;
        }
    }

    private static void Call(Delegate job, int part, int thread)
    {
        if (job is Action<int> plain) plain(part);
        else ((Action<int, int>)job)(part, thread);
    }

    /// <summary>The first part of a share; a share without parts begins where it ends.</summary>
    private int FirstPart(int share) => (int)((long)_partCount * share / _shareCount);

    /// <summary>
    /// The time that a thread waits without sleep. After a moment it lets others have its core, such as the one it waits for.
    /// </summary>
    private struct Spin(long ticks)
    {
        private static readonly long Moment = Stopwatch.Frequency / 200_000;
        private readonly long _start = Stopwatch.GetTimestamp();

        public readonly bool Next()
        {
            var waited = Stopwatch.GetTimestamp() - _start;
            if (waited >= ticks) return false;
            if (waited < Moment) Thread.SpinWait(1);
            else Thread.Yield();
            return true;
        }
    }

    /// <summary>Parts of a share that nobody has taken, below 1 if there are none, in a cache line of its own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Share
    {
        [FieldOffset(64)]
        public int Left;
    }
}
