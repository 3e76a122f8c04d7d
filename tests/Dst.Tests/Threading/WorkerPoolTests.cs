using Dst.Runtime.Threading;

namespace Dst.Tests.Threading;

public class WorkerPoolTests
{
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
            pool.Run(threads, _ => Assert.True(all.SignalAndWait(TimeSpan.FromSeconds(30)))); // ends only if every thread takes a part
        }
    }
}
