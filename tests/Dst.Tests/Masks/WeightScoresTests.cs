using Dst.Masks;
using Dst.Runtime.Threading;
using Dst.Tests.Experiments;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Masks;
using Dst.Training.Networks;
using Dst.Training.Objectives;

namespace Dst.Tests.Masks;

public class WeightScoresTests
{
    private static readonly Tensor Weight = new([2, 2, 1, 1], [1, -3, -0.5f, 2]);

    [Fact]
    public void Scores_are_what_their_names_say()
    {
        Assert.Equal([1, 3, 0.5f, 2], WeightScores.Of(PruningScore.L1, Weight, default).Data);
        Assert.Equal([1, 9, 0.25f, 4], WeightScores.Of(PruningScore.L2, Weight, default).Data);
        Assert.Equal([4, 3, 0, 6], WeightScores.Of(PruningScore.Taylor, Weight, [-4, 1, 0, 3]).Data);
        Assert.Throws<ArgumentException>(() => WeightScores.Of(PruningScore.Taylor, Weight, [1, 2]));
    }

    // Filter sums of channels 0 and 1: l1 (1.5, 5), l2 (1.25, 13), taylor with these gradients (11, 5).
    [Fact]
    public void The_score_decides_what_is_kept()
    {
        Assert.Equal([false, true], UhpPruner.Prune(WeightScores.Of(PruningScore.L1, Weight, default), new(PruningUnit.Kernel, 2, 2)).Kept);
        Assert.Equal(
            [true, false],
            UhpPruner.Prune(WeightScores.Of(PruningScore.Taylor, Weight, [10, 1, 2, -1]), new(PruningUnit.Kernel, 2, 2)).Kept);
        // Many small weights beat one large one by magnitude, not by square.
        var uneven = new Tensor([3, 2, 1, 1], [2, 0, 2, 0, 2, 5]);
        Assert.Equal([true, false], UhpPruner.Prune(WeightScores.Of(PruningScore.L1, uneven, default), new(PruningUnit.Kernel, 4, 2)).Kept);
        Assert.Equal([false, true], UhpPruner.Prune(WeightScores.Of(PruningScore.L2, uneven, default), new(PruningUnit.Kernel, 4, 2)).Kept);
    }

    [Fact]
    public void Taylor_gradients_are_the_mean_over_batches()
    {
        var recipe = TinyRun.Recipe("unused");
        var data = TinyRun.Load(recipe);
        var model = Initialiser.Initialise(Zoo.Build("resnet8", data.Shape, 3, 0.25), seed: 1);
        using var pool = new WorkerPool(1);
        var options = new PruningOptions { Score = PruningScore.Taylor, TaylorBatches = 2 };
        var gradients = new ScoreGradients(data, batchSize: 9, new(pool), seed: 1).Of(model, options)!;

        var sum = new float[gradients["layer1.0.conv1.weight"].Length];
        using var loader = new BatchLoader(data, data.Training, 9, augment: true, seed: 1);
        foreach (var batch in loader.Epoch(0).Take(2))
        {
            using var network = new TrainingNetwork(model, 9, new(pool), seed: 1);
            var gradient = new float[batch.Count * 3];
            var logits = network.Forward(batch.Images, batch.Count, training: true);
            CrossEntropy.Compute(logits, batch.Labels.AsSpan(0, batch.Count), 3, 0, 1, gradient);
            network.Backward(gradient);
            var weight = network.Parameters.Single(p => p.Shape.Name == "layer1.0.conv1.weight");
            for (var i = 0; i < sum.Length; i++) sum[i] += weight.Gradient[i] / 2;
        }

        Assert.Contains(sum, g => g != 0);
        Assert.Equal(sum, gradients["layer1.0.conv1.weight"]);
        Assert.Contains("fc.weight", gradients.Keys);
        var plan = PruningPlan.Create(model, new() { Score = PruningScore.Taylor, Block = 4, Group = 4 }, gradients);
        Assert.NotEqual(
            PruningPlan.Create(model, new() { Block = 4, Group = 4 }).Masks["layer1.0.conv1"].Kept, plan.Masks["layer1.0.conv1"].Kept);
        Assert.Throws<ArgumentException>(() => PruningPlan.Create(model, new() { Score = PruningScore.Taylor }));
    }
}
