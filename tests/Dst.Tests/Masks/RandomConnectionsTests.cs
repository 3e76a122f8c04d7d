using Dst.Graph;
using Dst.Masks;
using Dst.Runtime.Threading;
using Dst.Tests.Experiments;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Masks;

/// <summary>Input channels that chance chooses before training, all at once or in stages.</summary>
public sealed class RandomConnectionsTests : IDisposable
{
    private readonly WorkerPool _pool = new(1);
    private readonly Recipe _recipe = TinyRun.Recipe("unused");

    private static Model Network { get; } = Initialiser.Initialise(
        new(new("net", new(40, 6, 6), [new("a", new Conv2dOp(48, 3, 3), ["input"]), new("b", new Conv2dOp(10, 1, 1), ["a"])])), seed: 1);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(1, 0.25)]
    [InlineData(16, 0.0625)]
    [InlineData(4, 0.5)]
    [InlineData(32, 0.5)]
    public void Each_block_of_filters_keeps_its_share_of_each_run(int block, double keep)
    {
        var plan = Plan(Options(block, keep), seed: 1);
        foreach (var (layer, mask) in plan.Masks)
        {
            var pattern = Options(block, keep).PatternOf(layer);
            Assert.Equal(pattern, mask.Pattern);
            for (var row = 0; row < mask.Blocks; row++)
            {
                for (var first = 0; first < mask.Candidates; first += pattern.Group)
                {
                    var run = mask.Kept.AsSpan(row * mask.Candidates + first, Math.Min(pattern.Group, mask.Candidates - first));
                    Assert.Equal(pattern.KeptOf(run.Length), run.Count(true));
                }
            }
        }
    }

    [Fact]
    public void The_seed_alone_decides()
    {
        var options = Options(1, 0.25);
        var others = Initialiser.Initialise(Network.Graph, seed: 2);
        Assert.Equal(KeptOf(Plan(options, seed: 1)), KeptOf(RandomConnections.Plan(others, new(options, MaskKind.Uhp), seed: 1)));
        Assert.NotEqual(KeptOf(Plan(options, seed: 1)), KeptOf(Plan(options, seed: 2)));
        var layers = Plan(options, seed: 1).Masks;
        Assert.NotEqual(layers["a"].Kept[..40], layers["b"].Kept[..40]);
    }

    [Fact]
    public void Each_channel_is_as_likely_as_any_other()
    {
        var counts = new int[40];
        const int seeds = 100;
        for (var seed = 0; seed < seeds; seed++)
        {
            var mask = Plan(Options(1, 0.25, group: 1 << 10), seed).Masks["a"];
            for (var i = 0; i < mask.Kept.Length; i++) counts[i % 40] += mask.Kept[i] ? 1 : 0;
        }

        var deviation = Math.Sqrt(seeds * 48 * 0.25 * 0.75);
        Assert.All(counts, count => Assert.InRange(count, seeds * 12 - 5 * deviation, seeds * 12 + 5 * deviation));
    }

    [Fact]
    public void Connections_of_a_smaller_share_are_among_those_of_a_larger_one()
    {
        foreach (var kind in new[] { MaskKind.Uhp, MaskKind.Unstructured })
        {
            var pruning = new Pruning(Options(4, 0.5), kind);
            bool[] before = KeptOf(RandomConnections.Plan(Network, pruning, seed: 1, share: 0.1));
            foreach (var share in new[] { 0.3, 0.5, 1 })
            {
                bool[] now = KeptOf(RandomConnections.Plan(Network, pruning, seed: 1, share));
                Assert.All(before.Zip(now), pair => Assert.True(pair.Second || !pair.First));
                Assert.True(now.Count(kept => kept) > before.Count(kept => kept));
                before = now;
            }

            var full = RandomConnections.Plan(Network, pruning, seed: 1);
            var outline = kind == MaskKind.Uhp
                ? PruningPlan.Outline(Network, pruning.Options)
                : PruningPlan.CreateUnstructured(Network, pruning.Options);
            Assert.Equal(outline.Layers.Select(layer => layer.Kept), full.Layers.Select(layer => layer.Kept));
        }
    }

    [Fact]
    public void Incremental_training_adds_connections_of_weight_zero_and_ends_with_all()
    {
        // 24 images in batches of 9 for 6 epochs are 18 steps; at steps 3, 6 and 9 a stage begins.
        var options = Options(4, 0.5, group: 8) with { Incremental = new() { Stages = 3, Start = 0.25, Share = 0.5 } };
        var pruning = new Pruning(options, MaskKind.Uhp);
        var data = TinyRun.Load(_recipe);
        var model = Initialiser.Initialise(Zoo.Build("resnet8", data.Shape, 3, 0.25), 1);
        var start = RandomConnections.Plan(model, pruning, seed: 1, options.Incremental.ShareIn(0)).ApplyTo(model);
        var nonzero = new List<int>();
        using var trainer = new Trainer(
            new("uhp", start, _recipe.Train with { Epochs = 6, Ema = 0 }) { Pruning = pruning }, data, new(_pool), seed: 1)
        {
            Checkpoints = new() { EveryEpochs = 1 },
            CheckpointDue = t => nonzero.Add(t.Tensors().First(x => x.Name == "layer3.0.conv2.weight").Values.Count(w => w != 0)),
        };
        var result = trainer.Run();
        Assert.InRange(result.BestEpoch, 4, 6);
        Assert.Equal([1, 2, 3, 4, 4, 4], nonzero.Select(count => 4 * count / nonzero[^1]));
        var expected = RandomConnections.Plan(model, pruning, seed: 1).Masks;
        Assert.Equal(expected.Keys.Order(), result.Model.Masks.Keys.Order());
        foreach (var (layer, mask) in expected) Assert.Equal(mask.Kept, result.Model.Masks[layer].Kept);
    }

    private static PruningOptions Options(int block, double keep, int group = 16) =>
        new() { Method = PruningMethod.RandomChannels, Unit = PruningUnit.Kernel, Block = block, Group = group, Keep = keep };

    private static PruningPlan Plan(PruningOptions options, long seed) => RandomConnections.Plan(Network, new(options, MaskKind.Uhp), seed);

    private static bool[] KeptOf(PruningPlan plan) => [.. plan.Layers.SelectMany(layer => layer.Mask!.Kept)];
}
