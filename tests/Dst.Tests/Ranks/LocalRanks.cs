using System.Collections.Concurrent;
using Dst.Training.Ranks;

namespace Dst.Tests.Ranks;

/// <summary>Ranks that are threads of this process.</summary>
internal static class LocalRanks
{
    /// <summary>Runs a job on each rank and returns what they return, in the order of the ranks.</summary>
    public static T[] Run<T>(int count, Func<RankGroup, T> job, int parts = 8)
    {
        var boxes = new ConcurrentDictionary<(int From, int To, int Channel), ConcurrentQueue<byte[]>>();
        var results = new T[count];
        var failures = new ConcurrentQueue<Exception>();
        var threads = Enumerable.Range(0, count).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = job(new(new Link(rank, count, boxes), parts));
            }
            catch (Exception e)
            {
                failures.Enqueue(e);
            }
        })
        { IsBackground = true }).ToList();
        threads.ForEach(thread => thread.Start());
        foreach (var thread in threads)
        {
            while (!thread.Join(100))
            {
                if (failures.TryPeek(out var failure)) throw new AggregateException(failure); // the others wait for it
            }
        }

        return failures.IsEmpty ? results : throw new AggregateException(failures);
    }

    private sealed unsafe class Link(
        int rank, int count, ConcurrentDictionary<(int From, int To, int Channel), ConcurrentQueue<byte[]>> boxes) : IRankLink
    {
        public int Rank => rank;

        public int Count => count;

        public IRankExchange Begin(int partner, int channel, byte* send, int sendLength, byte* receive, int receiveLength)
        {
            Box(rank, partner, channel).Enqueue(new ReadOnlySpan<byte>(send, sendLength).ToArray());
            return new Exchange(Box(partner, rank, channel), receive, receiveLength);
        }

        private ConcurrentQueue<byte[]> Box(int from, int to, int channel) => boxes.GetOrAdd((from, to, channel), _ => []);
    }

    private sealed unsafe class Exchange(ConcurrentQueue<byte[]> box, byte* receive, int length) : IRankExchange
    {
        private bool _hasEnded;

        public bool HasEnded()
        {
            if (_hasEnded || !box.TryDequeue(out var message)) return _hasEnded;
            Assert.Equal(length, message.Length);
            message.CopyTo(new Span<byte>(receive, length));
            return _hasEnded = true;
        }
    }
}
