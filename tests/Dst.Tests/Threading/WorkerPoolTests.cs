using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Dst.Runtime.Threading;

namespace Dst.Tests.Threading;

public class WorkerPoolTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_part_runs_exactly_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var round = 0; round < 200; round++)
        {
            var runs = new int[13];
            pool.Run(runs.Length, part => Interlocked.Increment(ref runs[part]));
            Assert.All(runs, count => Assert.Equal(1, count));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_exception_reaches_the_caller_and_the_pool_goes_on(int threads)
    {
        using var pool = new WorkerPool(threads);
        Assert.Throws<FormatException>(() => pool.Run(8, part => throw new FormatException($"part {part}")));
        var sum = 0;
        pool.Run(8, part => Interlocked.Add(ref sum, part));
        Assert.Equal(28, sum);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Threads_that_have_gone_to_sleep_wake_up_for_the_next_job(int threads)
    {
        using var pool = new WorkerPool(threads);
        using var all = new Barrier(threads);
        for (var round = 0; round < 3; round++)
        {
            Thread.Sleep(20);
            pool.Run(threads, _ => Assert.True(all.SignalAndWait(Long))); // ends only if every thread takes a part
        }
    }

    [Fact]
    public void Workers_that_have_not_begun_are_not_waited_for()
    {
        using var gate = new ManualResetEventSlim(false);
        using var pool = new WorkerPool(3) { WorkerBegins = _ => gate.Wait() };
        for (var job = 0; job < 5; job++) Assert.Equal([8, 0, 0], Count(pool, 8));
        gate.Set();
    }

    [Fact]
    public void The_caller_takes_what_is_left_of_the_share_of_a_worker_that_is_held_up()
    {
        using var pool = new WorkerPool(2);
        using var begun = new ManualResetEventSlim(false);
        using var last = new ManualResetEventSlim(false);
        var parts = new int[2];
        pool.Run(8, (_, thread) =>
        {
            if (Interlocked.Increment(ref parts[thread]) == 7 && thread == 0) last.Set();
            if (thread == 0) Assert.True(begun.Wait(Long));
            begun.Set();
            if (thread == 1) Assert.True(last.Wait(Long));
        });
        Assert.Equal([7, 1], parts);
    }

    [Fact]
    public void A_worker_that_comes_late_takes_part_in_the_job_that_runs_by_then()
    {
        using var gate = new ManualResetEventSlim(false);
        using var pool = new WorkerPool(2) { WorkerBegins = _ => gate.Wait() };
        Assert.Equal([8, 0], Count(pool, 8));
        using var other = new ManualResetEventSlim(false);
        pool.Run(2, (_, thread) =>
        {
            gate.Set();
            if (thread == 1) other.Set();
            Assert.True(other.Wait(Long));
        });
    }

    [Fact]
    public void The_threads_of_a_pool_that_nobody_holds_end()
    {
        var threads = new ConcurrentDictionary<Thread, bool>();
        UseAndDrop();
        for (var tries = 0; tries < 300 && threads.Keys.Any(thread => thread.IsAlive); tries++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread.Sleep(10);
        }

        Assert.Equal(2, threads.Count);
        Assert.All(threads.Keys, thread => Assert.False(thread.IsAlive));

        [MethodImpl(MethodImplOptions.NoInlining)]
        void UseAndDrop()
        {
            using var all = new Barrier(3);
            new WorkerPool(3).Run(3, (_, thread) =>
            {
                if (thread > 0) threads[Thread.CurrentThread] = true;
                Assert.True(all.SignalAndWait(Long));
            });
        }
    }

    /// <summary>
    /// Many pools at once, on more threads than there are cores; parts of any number, some of which fail or are cancelled.
    /// </summary>
    [Fact]
    public void No_part_is_lost_or_runs_twice_or_beside_another_of_its_thread()
    {
        var failures = new List<Exception>();
        var users = Enumerable.Range(1, 6).Select(seed => new Thread(() => Use(seed))).ToList();
        foreach (var user in users) user.Start();
        foreach (var user in users) user.Join();
        Assert.Empty(failures);

        void Use(int seed)
        {
            try
            {
                var random = new Random(seed);
                for (var session = 0; session < 8; session++)
                {
                    using var pool = new WorkerPool(random.Next(1, 6));
                    for (var job = 0; job < 100; job++) RunJob(pool, random);
                }
            }
            catch (Exception e)
            {
                lock (failures) failures.Add(e);
            }
        }
    }

    private static void RunJob(WorkerPool pool, Random random)
    {
        var runs = new int[random.Next(40)];
        var busy = new int[pool.Threads];
        var (ended, work) = (false, random.Next(200));
        var failing = random.Next(4) == 0 && runs.Length > 0 ? random.Next(runs.Length) : -1;
        void Part(int part, int thread)
        {
            Assert.False(Volatile.Read(ref ended));
            Assert.Equal(1, Interlocked.Increment(ref busy[thread]));
            Assert.Equal(1, Interlocked.Increment(ref runs[part]));
            Thread.SpinWait(work);
            Interlocked.Decrement(ref busy[thread]);
            if (part == failing) throw new OperationCanceledException();
        }

        if (failing >= 0) Assert.Throws<OperationCanceledException>(() => pool.Run(runs.Length, Part));
        else pool.Run(runs.Length, Part);
        Volatile.Write(ref ended, true);
        Assert.All(runs, count => Assert.InRange(count, failing < 0 ? 1 : 0, 1));
    }

    /// <summary>The number of parts that each thread takes.</summary>
    private static int[] Count(WorkerPool pool, int parts)
    {
        var counts = new int[pool.Threads];
        pool.Run(parts, (_, thread) => Interlocked.Increment(ref counts[thread]));
        return counts;
    }
}
