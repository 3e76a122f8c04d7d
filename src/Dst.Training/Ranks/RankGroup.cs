using System.Diagnostics;
using System.Numerics;
using System.Text;
using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Ranks;

/// <summary>
/// The processes of one training, and which parts of each batch this one computes. Sums over parts go up one binary tree:
/// ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)) for 8 parts. The lower levels of the tree lie within a rank, the upper ones between ranks. So
/// any number of ranks gives the same bits.
/// </summary>
public sealed unsafe class RankGroup
{
    /// <summary>The channel of what the caller waits for; gradients have others.</summary>
    private const int WaitingChannel = 0;

    private readonly IRankLink? _link;
    private byte[] _received = [];
    private long _bytes;
    private long _messages;
    private long _gradientBytes;
    private long _gradientMessages;
    private long _waitTicks; // ticks of Stopwatch, as below
    private long _gradientWaitTicks;
    private long _gradientTicks; // time in which gradients were under way

    /// <summary>Joins the ranks of a link.</summary>
    /// <param name="link">How they send to each other.</param>
    /// <param name="parts">Parts of a batch.</param>
    /// <exception cref="InputException">The number of ranks is not a power of two up to that of the parts.</exception>
    public RankGroup(IRankLink link, int parts = WorkerPool.Parts)
    {
        ArgumentNullException.ThrowIfNull(link);
        CheckParts(parts);
        if (link.Count > parts || !BitOperations.IsPow2(link.Count))
            throw new InputException(
                $"{link.Count} ranks were started; {Powers(parts)} were expected, as a batch has {parts} parts (key parts)");
        (_link, Rank, Count, Parts) = (link, link.Rank, link.Count, parts);
    }

    private RankGroup(int parts) => (Count, Parts) = (1, parts);

    /// <summary>One process that computes everything.</summary>
    public static RankGroup Single { get; } = new(WorkerPool.Parts);

    /// <summary>This process, from 0.</summary>
    public int Rank { get; }

    /// <summary>Number of processes.</summary>
    public int Count { get; }

    /// <summary>Whether this is the process that writes files and speaks to the user.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>Parts into which every batch is cut: a power of two. Sums over them give other bits with another number of parts.</summary>
    public int Parts { get; }

    /// <summary>The first part of this rank.</summary>
    public int FirstPart => Rank * PartCount;

    /// <summary>The first part of the next rank.</summary>
    public int EndPart => FirstPart + PartCount;

    /// <summary>Parts of this rank.</summary>
    public int PartCount => Parts / Count;

    /// <summary>How long a rank waits for a message before it gives up. The sender may be busy with loading data or measuring.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>What this rank has sent so far.</summary>
    public RankTraffic Traffic => new(
        _bytes, _messages, _gradientBytes, _gradientMessages, Stopwatch.GetElapsedTime(0, _waitTicks),
        Stopwatch.GetElapsedTime(0, _gradientWaitTicks), Stopwatch.GetElapsedTime(0, _gradientTicks));

    /// <summary>One process that computes everything, in some number of parts.</summary>
    public static RankGroup Alone(int parts)
    {
        CheckParts(parts);
        return parts == Single.Parts ? Single : new(parts);
    }

    /// <summary>Adds up the arrays of all ranks. Each gets the sum.</summary>
    public void Sum<T>(Span<T> values) where T : unmanaged, INumber<T>
    {
        if (Count == 1) return;
        var bytes = RankSum<T>.ReceivedLength(values.Length) * sizeof(T);
        if (_received.Length < bytes) _received = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        fixed (byte* received = _received)
        fixed (T* own = values) Wait(new RankSum<T>(this, WaitingChannel, own, values.Length, (T*)received));
    }

    /// <summary>Fills in what other ranks have computed: rank r has the elements from bound(r) up to bound(r + 1).</summary>
    public void Gather<T>(Span<T> values, Func<int, int> bound) where T : unmanaged
    {
        if (Count == 1) return;
        fixed (T* all = values) Wait(new RankGather<T>(this, WaitingChannel, all, bound));
    }

    /// <summary>Fills in the rows, one for each image of a batch, that other ranks have computed.</summary>
    public void GatherRows(Span<float> rows, int images)
    {
        if (Count > 1) GatherRowsOfAll(rows, images); // a call of its own: one rank allocates nothing
    }

    /// <summary>The text of rank 0.</summary>
    public string Broadcast(string text) => Count == 1 ? text : Encoding.UTF8.GetString(Broadcast(Encoding.UTF8.GetBytes(text)));

    /// <summary>The bytes of rank 0.</summary>
    public byte[] Broadcast(byte[] bytes)
    {
        if (Count == 1) return bytes;
        var lengths = new long[Count];
        lengths[Rank] = bytes.Length;
        Gather<long>(lengths, rank => rank);
        var content = IsFirst ? bytes : new byte[lengths[0]];
        Gather<byte>(content, rank => rank == 0 ? 0 : content.Length);
        return content;
    }

    /// <summary>The texts of all ranks.</summary>
    public string[] GatherTexts(string text)
    {
        var own = Encoding.UTF8.GetBytes(text);
        var bounds = new int[Count + 1];
        bounds[Rank + 1] = own.Length;
        Gather(bounds.AsSpan(1), rank => rank);
        for (var rank = 0; rank < Count; rank++) bounds[rank + 1] += bounds[rank];
        var all = new byte[bounds[Count]];
        own.CopyTo(all, bounds[Rank]);
        Gather<byte>(all, rank => bounds[rank]);
        return [.. Enumerable.Range(0, Count).Select(rank => Encoding.UTF8.GetString(all.AsSpan()[bounds[rank]..bounds[rank + 1]]))];
    }

    /// <summary>Whether any rank says yes. All learn the same, at the same step.</summary>
    public bool Any(bool value)
    {
        if (Count == 1) return value;
        Span<float> votes = [value ? 1 : 0];
        Sum(votes);
        return votes[0] > 0;
    }

    /// <summary>The images of a part: the cut depends on the batch alone, not on ranks and threads.</summary>
    internal ImageRange ImagesOfPart(int images, int part)
    {
        var first = (int)((long)images * part / Parts);
        return new(first, (int)((long)images * (part + 1) / Parts) - first);
    }

    /// <summary>Images of the largest part of a batch.</summary>
    internal int LargestPart(int images) => Layout.CeilDiv(images, Parts);

    /// <summary>This rank's images of a batch.</summary>
    internal ImageRange ImagesOf(int images) => ImagesOf(images, Rank);

    /// <summary>Whether a part is one of this rank's.</summary>
    internal bool Owns(int part) => part / PartCount == Rank;

    /// <summary>The first of a rank's share of <paramref name="items"/> that are not images, such as blocks of filters.</summary>
    internal int FirstOf(int items, int rank) => items * rank / Count;

    /// <summary>This rank's share of <paramref name="items"/> that are not images.</summary>
    internal (int First, int End) OwnShareOf(int items) => (FirstOf(items, Rank), FirstOf(items, Rank + 1));

    /// <summary>A job for each part of this rank, which takes the parts' numbers from 0. Make it once: it may allocate.</summary>
    internal Action<int> OfParts(Action<int> job) => Count == 1 ? job : number => job(FirstPart + number);

    /// <summary>
    /// A job for each part of the batch, those of other ranks too, as <see cref="PartCount"/> jobs: number i takes part i of each rank.
    /// </summary>
    internal Action<int> OfPartsOfAll(Action<int> job) => Count == 1 ? job : number =>
    {
        for (var part = number; part < Parts; part += PartCount) job(part);
    };

    /// <summary>Throws on every rank if any of them is asked to end.</summary>
    /// <exception cref="OperationCanceledException">One is.</exception>
    internal void ThrowIfCancelled(CancellationToken cancellation)
    {
        if (Any(cancellation.IsCancellationRequested)) throw new OperationCanceledException(cancellation);
    }

    /// <summary>Begins a message to a rank and one from it.</summary>
    internal IRankExchange Begin(int partner, int channel, byte* send, int sendLength, byte* receive, int receiveLength)
    {
        _bytes += sendLength;
        _messages++;
        if (channel != WaitingChannel)
        {
            _gradientBytes += sendLength;
            _gradientMessages++;
        }

        return _link!.Begin(partner, channel, send, sendLength, receive, receiveLength);
    }

    /// <summary>Notes the ticks in which gradients were under way, and those of them in which the rank waited.</summary>
    internal void NoteGradients(long underWay, long waited)
    {
        _gradientTicks += underWay;
        _gradientWaitTicks += waited;
        _waitTicks += waited;
    }

    private static void CheckParts(int parts)
    {
        if (parts is not (8 or 16 or 32 or 64)) throw new InputException(Invariant($"parts has {parts}; 8, 16, 32 or 64 was expected"));
    }

    private static string Powers(int last) =>
        string.Join(", ", Enumerable.Range(0, BitOperations.Log2((uint)last)).Select(level => 1 << level)) + $" or {last}";

    private void Wait(RankOperation operation)
    {
        var start = Stopwatch.GetTimestamp();
        operation.Wait();
        _waitTicks += Stopwatch.GetTimestamp() - start;
    }

    private ImageRange ImagesOf(int images, int rank)
    {
        var (first, last) = (ImagesOfPart(images, rank * PartCount), ImagesOfPart(images, (rank + 1) * PartCount - 1));
        return new(first.First, last.First + last.Count - first.First);
    }

    private void GatherRowsOfAll(Span<float> rows, int images)
    {
        var length = rows.Length / images;
        Gather(rows, rank => rank == Count ? images * length : ImagesOf(images, rank).First * length);
    }
}
