using System.Diagnostics;
using System.Numerics;

namespace Dst.Training.Ranks;

/// <summary>What ranks do together with an array, message by message, while the caller may compute.</summary>
internal abstract unsafe class RankOperation(RankGroup ranks, int channel)
{
    /// <summary>How long a rank that waits asks again and again before it sleeps between two questions.</summary>
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(50);

    /// <summary>What counts between two questions. A job that was suspended has not waited meanwhile.</summary>
    private static readonly TimeSpan LongestCounted = TimeSpan.FromSeconds(1);

    private IRankExchange? _exchange;
    private int _partner;

    protected RankGroup Ranks => ranks;

    /// <summary>Takes the steps whose messages have arrived. Returns whether all are done.</summary>
    public bool Advance()
    {
        while (_exchange is null || _exchange.HasEnded())
        {
            if (!TakeStep()) return true;
        }

        return false;
    }

    /// <summary>Returns when all steps are done.</summary>
    /// <exception cref="InputException">A rank has sent nothing for longer than <see cref="RankGroup.Patience"/>.</exception>
    public void Wait()
    {
        var (asked, waited, waitsFor) = (Stopwatch.GetTimestamp(), TimeSpan.Zero, _exchange);
        while (!Advance())
        {
            var since = Stopwatch.GetElapsedTime(asked);
            asked = Stopwatch.GetTimestamp();
            waited = waitsFor != _exchange ? TimeSpan.Zero : waited + (since < LongestCounted ? since : LongestCounted);
            waitsFor = _exchange;
            if (waited > ranks.Patience)
                throw new InputException(
                    Invariant($"rank {_partner} has sent nothing for {waited.TotalSeconds:F0} s; it may hang, ")
                    + $"or the network between it and rank {ranks.Rank} be cut; an answer was expected");
            if (waited < Busy) Thread.Yield();
            else Thread.Sleep(1);
        }
    }

    /// <summary>Uses what the last message brought.</summary>
    protected abstract void EndMessage();

    /// <summary>Begins the next message, or returns null after the last.</summary>
    protected abstract IRankExchange? BeginMessage();

    /// <summary>A message to a partner and one from it.</summary>
    protected IRankExchange Exchange<T>(int partner, T* send, int sendLength, T* receive, int receiveLength) where T : unmanaged
    {
        _partner = partner;
        return ranks.Begin(
            partner, channel, (byte*)send, checked(sendLength * sizeof(T)), (byte*)receive, checked(receiveLength * sizeof(T)));
    }

    private bool TakeStep()
    {
        if (_exchange is not null) EndMessage();
        _exchange = BeginMessage();
        return _exchange is not null;
    }
}

/// <summary>
/// Adds up the arrays of all ranks. Short ones are exchanged whole. Long ones are halved between partners on the way up the tree, and the
/// halves gathered on the way back: Rabenseifner, "Optimization of Collective Reduction Operations", ICCS 2004.
/// </summary>
internal sealed unsafe class RankSum<T>(RankGroup ranks, int channel, T* values, int length, T* received) : RankOperation(ranks, channel)
    where T : unmanaged, INumber<T>
{
    /// <summary>Arrays up to this size are exchanged whole: half of the messages, which cost more than the bytes.</summary>
    private const int ShortBytes = 16 * 1024;

    private readonly int _levels = BitOperations.Log2((uint)ranks.Count);
    private int _step;

    /// <summary>Elements that a rank receives at once.</summary>
    public static int ReceivedLength(int length) => IsShort(length) ? length : length - length / 2;

    protected override IRankExchange? BeginMessage()
    {
        if (_step >= (IsShort(length) ? _levels : 2 * _levels)) return null;
        if (IsShort(length)) return Exchange(Ranks.Rank ^ 1 << _step, values, length, received, length);
        var level = _step < _levels ? _step : 2 * _levels - 1 - _step;
        var (first, middle, end) = HalvesAt(level);
        (int First, int Length) lower = (first, middle - first), upper = (middle, end - middle);
        var (own, other) = TakesLower(level) ? (lower, upper) : (upper, lower);
        var partner = Ranks.Rank ^ 1 << level;
        return _step < _levels
            ? Exchange(partner, values + other.First, other.Length, received, own.Length)
            : Exchange(partner, values + own.First, own.Length, values + other.First, other.Length);
    }

    protected override void EndMessage()
    {
        if (IsShort(length)) Add(values, length);
        else if (_step < _levels)
        {
            var (first, middle, end) = HalvesAt(_step);
            if (TakesLower(_step)) Add(values + first, middle - first);
            else Add(values + middle, end - middle);
        }

        _step++;
    }

    private static bool IsShort(int length) => length * sizeof(T) <= ShortBytes;

    private bool TakesLower(int level) => (Ranks.Rank >> level & 1) == 0;

    /// <summary>The run that this rank shares with its partner of a level, and where it is cut.</summary>
    private (int First, int Middle, int End) HalvesAt(int level)
    {
        var (first, end) = (0, length);
        for (var below = 0; below < level; below++)
        {
            var cut = first + (end - first) / 2;
            (first, end) = TakesLower(below) ? (first, cut) : (cut, end);
        }

        return (first, first + (end - first) / 2, end);
    }

    private void Add(T* sums, int count)
    {
        Span<T> kept = new(sums, count), added = new(received, count);
        var (i, lanes) = (0, Vector<T>.Count);
        for (; i <= count - lanes; i += lanes) (new Vector<T>(kept[i..]) + new Vector<T>(added[i..])).CopyTo(kept[i..]);
        for (; i < count; i++) kept[i] += added[i];
    }
}

/// <summary>Fills in what other ranks have computed: rank r has the elements from bound(r) up to bound(r + 1).</summary>
internal sealed unsafe class RankGather<T>(RankGroup ranks, int channel, T* values, Func<int, int> bound) : RankOperation(ranks, channel)
    where T : unmanaged
{
    private int _distance = 1;

    protected override IRankExchange? BeginMessage()
    {
        if (_distance >= Ranks.Count) return null;
        var (own, other) = (Ranks.Rank & -_distance, (Ranks.Rank ^ _distance) & -_distance);
        int from = bound(own), to = bound(other);
        return Exchange(
            Ranks.Rank ^ _distance, values + from, bound(own + _distance) - from, values + to, bound(other + _distance) - to);
    }

    protected override void EndMessage() => _distance *= 2;
}
