using Dst.Masks;
using Dst.Runtime.Threading;
using Dst.Training.Masks.Repair;

namespace Dst.Tests.Masks.Repair;

/// <summary>What optimal brain surgeon drops, against trying every choice.</summary>
public sealed class OptimalBrainSurgeonTests : IDisposable
{
    private readonly WorkerPool _pool = new(2);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData("weight:1:8:7", 2, 2)]
    [InlineData("weight:4:8:7", 2, 2)]
    [InlineData("row:2:12:11", 3, 3)]
    [InlineData("kernel:16:4:3", 3, 3)]
    [InlineData("kernel:2:3:2", 2, 2)]
    public void The_first_drop_is_the_one_of_least_error(string text, int height, int width)
    {
        var pattern = UhpPattern.Parse(text);
        for (var seed = 0; seed < 10; seed++)
        {
            var size = pattern.WeightsPerCandidate([0, 0, height, width]) * pattern.Group;
            var problem = new Problem(5, size, seed);
            var outline = Outline([5, size / (height * width), height, width], pattern);
            var mask = OptimalBrainSurgeon.Choose(outline, problem.Inverse(), problem.Weights, _pool);
            for (var block = 0; block < mask.Blocks; block++)
            {
                var filters = Enumerable.Range(block * pattern.Block, Math.Min(pattern.Block, 5 - block * pattern.Block)).ToArray();
                var best = Enumerable.Range(0, mask.Candidates)
                    .MinBy(candidate => filters.Sum(filter => problem.LeastError(filter, p => p / mask.WeightsPerCandidate != candidate)));
                var dropped = Enumerable.Range(0, mask.Candidates).Where(candidate => !mask.Kept[block * mask.Candidates + candidate]);
                Assert.Equal([best], dropped);
            }
        }
    }

    [Fact]
    public void Each_run_keeps_its_number_and_the_error_is_below_that_of_magnitudes()
    {
        var pattern = UhpPattern.Parse("weight:2:6");
        var (surgeon, magnitude) = (0.0, 0.0);
        for (var seed = 0; seed < 10; seed++)
        {
            var problem = new Problem(4, 16, seed);
            var mask = OptimalBrainSurgeon.Choose(Outline([4, 16, 1, 1], pattern), problem.Inverse(), problem.Weights, _pool);
            for (var block = 0; block < 2; block++)
                Assert.Equal([3, 3, 2], mask.Kept.AsSpan(block * 16, 16).ToArray().Chunk(6).Select(run => run.Count(kept => kept)));
            var weight = new Tensor([4, 16, 1, 1], [.. problem.Weights.SelectMany(filter => filter).Select(w => (float)w)]);
            surgeon += ErrorOf(mask);
            magnitude += ErrorOf(Training.Masks.UhpPruner.Prune(weight, pattern));

            double ErrorOf(LayerMask chosen) =>
                Enumerable.Range(0, 4).Sum(filter => problem.LeastError(filter, p => chosen.Keeps(filter, p)));
        }

        Assert.True(surgeon < 0.9 * magnitude, $"{surgeon} and {magnitude}");
    }

    [Fact]
    public void An_unstructured_mask_keeps_its_number_where_drops_cost_most()
    {
        var problem = new Problem(3, 8, seed: 1);
        for (var i = 0; i < 8; i++) problem.Weights[1][i] *= 100;
        var outline = new LayerMask([3, 8, 1, 1], pattern: null, [.. Enumerable.Range(0, 24).Select(i => i % 2 == 0)]);
        var mask = OptimalBrainSurgeon.Choose(outline, problem.Inverse(), problem.Weights, _pool);
        Assert.Equal(12, mask.KeptWeights);
        Assert.DoesNotContain(false, mask.Kept[8..16]);
    }

    private static LayerMask Outline(int[] shape, UhpPattern pattern) =>
        Training.Masks.UhpPruner.Prune(new(shape, new float[shape.Aggregate((a, b) => a * b)]), pattern);

    /// <summary>A random quadratic error with its minimum at <see cref="Weights"/>.</summary>
    private sealed class Problem
    {
        private readonly double[,] _matrix;

        public Problem(int filters, int size, int seed)
        {
            var random = new Random(seed);
            _matrix = DenseAlgebra.RandomPositive(size, random);
            Weights = new double[filters][];
            for (var i = 0; i < filters; i++) Weights[i] = [.. Enumerable.Range(0, size).Select(_ => random.NextDouble() - 0.5)];
        }

        public double[][] Weights { get; }

        public double[] Inverse() => new CholeskyFactor(DenseAlgebra.Flatten(_matrix), Weights[0].Length).Invert();

        /// <summary>The least (v − w)ᵀH(v − w) of weights v that are 0 where nothing is kept.</summary>
        public double LeastError(int filter, Func<int, bool> keeps)
        {
            var w = Weights[filter];
            int[] kept = [.. Enumerable.Range(0, w.Length).Where(keeps)];
            var (matrix, right) = (new double[kept.Length, kept.Length], new double[kept.Length]);
            for (var i = 0; i < kept.Length; i++)
            {
                for (var j = 0; j < kept.Length; j++) matrix[i, j] = _matrix[kept[i], kept[j]];
                for (var j = 0; j < w.Length; j++) right[i] += _matrix[kept[i], j] * w[j];
            }

            var solution = DenseAlgebra.Solve(matrix, right);
            var difference = w.Select(value => -value).ToArray();
            for (var i = 0; i < kept.Length; i++) difference[kept[i]] += solution[i];
            var error = 0.0;
            for (var i = 0; i < w.Length; i++)
            {
                for (var j = 0; j < w.Length; j++) error += difference[i] * _matrix[i, j] * difference[j];
            }

            return error;
        }
    }
}
