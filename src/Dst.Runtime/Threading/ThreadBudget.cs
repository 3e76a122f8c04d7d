using System.Diagnostics;

namespace Dst.Runtime.Threading;

/// <summary>
/// How many threads of a pool take part. Where other programs hold the cores, a thread can cost more time than it saves: the caller waits
/// for a part that the system has put aside. Then half of the threads rest, and each rest that follows a failure is longer.
/// Times are ticks of <see cref="Stopwatch"/>.
/// </summary>
internal sealed class ThreadBudget
{
    /// <summary>
    /// What threads may cost, unless jobs are long: 1 ms. To wake a thread costs less, to wait for one that another program has displaced
    /// costs more.
    /// </summary>
    public static readonly long Limit = Stopwatch.Frequency / 1000;

    /// <summary>How long savings and costs count: about 50 ms.</summary>
    public static readonly long Memory = Stopwatch.Frequency / 20;

    /// <summary>The first rest: 20 ms.</summary>
    public static readonly long FirstRest = Stopwatch.Frequency / 50;

    /// <summary>The longest rest: one second.</summary>
    public static readonly long LongestRest = Stopwatch.Frequency;

    private const int RestFactor = 4;

    /// <summary>The rest before any failure, which makes it <see cref="FirstRest"/>.</summary>
    private static readonly long NoRest = FirstRest / RestFactor;

    private readonly int _threads;
    private double _saved; // ticks that threads have saved lately, below 0 if they have cost more
    private long _rest = NoRest; // how long threads rest now
    private long _since; // when the number of threads was last changed
    private bool _failed; // whether that was because they cost too much
    private int _active;

    /// <summary>Lets all of a pool's threads take part.</summary>
    public ThreadBudget(int threads)
    {
        _threads = threads;
        _active = threads;
    }

    /// <summary>Threads that take part now, the caller's included.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>Lets more threads take part if others have rested long enough; returns whether it did.</summary>
    public bool Grow(long now)
    {
        var isSettled = _active == _threads && !_failed && _rest == NoRest;
        if (isSettled || now - _since < _rest) return false;
        if (!_failed) _rest = Math.Max(FirstRest, _rest) / RestFactor;
        var before = _active;
        (_since, _failed) = (now, false);
        Volatile.Write(ref _active, Math.Min(_threads, 2 * before));
        return _active > before;
    }

    /// <summary>Counts a run: the time that it took, and the time that the caller alone would have taken.</summary>
    public void Add(long now, long took, long alone)
    {
        _saved = _saved * Math.Max(0, 1 - (double)took / Memory) + alone - took;
        if (_saved >= -Math.Max(Limit, 2 * alone)) return;
        (_saved, _since, _failed, _rest) = (0, now, true, Math.Min(LongestRest, RestFactor * _rest));
        Volatile.Write(ref _active, (_active + 1) / 2);
    }
}
