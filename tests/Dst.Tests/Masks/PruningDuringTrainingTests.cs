using Dst.Masks;
using Dst.Runtime.Threading;
using Dst.Tests.Experiments;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Masks;

/// <summary>Masks that change while a phase trains: gradual pruning and SR-STE.</summary>
public sealed class PruningDuringTrainingTests : IDisposable
{
    private readonly WorkerPool _pool = new(1);
    private readonly Recipe _recipe = TinyRun.Recipe("unused");
    private readonly DataSet _data;

    public PruningDuringTrainingTests() => _data = TinyRun.Load(_recipe);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(PruningScore.L1, false)]
    [InlineData(PruningScore.L2, true)]
    [InlineData(PruningScore.Taylor, false)]
    public void Gradual_pruning_only_ever_drops_and_ends_at_half(PruningScore score, bool unstructured)
    {
        // 24 images in batches of 9 for 6 epochs are 18 steps; at steps 3, 6 and 9 a third of the stages begins.
        var options = new PruningOptions
        {
            Method = PruningMethod.Gradual,
            Block = 4,
            Group = 8,
            Score = score,
            TaylorBatches = 1,
            Gradual = new() { Share = 0.5, Stages = 3 },
        };
        var phase = Phase(_recipe.Train with { Epochs = 6, Patience = 1, Clip = 0 }) with
        {
            Pruning = new(options, unstructured ? MaskKind.Unstructured : MaskKind.Uhp),
        };
        var kept = new List<float[]>();
        using var trainer = new Trainer(phase, _data, new(_pool), seed: 1)
        {
            CheckpointDue = trainer => kept.Add(Kept(trainer)),
            Checkpoints = new() { EveryEpochs = 1 },
        };
        var result = trainer.Run();

        Assert.InRange(result.BestEpoch, 4, 6); // the third epoch's last step, number 8, is one before the last stage
        for (var epoch = 1; epoch < kept.Count; epoch++)
            Assert.All(kept[epoch - 1].Zip(kept[epoch]), pair => Assert.True(pair.First >= pair.Second));
        Assert.All(kept[0], k => Assert.Equal(1, k)); // step 2 was the first epoch's last
        Assert.True(kept[1].Average() < 1 && kept[3].Average() < kept[1].Average());
        var outline = unstructured
            ? PruningPlan.CreateUnstructured(phase.Start, options with { Score = PruningScore.L1 })
            : PruningPlan.Outline(phase.Start, options);
        Assert.Equal(outline.Masks.Keys.Order(), result.Model.Masks.Keys.Order());
        foreach (var (layer, mask) in result.Model.Masks)
        {
            Assert.Equal(outline.Masks[layer].KeptWeights, mask.KeptWeights);
            Assert.Equal(outline.Masks[layer].Pattern, mask.Pattern);
            AssertApplied(result.Model, layer, mask);
        }
    }

    [Fact]
    public void Straight_through_pruning_ends_with_the_pattern_and_the_result_is_what_was_validated()
    {
        var options = new PruningOptions { Method = PruningMethod.SrSte, Block = 4, Group = 4 };
        foreach (var ema in new[] { 0, 0.5 })
        {
            var rows = new List<EpochMetrics>();
            var phase = Phase(_recipe.Train with { Epochs = 3, Ema = ema }) with { Pruning = new(options, MaskKind.Uhp) };
            using var trainer = new Trainer(phase, _data, new(_pool), seed: 1) { EpochEnded = rows.Add };
            var result = trainer.Run();
            Assert.Equal(PruningPlan.Outline(phase.Start, options).Masks.Keys.Order(), result.Model.Masks.Keys.Order());
            foreach (var (layer, mask) in result.Model.Masks) AssertApplied(result.Model, layer, mask);
            using var network = new TrainingNetwork(result.Model, 9, new(_pool), seed: 1);
            using var loader = new BatchLoader(_data, _data.Validation, 9, augment: false, seed: 1);
            Assert.Equal(rows[result.BestEpoch - 1].ValidationLoss, Evaluator.Evaluate(network, loader).Loss, 5);
        }
    }

    // One run of four candidates: the mask keeps 3 and 4, and of w = 1 and −2, which it prunes, λ·w joins the gradient.
    [Fact]
    public void Straight_through_gradients_reach_all_weights_and_pruned_ones_decay()
    {
        var graph = new Dst.Graph.CheckedGraph(new("one", new(4, 1, 1), [new("conv", new Dst.Graph.Conv2dOp(1, 1, 1), ["input"])]));
        var model = new Model(graph, new Dictionary<string, Tensor> { ["conv.weight"] = new([1, 4, 1, 1], [1, -2, 3, 4]) });
        using var network = new TrainingNetwork(model, 1, new(_pool), seed: 0);
        var options = new PruningOptions { Method = PruningMethod.SrSte, Block = 1, Group = 4, SrSte = new() { Decay = 0.5 } };
        var masks = new StraightThroughMasks(new(options, MaskKind.Uhp), network);
        var weight = network.Parameters[0];
        masks.BeginStep(0);
        Assert.Equal([0, 0, 3, 4], weight.Value);
        Assert.Equal(3 * 10 + 4 * 20, network.Forward([100, 200, 10, 20], 1, training: true)[0]);
        network.Backward([2]);
        masks.BeginUpdate();
        Assert.Equal([1, -2, 3, 4], weight.Value);
        Assert.Equal([200 + 0.5f, 400 - 1, 20, 40], weight.Gradient);

        weight.Value[0] = 9; // the mask follows the weights
        masks.BeginEvaluation();
        Assert.Equal([9, 0, 0, 4], weight.Value);
        masks.EndEvaluation();
        Assert.Equal([9, -2, 3, 4], weight.Value);
    }

    private static float[] Kept(Trainer trainer) =>
        [.. trainer.Tensors().Where(tensor => tensor.Name.EndsWith(".kept", StringComparison.Ordinal)).SelectMany(tensor => tensor.Values)];

    private static void AssertApplied(Model model, string layer, LayerMask mask)
    {
        var weights = model.Parameters[$"{layer}.weight"].Data;
        var masked = weights.ToArray();
        mask.Apply(masked);
        Assert.Equal(masked, weights);
        Assert.Contains(weights, w => w != 0);
    }

    private TrainingPhase Phase(TrainOptions options) =>
        new("dst", Initialiser.Initialise(Zoo.Build("resnet8", _data.Shape, 3, 0.25), 1), options);
}
