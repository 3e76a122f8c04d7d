using Dst.Foundations;
using Dst.Masks;
using Dst.Training.Masks;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Dst.Tests.Masks;

/// <summary>UHP and unstructured masks: worked examples, and properties over random shapes and patterns.</summary>
public class PrunerTests
{
    /// <summary>A weight of small integers, so that ties are frequent, and a pattern.</summary>
    public sealed record Case(int[] Shape, UhpPattern Pattern, long Seed)
    {
        public Tensor Weight
        {
            get
            {
                var random = new RandomStream(Seed, RandomPurpose.Initialise);
                var data = new float[Shape.Aggregate((product, extent) => product * extent)];
                for (var i = 0; i < data.Length; i++) data[i] = random.NextInt(9) - 4;
                return new(Shape, data);
            }
        }

        public override string ToString() => $"[{string.Join(", ", Shape)}] {Pattern} seed {Seed}";
    }

    public static class Cases
    {
        public static Arbitrary<Case> Arbitrary() => (
            from filters in Gen.Choose(1, 40)
            from channels in Gen.Choose(1, 20)
            from height in Gen.Choose(1, 5)
            from width in Gen.Choose(1, 5)
            from unit in Gen.Elements(PruningUnit.Kernel, PruningUnit.Row, PruningUnit.Weight)
            from block in Gen.Elements(1, 2, 4, 8, 16, 32)
            from run in Gen.Choose(2, 40)
            from keep in Gen.Choose(1, run - 1)
            from seed in Gen.Choose(0, 1 << 30)
            select new Case([filters, channels, height, width], new(unit, block, run, keep), seed)).ToArbitrary();
    }

    [Property(Arbitrary = [typeof(Cases)], MaxTest = 200)]
    public void Every_run_keeps_exactly_its_share(Case x)
    {
        var mask = UhpPruner.Prune(x.Weight, x.Pattern);
        foreach (var (start, length) in Runs(mask))
        {
            Assert.Equal((int)Math.Ceiling((double)length * x.Pattern.Keep / x.Pattern.Group), mask.Kept.AsSpan(start, length).Count(true));
        }

        Assert.Equal(x.Pattern, mask.Pattern);
    }

    [Property(Arbitrary = [typeof(Cases)], MaxTest = 200)]
    public void What_is_kept_has_the_highest_scores_and_among_equals_the_lowest_index(Case x)
    {
        var mask = UhpPruner.Prune(x.Weight, x.Pattern);
        var scores = Scores(x.Weight, mask);
        foreach (var (start, length) in Runs(mask))
        {
            for (var i = start; i < start + length; i++)
            {
                for (var j = start; j < start + length; j++)
                {
                    if (mask.Kept[i] && !mask.Kept[j])
                        Assert.True(scores[i] > scores[j] || (scores[i] == scores[j] && i < j), $"{i} over {j}");
                }
            }
        }
    }

    [Property(Arbitrary = [typeof(Cases)], MaxTest = 100)]
    public void The_kept_weights_of_a_mask_are_those_that_it_leaves(Case x)
    {
        var mask = UhpPruner.Prune(x.Weight, x.Pattern);
        var ones = Enumerable.Repeat(1f, x.Weight.Data.Length).ToArray();
        mask.Apply(ones);
        Assert.Equal(mask.KeptWeights, ones.Count(value => value == 1));
    }

    [Property(Arbitrary = [typeof(Cases)], MaxTest = 100)]
    public void Unstructured_pruning_keeps_the_number_asked_for_and_the_largest_magnitudes(Case x)
    {
        var weight = x.Weight;
        var count = (int)(x.Seed % (weight.Data.Length + 1));
        var mask = UnstructuredPruner.Prune(weight, count);
        Assert.Equal((long)count, mask.KeptWeights);
        Assert.Null(mask.Pattern);
        // OrderByDescending is stable: of equal weights the earlier one is kept.
        var order = Enumerable.Range(0, weight.Data.Length).OrderByDescending(i => Math.Abs(weight.Data[i])).Take(count).Order();
        Assert.Equal(order, Enumerable.Range(0, weight.Data.Length).Where(i => mask.Kept[i]));
    }

    // The example of docs/method.md: two filters share a choice, four input channels, 1x2 kernels, runs of four channels.
    [Fact]
    public void Kernels_of_the_worked_example()
    {
        float[] data =
        [
            1, -1, 0, 3, 2, 2, 0.5f, 0, // filter 0: |w| by channel 2, 3, 4, 0.5
            -1, 2, 0, 0, 1, 0, 4, -0.5f, // filter 1: 3, 0, 1, 4.5
        ];
        var mask = UhpPruner.Prune(new([2, 4, 1, 2], data), new(PruningUnit.Kernel, 2, 4)); // sums 5, 3, 5, 5
        Assert.Equal([true, false, true, false], mask.Kept);
        var fine = UhpPruner.Prune(new([2, 4, 1, 2], [.. data]), new(PruningUnit.Weight, 1, 2));
        Assert.Equal([1, 3, 2, 0.5f, 2, 0, 1, 4], data.Where((_, i) => fine.Kept[i]));
        mask.Apply(data);
        Assert.Equal([1, -1, 0, 0, 2, 2, 0, 0, -1, 2, 0, 0, 1, 0, 0, 0], data);
    }

    [Fact]
    public void Rows_of_kernels_are_candidates_of_their_own()
    {
        // One filter, two channels of 2x2: rows of magnitude 3, 7, 8, 4. A quarter of a run of four is one row.
        var weight = new Tensor([1, 2, 2, 2], [1, -2, 3, 4, 8, 0, 2, 2]);
        Assert.Equal([false, true, true, false], UhpPruner.Prune(weight, new(PruningUnit.Row, 1, 4)).Kept);
        var quarter = UhpPruner.Prune(weight, new(PruningUnit.Row, 1, 4, Keep: 1));
        quarter.Apply(weight.Data);
        Assert.Equal([0, 0, 0, 0, 8, 0, 0, 0], weight.Data);
        Assert.Equal(("row:1:4:1", 2, 2L), (quarter.PatternName, quarter.WeightsPerCandidate, quarter.KeptWeights));
    }

    [Fact]
    public void Weights_of_one_filter_in_runs_of_two_with_a_ragged_end()
    {
        var mask = UhpPruner.Prune(new([1, 1, 1, 5], [1, -2, 3, -3, 0]), new(PruningUnit.Weight, 1, 2));
        Assert.Equal([false, true, true, false, true], mask.Kept);
    }

    [Fact]
    public void A_ragged_last_block_counts_only_its_own_filters()
    {
        var mask = UhpPruner.Prune(new([3, 2, 1, 1], [1, 5, 1, 5, 2, 1]), new(PruningUnit.Kernel, 2, 2));
        Assert.Equal([false, true, true, false], mask.Kept);
        Assert.Equal(3, mask.KeptWeights);
    }

    [Fact]
    public void Linear_weights_are_refused() =>
        Assert.Throws<ArgumentException>(() => UhpPruner.Prune(new([2, 2], new float[4]), new(PruningUnit.Kernel, 1, 2)));

    private static IEnumerable<(int Start, int Length)> Runs(LayerMask mask)
    {
        var group = mask.Pattern!.Group;
        for (var block = 0; block < mask.Blocks; block++)
        {
            for (var first = 0; first < mask.Candidates; first += group)
                yield return (block * mask.Candidates + first, Math.Min(group, mask.Candidates - first));
        }
    }

    // Uses the mask's map from weights to candidates instead of the pruner's.
    private static double[] Scores(Tensor weight, LayerMask mask)
    {
        var scores = new double[mask.Kept.Length];
        var row = weight.Data.Length / weight.Shape[0];
        for (var i = 0; i < weight.Data.Length; i++)
            scores[i / row / mask.Block * mask.Candidates + i % row / mask.WeightsPerCandidate] += Math.Abs(weight.Data[i]);
        return scores;
    }
}
