using System.Collections.Concurrent;
using Dst.Training.Ranks;

namespace Dst.Tests.Ranks;

/// <summary>Ranks that are threads of this process.</summary>
internal static class LocalRanks
{
    /// <summary>Runs a job on each rank and returns what they return, in the order of the ranks.</summary>
    public static T[] Run<T>(int count, Func<RankGroup, T> job)
    {
        var boxes = new ConcurrentDictionary<(int From, int To), BlockingCollection<byte[]>>();
        var results = new T[count];
        var failures = new ConcurrentQueue<Exception>();
        var threads = Enumerable.Range(0, count).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = job(new(new Link(rank, count, boxes)));
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

    private sealed class Link(int rank, int count, ConcurrentDictionary<(int From, int To), BlockingCollection<byte[]>> boxes) : IRankLink
    {
        public int Rank => rank;

        public int Count => count;

        public void Exchange(int partner, ReadOnlySpan<byte> send, Span<byte> receive)
        {
            Box(rank, partner).Add(send.ToArray());
            var received = Box(partner, rank).Take();
            Assert.Equal(receive.Length, received.Length);
            received.CopyTo(receive);
        }

        private BlockingCollection<byte[]> Box(int from, int to) => boxes.GetOrAdd((from, to), _ => []);
    }
}
