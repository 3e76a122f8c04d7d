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
}
