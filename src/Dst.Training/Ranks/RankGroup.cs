using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;

namespace Dst.Training.Ranks;

/// <summary>
/// The processes of one training, and which parts of each batch this one computes. Sums over parts go up one binary tree,
/// ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)), whose lower levels lie within a rank and whose upper ones lie between ranks. So any number of
/// ranks gives the same bits.
/// </summary>
/// <remarks>
/// Long sums are halved between partners on the way up and gathered on the way back: Rabenseifner, "Optimization of Collective Reduction
/// Operations", ICCS 2004. A rank of R sends 2·(R − 1)/R of the array.
/// </remarks>
public sealed class RankGroup
{
    /// <summary>Arrays up to this size are exchanged whole: half of the messages, which cost more than the bytes.</summary>
    private const int ShortBytes = 16 * 1024;

    private readonly IRankLink? _link;
    private byte[] _received = [];

    /// <summary>Joins the ranks of a link.</summary>
    /// <exception cref="InputException">Their number is not 1, 2, 4 or 8.</exception>
    public RankGroup(IRankLink link)
    {
        ArgumentNullException.ThrowIfNull(link);
        if (link.Count > WorkerPool.Parts || !BitOperations.IsPow2(link.Count))
            throw new InputException($"{link.Count} ranks were started; 1, 2, 4 or {WorkerPool.Parts} were expected");
        (_link, Rank, Count) = (link, link.Rank, link.Count);
    }

    private RankGroup() => Count = 1;

    /// <summary>One process that computes everything.</summary>
    public static RankGroup Single { get; } = new();

    /// <summary>This process, from 0.</summary>
    public int Rank { get; }

    /// <summary>Number of processes.</summary>
    public int Count { get; }

    /// <summary>Whether this is the process that writes files and speaks to the user.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>The first part of this rank.</summary>
    public int FirstPart => Rank * PartCount;

    /// <summary>The first part of the next rank.</summary>
    public int EndPart => FirstPart + PartCount;

    /// <summary>Parts of this rank.</summary>
    public int PartCount => WorkerPool.Parts / Count;

    /// <summary>Bytes that this rank has sent.</summary>
    public long BytesSent { get; private set; }

    /// <summary>This rank's images of a batch.</summary>
    internal ImageRange ImagesOf(int images) => ImagesOf(images, Rank);

    /// <summary>Whether a part is one of this rank's.</summary>
    internal bool Owns(int part) => part / PartCount == Rank;

    /// <summary>The first of a rank's share of <paramref name="items"/> that are not images, such as positions of Winograd tiles.</summary>
    internal int FirstOf(int items, int rank) => items * rank / Count;

    /// <summary>A job of the parts of a batch as one of <see cref="PartCount"/>, numbered from 0. Make it once: it may allocate.</summary>
    internal Action<int> OfParts(Action<int> job) => Count == 1 ? job : number => job(FirstPart + number);

    /// <summary>Adds up the arrays of all ranks. Each gets the sum.</summary>
    public void Sum<T>(Span<T> values) where T : unmanaged, INumber<T>
    {
        if (Count == 1) return;
        if (MemoryMarshal.AsBytes(values).Length <= ShortBytes)
        {
            for (var distance = 1; distance < Count; distance *= 2) AddFrom<T>(Rank ^ distance, values, values);
            return;
        }

        var (first, end) = (0, values.Length);
        for (var distance = 1; distance < Count; distance *= 2)
        {
            var middle = first + (end - first) / 2;
            var takesLower = (Rank & distance) == 0;
            var (kept, given) = takesLower ? (first..middle, middle..end) : (middle..end, first..middle);
            AddFrom<T>(Rank ^ distance, values[given], values[kept]);
            (first, end) = takesLower ? (first, middle) : (middle, end);
        }

        GatherHalves(values);
    }

    /// <summary>Fills in what other ranks have computed: rank r has the elements from <paramref name="bound"/>(r) to (r + 1).</summary>
    public void Gather<T>(Span<T> values, Func<int, int> bound) where T : unmanaged
    {
        for (var distance = 1; distance < Count; distance *= 2)
        {
            var (own, other) = (Rank & -distance, (Rank ^ distance) & -distance);
            Exchange<T>(Rank ^ distance, values[bound(own)..bound(own + distance)], values[bound(other)..bound(other + distance)]);
        }
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

    /// <summary>Throws on every rank if any of them is asked to end.</summary>
    /// <exception cref="OperationCanceledException">One is.</exception>
    internal void ThrowIfCancelled(CancellationToken cancellation)
    {
        if (Any(cancellation.IsCancellationRequested)) throw new OperationCanceledException(cancellation);
    }

    private ImageRange ImagesOf(int images, int rank)
    {
        var (first, last) = (ImageRange.OfPart(images, rank * PartCount), ImageRange.OfPart(images, (rank + 1) * PartCount - 1));
        return new(first.First, last.First + last.Count - first.First);
    }

    private void GatherRowsOfAll(Span<float> rows, int images)
    {
        var length = rows.Length / images;
        Gather(rows, rank => rank == Count ? images * length : ImagesOf(images, rank).First * length);
    }

    /// <summary>The way back of a sum: the halves in the order in which they were given away.</summary>
    private void GatherHalves<T>(Span<T> values) where T : unmanaged
    {
        Span<(int First, int Middle, int End)> cuts = stackalloc (int, int, int)[BitOperations.Log2((uint)Count)];
        var (first, end) = (0, values.Length);
        for (var level = 0; level < cuts.Length; level++)
        {
            var middle = first + (end - first) / 2;
            cuts[level] = (first, middle, end);
            (first, end) = (Rank >> level & 1) == 0 ? (first, middle) : (middle, end);
        }

        for (var level = cuts.Length - 1; level >= 0; level--)
        {
            Span<T> lower = values[cuts[level].First..cuts[level].Middle], upper = values[cuts[level].Middle..cuts[level].End];
            if ((Rank >> level & 1) == 0) Exchange<T>(Rank ^ 1 << level, lower, upper);
            else Exchange<T>(Rank ^ 1 << level, upper, lower);
        }
    }

    /// <summary>Gives a partner its half, and adds what comes from it to the half that is kept.</summary>
    private void AddFrom<T>(int partner, ReadOnlySpan<T> given, Span<T> kept) where T : unmanaged, INumber<T>
    {
        var bytes = MemoryMarshal.AsBytes(kept).Length;
        if (_received.Length < bytes) _received = new byte[bytes];
        var received = MemoryMarshal.Cast<byte, T>(_received.AsSpan(0, bytes));
        Exchange(partner, given, received);
        var (i, lanes) = (0, Vector<T>.Count);
        for (; i <= kept.Length - lanes; i += lanes) (new Vector<T>(kept[i..]) + new Vector<T>(received[i..])).CopyTo(kept[i..]);
        for (; i < kept.Length; i++) kept[i] += received[i];
    }

    private void Exchange<T>(int partner, ReadOnlySpan<T> send, Span<T> receive) where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(send);
        _link!.Exchange(partner, bytes, MemoryMarshal.AsBytes(receive));
        BytesSent += bytes.Length;
    }
}
