namespace Dst.Runtime.Threading;

/// <summary>
/// Runs the numbered parts of a job on a fixed set of threads without allocating. The parts of a job never depend on the
/// number of threads, so results do not either.
/// </summary>
public sealed class WorkerPool : IDisposable
{
    /// <summary>Into how many parts training and inference split their work, whatever the number of threads.</summary>
    public const int Parts = 8;

    private readonly Thread[] _workers;
    private readonly SemaphoreSlim _start = new(0);
    private readonly ManualResetEventSlim _done = new(false, spinCount: 200);
    private Action<int>? _job;
    private int _partCount;
    private int _nextPart;
    private int _running;
    private Exception? _failure;
    private volatile bool _stopping;

    /// <summary>Starts <paramref name="threads"/> − 1 workers; the calling thread is the last one.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Thread(Work) { IsBackground = true, Name = $"dst worker {i + 1}" };
            _workers[i].Start();
        }
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
        _start.Release(_workers.Length);
        TakeParts();
        _done.Wait();
        _job = null;
        if (_failure is { } failure) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping = true;
        if (_workers.Length > 0) _start.Release(_workers.Length);
        foreach (var worker in _workers) worker.Join();
        _start.Dispose();
        _done.Dispose();
    }

    private void Work()
    {
        while (true)
        {
            _start.Wait();
            if (_stopping) return;
            TakeParts();
            if (Interlocked.Decrement(ref _running) == 0) _done.Set();
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
