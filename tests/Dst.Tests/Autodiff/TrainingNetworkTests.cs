using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.Runtime.Threading;
using Dst.Tests.Foundations;
using Dst.Training.Autodiff;
using Dst.Training.Masks;
using Dst.Training.Networks;
using Dst.Training.Objectives;
using Dst.Training.Optimizers;

namespace Dst.Tests.Autodiff;

public class TrainingNetworkTests
{
    private const int Batch = 5;
    private const int Classes = 4;

    [Theory]
    [TierData("resnet8")]
    [TierData("wrn-16-1")]
    [TierData("mobilenetv2")]
    public void The_number_of_threads_changes_no_bit(SimdTier tier, string architecture)
    {
        var graph = Zoo.Build(architecture, new(3, 9, 8), Classes);
        Assert.Equal(TrainTwoSteps(tier, graph, threads: 1), TrainTwoSteps(tier, graph, threads: 3));
    }

    [Theory]
    [TierData]
    public void Poolings_with_chance_give_the_same_bits_on_any_number_of_threads(SimdTier tier)
    {
        var graph = new CheckedGraph(new("random", new(3, 9, 8),
        [
            new("conv", new Conv2dOp(17, 3, 3, 1, 1), ["input"]), new("relu", new ReluOp(), ["conv"]),
            new("dropped", new MaxPoolDropoutOp(2, 2, 0.5f), ["relu"]), new("picked", new StochasticPoolOp(2, 1), ["dropped"]),
            new("flat", new FlattenOp(), ["picked"]), new("fc", new LinearOp(Classes), ["flat"]),
        ]));
        Assert.Equal(TrainTwoSteps(tier, graph, threads: 1), TrainTwoSteps(tier, graph, threads: 3));
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(Initialiser.Initialise(graph, seed: 1), Batch, new(pool, tier), seed: 1);
        float[] Logits(bool training, long step) => network.Forward(Images(graph), Batch, training, step).ToArray();
        Assert.Equal(Logits(true, 3), Logits(true, 3));
        Assert.NotEqual(Logits(true, 3), Logits(true, 4));
        Assert.Equal(Logits(false, 3), Logits(false, 4));
        Assert.NotEqual(Logits(true, 3), Logits(false, 3));
    }

    /// <summary>
    /// Its scales have both signs. A normalisation that is read from outside is computed on its own, and the pooling too.
    /// </summary>
    [Theory]
    [TierData]
    public void A_pooling_behind_a_normalisation_is_a_part_of_it(SimdTier tier)
    {
        var graph = new CheckedGraph(new("pooled", new(3, 10, 8),
        [
            new("conv1", new Conv2dOp(17, 3, 3, 1, 1), ["input"]), new("bn1", new BatchNormOp(), ["conv1"]),
            new("relu1", new ReluOp(), ["bn1"]), new("pool1", new MaxPoolOp(2, 2), ["relu1"]),
            new("conv2", new Conv2dOp(18, 3, 3, 1, 1), ["pool1"]), new("bn2", new BatchNormOp(), ["conv2"]),
            new("pool2", new MaxPoolOp(3, 2, 1), ["bn2"]), new("flat", new FlattenOp(), ["pool2"]),
            new("fc", new LinearOp(Classes), ["flat"]),
        ]));
        var model = RandomGraph.CreateModel(graph, seed: 1);
        using var pool = new WorkerPool(2);
        using var fused = new TrainingNetwork(model, Batch, new(pool, tier), seed: 1);
        using var separate = new TrainingNetwork(model, Batch, new(pool, tier), seed: 1, ["bn1", "bn2"]);
        (fused.Times, separate.Times) = (new(), new());
        Assert.Equal(Step(separate), Step(fused));
        foreach (var (a, e) in fused.Parameters.Zip(separate.Parameters))
        {
            for (var i = 0; i < e.Gradient.Length; i++) Assert.Equal(e.Gradient[i], a.Gradient[i], 1e-5);
        }

        Assert.Equal(Inferred(separate), Inferred(fused));
        Assert.Contains(separate.Times.Sums, sum => sum.Key.Layer == "pool1");
        Assert.DoesNotContain(fused.Times.Sums, sum => sum.Key.Layer.StartsWith("pool", StringComparison.Ordinal));

        float[] Inferred(TrainingNetwork network) => network.Forward(Images(graph), Batch, training: false).ToArray();
    }

    [Theory]
    [TierData("kernel:16:16")]
    [TierData("kernel:32:16")]
    [TierData("kernel:4:2")]
    [TierData("row:16:4:1")]
    [TierData("weight:16:4")]
    [TierData("weight:1:2")]
    public void A_masked_network_computes_what_the_dense_one_does_with_zero_weights(SimdTier tier, string pattern)
    {
        var dense = Initialiser.Initialise(Zoo.Build("resnet8", new(3, 9, 8), Classes), seed: 1);
        var parsed = UhpPattern.Parse(pattern);
        var pruning = new PruningOptions { Unit = parsed.Unit, Block = parsed.Block, Group = parsed.Group };
        var masked = PruningPlan.Create(dense, pruning).ApplyTo(dense);
        var zeroed = new Model(masked.Graph, masked.Parameters);
        Assert.NotEmpty(masked.Masks);

        using var pool = new WorkerPool(1);
        using var sparse = new TrainingNetwork(masked, Batch, new(pool, tier), seed: 1);
        using var reference = new TrainingNetwork(zeroed, Batch, new(pool, tier), seed: 1);
        var (actual, expected) = (Step(sparse), Step(reference));
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4);
        foreach (var (a, e) in sparse.Parameters.Zip(reference.Parameters))
        {
            var largest = e.Gradient.Select(Math.Abs).DefaultIfEmpty().Max();
            for (var i = 0; i < e.Gradient.Length; i++)
            {
                if (a.Mask is null || a.Mask.Keeps(i / Row(a), i % Row(a)))
                    Assert.Equal(e.Gradient[i], a.Gradient[i], 1e-4 * (1 + largest));
            }
        }
    }

    [Fact]
    public void There_is_no_way_back_from_inference_and_no_gradient_of_the_input()
    {
        using var pool = new WorkerPool(1);
        var model = Initialiser.Initialise(Zoo.Build("resnet8", new(3, 9, 8), Classes), seed: 1);
        using var network = new TrainingNetwork(model, 1, new(pool), seed: 1, ["input"]);
        network.Forward(new float[3 * 9 * 8], 1, training: false);
        Assert.Throws<InvalidOperationException>(() => network.Backward(new float[Classes]));
        Assert.Throws<ArgumentException>(() => network.SetFeatureGradient("input", new float[3 * 9 * 8]));
    }

    [Theory]
    [TierData(Scalar = false)] // the references take memory for their sums in double
    public void A_steady_training_step_allocates_nothing(SimdTier tier)
    {
        var graph = Zoo.Build("resnet8", new(3, 9, 8), Classes);
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(Initialiser.Initialise(graph, seed: 1), Batch, new(pool, tier), seed: 1);
        var optimizer = Optimizer.Create(new OptimizerOptions(), network.Parameters);
        var images = Images(graph);
        var schedule = Schedule.Create(new ScheduleOptions { Kind = ScheduleKind.Step, Milestones = [1] }, epochs: 2, stepsPerEpoch: 10);
        var gradient = new float[Batch * Classes];
        int[] labels = [0, 1, 2, 3, 0];
        var step = 0;
        void Run()
        {
            var logits = network.Forward(images, Batch, training: true);
            CrossEntropy.Compute(logits, labels, Classes, labelSmoothing: 0.1f, weight: 1, gradient);
            network.Backward(gradient);
            optimizer.Step(schedule.LearningRate(step++));
        }

        for (var i = 0; i < 3; i++) Run();
        Assert.Equal(0, Allocation.Of(Run, runs: 5));
    }

    [Theory]
    [TierData]
    public void A_frozen_network_gives_the_same_logits_and_refuses_to_train(SimdTier tier)
    {
        var graph = Zoo.Build("resnet8", new(3, 9, 8), Classes);
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(Initialiser.Initialise(graph, seed: 1), Batch, new(pool, tier), seed: 1);
        var images = Images(graph);
        var logits = network.Forward(images, Batch, training: false).ToArray();
        network.Freeze();
        Assert.Equal(logits, network.Forward(images, Batch, training: false).ToArray());
        Assert.Equal(logits, network.Forward(images, Batch, training: false).ToArray());
        Assert.Throws<InvalidOperationException>(() => network.Forward(images, Batch, training: true).Length);
        network.SetMasks(new Dictionary<string, LayerMask>());
        Assert.Equal(logits, network.Forward(images, Batch, training: false).ToArray());
    }

    [Fact]
    public void A_nan_is_traced_to_the_first_layer_that_has_it()
    {
        var graph = Zoo.Build("resnet8", new(3, 9, 8), Classes);
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(Initialiser.Initialise(graph, seed: 1), Batch, new(pool), seed: 1);
        network.Forward(Images(graph), Batch, training: false);
        Assert.Null(network.FindNonFinite());
        network.Parameters.First(p => p.Shape.Name == "layer2.0.conv1.weight").Value[7] = float.NaN;
        network.Forward(Images(graph), Batch, training: false);
        Assert.Equal("layer2.0.conv1", network.FindNonFinite());
    }

    [Fact]
    public void A_batch_that_does_not_fit_into_memory_is_refused_before_memory_is_taken()
    {
        using var pool = new WorkerPool(1);
        var model = Initialiser.Initialise(Zoo.Build("resnet8", new(3, 256, 256), Classes), seed: 1);
        Assert.Contains(
            "batch of 1000000 need",
            Assert.Throws<InputException>(() => new TrainingNetwork(model, 1_000_000, new(pool), seed: 1)).Message);
    }

    [Theory]
    [TierData]
    public void Masks_can_be_set_between_steps_and_features_are_only_those_asked_for(SimdTier tier)
    {
        var dense = Initialiser.Initialise(Zoo.Build("resnet8", new(3, 9, 8), Classes), seed: 1);
        var masked = PruningPlan.Create(dense, new PruningOptions { Block = 4, Group = 4 }).ApplyTo(dense);
        using var pool = new WorkerPool(1);
        using var expected = new TrainingNetwork(masked, Batch, new(pool, tier), seed: 1);
        using var network = new TrainingNetwork(dense, Batch, new(pool, tier), seed: 1, ["relu"]);
        Step(network);
        foreach (var (to, from) in network.Parameters.Zip(expected.Parameters)) from.Value.CopyTo(to.Value, 0);
        network.SetMasks(masked.Masks);
        Assert.Equal(Step(expected), Step(network));
        Assert.Equal(masked.Masks.Keys.Order(), network.ToModel().Masks.Keys.Order());
        Assert.Throws<ArgumentException>(
            () => network.SetMasks(new Dictionary<string, LayerMask> { ["fc"] = masked.Masks.Values.First() }));

        var relu = new float[Batch * 16 * 9 * 8];
        network.ReadFeature("relu", relu);
        Assert.Contains(relu, value => value > 0);
        Assert.DoesNotContain(relu, value => value < 0);
        Assert.Throws<ArgumentException>(() => network.ReadFeature("bn1", relu));
        Assert.Throws<ArgumentException>(() => network.ReadFeature("relu", relu.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => network.SetFeatureGradient("relu2", relu));
    }

    private static float[] TrainTwoSteps(SimdTier tier, CheckedGraph graph, int threads)
    {
        using var pool = new WorkerPool(threads);
        using var network = new TrainingNetwork(Initialiser.Initialise(graph, seed: 1), Batch, new(pool, tier), seed: 1);
        var optimizer = Optimizer.Create(new OptimizerOptions(), network.Parameters);
        for (var step = 0; step < 2; step++)
        {
            Step(network);
            optimizer.Step(0.05);
        }

        return [.. network.Parameters.SelectMany(p => p.Value)];
    }

    private static float[] Step(TrainingNetwork network)
    {
        var logits = network.Forward(Images(network.Graph), Batch, training: true).ToArray();
        var gradient = new float[logits.Length];
        CrossEntropy.Compute(logits, [0, 1, 2, 3, 0], Classes, labelSmoothing: 0, weight: 1, gradient);
        network.Backward(gradient);
        return logits;
    }

    private static float[] Images(CheckedGraph graph)
    {
        var random = new Random(3);
        var images = new float[Batch * graph.Input.Count];
        for (var i = 0; i < images.Length; i++) images[i] = random.NextSingle() * 2 - 1;
        return images;
    }

    private static int Row(Parameter weight) => weight.Shape.Shape[1] * weight.Shape.Shape[2] * weight.Shape.Shape[3];
}
