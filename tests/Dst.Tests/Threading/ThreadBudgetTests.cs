using Dst.Runtime.Threading;

namespace Dst.Tests.Threading;

public class ThreadBudgetTests
{
    private static readonly long Turn = 8 * ThreadBudget.Limit; // of another program on a core
    private long _now;

    [Fact]
    public void Threads_that_save_time_take_part()
    {
        var budget = new ThreadBudget(8);
        for (var run = 0; run < 1000; run++) Run(budget, took: 100, alone: 400);
        Assert.Equal(8, budget.Active);
        Assert.False(budget.Grow(_now += ThreadBudget.LongestRest));
    }

    [Fact]
    public void Threads_that_cost_a_little_are_borne_for_a_while()
    {
        var budget = new ThreadBudget(2);
        var cost = ThreadBudget.Limit / 10;
        for (var run = 0; run < 10; run++) Run(budget, took: 2 * cost, alone: cost);
        Assert.Equal(2, budget.Active);
        Run(budget, took: 2 * cost, alone: cost);
        Assert.Equal(1, budget.Active);
    }

    [Fact]
    public void Threads_that_are_late_at_times_take_part_as_long_as_they_save_more()
    {
        var budget = new ThreadBudget(2);
        for (var run = 0; run < 100; run++)
        {
            Run(budget, took: Turn / 2, alone: Turn);
            Run(budget, took: Turn, alone: 3 * Turn / 4);
        }

        Assert.Equal(2, budget.Active);
    }

    [Fact]
    public void What_threads_saved_long_ago_does_not_count()
    {
        var budget = new ThreadBudget(2);
        for (var run = 0; run < 100; run++) Run(budget, took: Turn / 2, alone: Turn);
        var late = 0;
        for (; budget.Active == 2; late++) Run(budget, took: ThreadBudget.Limit + Turn, alone: ThreadBudget.Limit);
        Assert.InRange(late, 2, 2 * ThreadBudget.Memory / Turn);
    }

    [Fact]
    public void Late_threads_rest_by_halves_and_longer_each_time()
    {
        var budget = new ThreadBudget(8);
        foreach (var expected in new[] { 4, 2, 1 })
        {
            Run(budget, took: Turn, alone: 100);
            Assert.Equal(expected, budget.Active);
        }

        Assert.Equal(16 * ThreadBudget.FirstRest, RestOf(budget));
        Assert.Equal(2, budget.Active);
        foreach (var expected in new[] { ThreadBudget.LongestRest, ThreadBudget.LongestRest })
        {
            Run(budget, took: Turn, alone: 100);
            Assert.Equal(1, budget.Active);
            Assert.Equal(expected, RestOf(budget));
        }
    }

    [Fact]
    public void Threads_that_are_in_time_again_all_come_back_and_the_next_rest_is_short()
    {
        var budget = new ThreadBudget(8);
        for (var run = 0; run < 5; run++) Run(budget, took: Turn, alone: 100);
        Assert.Equal(1, budget.Active);
        for (var run = 0; run < 100; run++)
        {
            _now += ThreadBudget.LongestRest / 10;
            Run(budget, took: 100, alone: 200);
        }

        Assert.Equal(8, budget.Active);
        Run(budget, took: Turn, alone: 100);
        Assert.Equal(ThreadBudget.FirstRest, RestOf(budget));
    }

    private void Run(ThreadBudget budget, long took, long alone)
    {
        budget.Grow(_now);
        budget.Add(_now += took, took, alone);
    }

    /// <summary>Lets time pass until more threads take part, in steps of the shortest rest.</summary>
    private long RestOf(ThreadBudget budget)
    {
        var start = _now;
        while (!budget.Grow(_now)) _now += ThreadBudget.FirstRest;
        return (_now - start) / ThreadBudget.FirstRest * ThreadBudget.FirstRest;
    }
}
