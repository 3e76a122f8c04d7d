using Dst.Runtime.Inference;

namespace Dst.Tests.Inference;

public class RankedClassTests
{
    [Fact]
    public void The_best_of_a_row_of_a_batch_come_first_and_equal_ones_by_index()
    {
        float[] batch = [9, 9, 9, 0.2f, 0.4f, 0.4f];
        var best = RankedClass.Best(batch.AsSpan(3, 3), label => $"c{label}", 2);
        Assert.Equal([new(1, "c1", 0.4f), new(2, "c2", 0.4f)], best);
        Assert.Throws<ArgumentNullException>("nameOf", () => RankedClass.Best(batch, null!, 2));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => RankedClass.Best(batch, label => "", 0));
    }
}
