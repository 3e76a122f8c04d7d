using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.Runtime.Inference;
using Dst.Runtime.Threading;
using Dst.Tests.Graph;
using Dst.Training.Autodiff;
using Dst.Training.Masks;

namespace Dst.Tests.Autodiff;

/// <summary>The training engine on graphs that no network of the zoo has, against the same graphs in double precision.</summary>
public class RandomGraphTests
{
    private const int MaxBatch = 11;
    private static readonly string[] Patterns = ["kernel:16:4", "kernel:4:2", "weight:16:4", "weight:1:2", "row:16:6", "kernel:16:4:3"];

    /// <summary>The scalar tier takes fewer graphs: it runs the references, which are tested one operation at a time.</summary>
    public static TheoryData<SimdTier, int> Seeds => Tiers.With(tier => Enumerable.Range(0, tier == SimdTier.Scalar ? 12 : 60));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Gradients_are_those_of_the_graph_on_any_number_of_threads_and_in_each_step(SimdTier tier, int seed)
    {
        var model = RandomGraph.CreateModel(RandomGraph.Create(seed), seed);
        using WorkerPool one = new(1), three = new(3);
        using TrainingNetwork network = new(model, MaxBatch, new(one, tier), seed), threaded = new(model, MaxBatch, new(three, tier), seed);
        foreach (var count in new[] { MaxBatch, 5 })
        {
            var step = new Step(model, count, seed);
            step.AssertSameAs(network);
            var logits = threaded.Forward(step.Images, count, training: true).ToArray();
            threaded.Backward(step.LogitGradient);
            Assert.Equal(network.Forward(step.Images, count, training: true).ToArray(), logits);
            foreach (var (a, b) in network.Parameters.Zip(threaded.Parameters)) Assert.Equal(a.Gradient, b.Gradient);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Features_masks_and_inference_are_those_of_the_graph(SimdTier tier, int seed)
    {
        var graph = RandomGraph.Create(seed);
        var random = new Random(seed);
        string[] features = [.. graph.Nodes.SkipLast(1).Select(n => n.Name).Where(_ => random.Next(4) == 0)];
        var dense = RandomGraph.CreateModel(graph, seed);
        var pruning = new PruningOptions { Pattern = UhpPattern.Parse(Patterns[seed % Patterns.Length]) };
        var masked = PruningPlan.Create(dense, pruning).ApplyTo(dense);
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(dense, MaxBatch, new(pool, tier), seed, features);
        new Step(dense, 3, seed, features).AssertSameAs(network);
        network.SetMasks(masked.Masks);
        new Step(network.ToModel(), MaxBatch, seed, training: false).AssertSameAs(network);
        new Step(masked, MaxBatch, seed, features).AssertSameAs(network);
        new Step(masked, 2, seed, features).AssertSameAs(network);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Inference_plans_are_those_of_the_graph(SimdTier tier, int seed)
    {
        var model = RandomGraph.CreateModel(RandomGraph.Create(seed), seed);
        var step = new Step(model, 3, seed, training: false);
        using var plan = InferencePlan.Compile(model, new() { Tier = tier, Tune = false, Batch = 2 });
        using var session = plan.CreateSession();
        var logits = new float[3 * plan.Outputs];
        session.Run(step.Images, 3, logits);
        step.AssertLogits(logits);
    }

    [Fact]
    public void Each_operation_without_chance_is_in_a_graph()
    {
        var graphs = Enumerable.Range(0, 60).Select(RandomGraph.Create).Append(ImportedGraphs.Mobile).Append(ImportedGraphs.Modern);
        Assert.Equal([typeof(StochasticPoolOp)], OperationTypes.MissingIn(graphs));
    }

    [Theory, Trait("Category", "Tier")]
    [TierData]
    public void Imported_operations_are_those_of_the_graph(SimdTier tier)
    {
        var model = RandomGraph.CreateModel(ImportedGraphs.Mobile, seed: 1);
        using var pool = new WorkerPool(2);
        using var network = new TrainingNetwork(model, MaxBatch, new(pool, tier), seed: 1, ["excite", "swish"]);
        new Step(model, 5, seed: 1, ["excite", "swish"]).AssertSameAs(network);
        new Step(model, 2, seed: 2, ["excite", "swish"]).AssertSameAs(network);
        using var plan = InferencePlan.Compile(model, new() { Tier = tier, Tune = false });
        Assert.DoesNotContain(plan.Steps, step => step.Layer is "bn" or "affine" or "relu6");
        using var session = plan.CreateSession(threads: 2);
        var expected = new Step(model, 3, seed: 3, training: false);
        var logits = new float[3 * 3];
        session.Run(expected.Images, 3, logits);
        expected.AssertLogits(logits);
    }

    [Theory]
    [TierData]
    public void Operations_of_newer_networks_are_those_of_the_graph(SimdTier tier)
    {
        var model = RandomGraph.CreateModel(ImportedGraphs.Modern, seed: 1);
        using var pool = new WorkerPool(2);
        using var network = new TrainingNetwork(model, MaxBatch, new(pool, tier), seed: 1, ["gelu"]);
        new Step(model, 5, seed: 1, ["gelu"]).AssertSameAs(network);
        using var plan = InferencePlan.Compile(model, new() { Tier = tier, Tune = false });
        using var session = plan.CreateSession(threads: 2);
        var expected = new Step(model, 3, seed: 3, training: false);
        var logits = new float[3 * 3];
        session.Run(expected.Images, 3, logits);
        expected.AssertLogits(logits);
    }

    [Theory]
    [TierData("dense")]
    [TierData("kernel:16:16")]
    public void Wide_layers_are_those_of_the_graph(SimdTier tier, string pattern)
    {
        Node[] nodes =
        [
            new("n0", new Conv2dOp(192, 1, 1), ["input"]),
            new("n1", new BatchNormOp(1e-2f), ["n0"]),
            new("n2", new ReluOp(), ["n1"]),
            new("n3", new Conv2dOp(192, 3, 3, 1, 1, 1, Bias: true), ["n2"]),
            new("n4", new BatchNormOp(1e-2f), ["n3"]),
            new("n5", new AddOp(), ["n4", "n2"]),
            new("n6", new Conv2dOp(768, 2, 2, 2, 0, 1, Bias: true), ["n5"]),
            new("n7", new BatchNormOp(1e-2f), ["n6"]),
            new("n8", new GlobalAvgPoolOp(), ["n7"]),
            new("n9", new LinearOp(3), ["n8"]),
        ];
        var model = RandomGraph.CreateModel(new CheckedGraph(new("wide", new(3, 4, 4), nodes)), seed: 1);
        if (pattern != "dense")
            model = PruningPlan.Create(model, new PruningOptions { Pattern = UhpPattern.Parse(pattern) }).ApplyTo(model);
        using var pool = new WorkerPool(2);
        using var network = new TrainingNetwork(model, MaxBatch, new(pool, tier), seed: 1);
        new Step(model, 3, seed: 1).AssertSameAs(network);
        new Step(model, 2, seed: 2).AssertSameAs(network);
    }

    [Theory]
    [TierData]
    public void A_feature_that_no_node_reads_takes_the_gradient_that_it_is_given(SimdTier tier)
    {
        Node[] nodes =
        [
            new("n0", new Conv2dOp(5, 3, 3, 1, 1), ["input"]),
            new("n1", new BatchNormOp(1e-2f), ["n0"]),
            new("n2", new ReluOp(), ["n1"]),
            new("n3", new FlattenOp(), ["input"]),
            new("n4", new LinearOp(3), ["n3"]),
        ];
        var model = RandomGraph.CreateModel(new CheckedGraph(new("side", new(2, 5, 4), nodes)), seed: 1);
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(model, MaxBatch, new(pool, tier), seed: 1, ["n2"]);
        new Step(model, 3, seed: 1, ["n2"]).AssertSameAs(network);
        new Step(model, 4, seed: 2, ["n2"]).AssertSameAs(network);
    }

    /// <summary>The second ReLU is stored, so that the pooling is not a part of the normalisation.</summary>
    [Theory]
    [TierData]
    public void A_pooling_behind_two_ReLUs_is_that_of_the_graph(SimdTier tier)
    {
        Node[] nodes =
        [
            new("n0", new Conv2dOp(17, 3, 3, 1, 1), ["input"]),
            new("n1", new BatchNormOp(1e-2f), ["n0"]),
            new("n2", new ReluOp(), ["n1"]),
            new("n3", new ReluOp(), ["n2"]),
            new("n4", new MaxPoolOp(3, 2, 1), ["n3"]),
            new("n5", new GlobalAvgPoolOp(), ["n4"]),
        ];
        var model = RandomGraph.CreateModel(new CheckedGraph(new("twice", new(2, 7, 6), nodes)), seed: 1);
        using var pool = new WorkerPool(2);
        using var network = new TrainingNetwork(model, MaxBatch, new(pool, tier), seed: 1);
        new Step(model, 3, seed: 1).AssertSameAs(network);
    }

    /// <summary>The double-precision network uses the same chain rule, so its own gradients are checked by finite differences.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(null)]
    [InlineData(-1)]
    public void The_expected_gradients_agree_with_finite_differences(int? randomGraph)
    {
        const double Width = 1e-7;
        var seed = Math.Abs(randomGraph ?? 1);
        var graph = randomGraph is null ? ImportedGraphs.Mobile : randomGraph < 0 ? ImportedGraphs.Modern : RandomGraph.Create(seed);
        var model = RandomGraph.CreateModel(graph, seed);
        var step = new Step(model, 3, seed);
        foreach (var (name, gradient) in step.Expected.Gradients)
        {
            var random = new Random(seed);
            double[] direction = [.. gradient.Select(_ => random.NextDouble() * 2 - 1)];
            double LossAt(double distance)
            {
                var moved = new DoubleNetwork(model, step.Images, 3, training: true);
                for (var i = 0; i < direction.Length; i++) moved.Parameters[name][i] += distance * direction[i];
                return moved.Forward().Zip(step.LogitGradient).Sum(pair => pair.First * pair.Second);
            }

            var slope = gradient.Zip(direction).Sum(pair => pair.First * pair.Second);
            Assert.Equal((LossAt(Width) - LossAt(-Width)) / (2 * Width), slope, 1e-5 * (1 + Math.Abs(slope)));
        }
    }

    /// <summary>A forward and, in training, a backward pass of a batch, with the expected outcome.</summary>
    private sealed class Step
    {
        private readonly Model _model;
        private readonly int _count;
        private readonly bool _training;
        private readonly Dictionary<string, float[]> _gradients = [];

        public Step(Model model, int count, int seed, string[]? features = null, bool training = true)
        {
            (_model, _count, _training) = (model, count, training);
            (Images, Expected) = Evaluate(model, count, seed, training);
            foreach (var name in (features ?? []).Append(model.Graph.Output.Name))
                _gradients[name] = RandomValues(Expected[name].Length, seed + _gradients.Count);
            if (training) Expected.Backward(_gradients);
        }

        public float[] Images { get; }

        public DoubleNetwork Expected { get; }

        public float[] LogitGradient => _gradients[_model.Graph.Output.Name];

        public void AssertLogits(ReadOnlySpan<float> logits) => AssertClose("logits", Expected[_model.Graph.Output.Name], logits);

        public void AssertSameAs(TrainingNetwork network)
        {
            var output = _model.Graph.Output.Name;
            AssertClose("logits", Expected[output], network.Forward(Images, _count, _training));
            if (!_training) return;
            foreach (var (name, gradient) in _gradients.Where(pair => pair.Key != output))
            {
                var feature = new float[gradient.Length];
                network.ReadFeature(name, feature);
                AssertClose($"feature {name}", Expected[name], feature);
                network.SetFeatureGradient(name, gradient);
            }

            network.Backward(LogitGradient);
            foreach (var parameter in network.Parameters.Where(p => p.IsTrained))
            {
                var name = parameter.Shape.Name;
                var row = parameter.Gradient.Length / parameter.Shape.Shape[0];
                AssertClose(
                    $"gradient of {name}", Expected.Gradients[name], parameter.Gradient,
                    i => parameter.Mask?.Keeps(i / row, i % row) ?? true);
            }
        }

        private void AssertClose(string what, double[] expected, ReadOnlySpan<float> actual, Func<int, bool>? counts = null)
        {
            var tolerance = 5e-4 * (expected.Max(Math.Abs) + 0.1);
            for (var i = 0; i < expected.Length; i++)
            {
                if (Math.Abs(expected[i] - actual[i]) <= tolerance || counts?.Invoke(i) == false) continue;
                var nodes = _model.Graph.Nodes.Select(n => $"{n.Name} = {n.Operation}({string.Join(", ", n.Inputs)})");
                Assert.Fail($"{what}: {actual[i]} at {i}; {expected[i]} was expected\n{string.Join('\n', nodes)}");
            }
        }

        /// <summary>Images that keep every ReLU and maximum away from its kink, so that float and double take the same side.</summary>
        private static (float[] Images, DoubleNetwork Network) Evaluate(Model model, int count, int seed, bool training)
        {
            for (var attempt = 0; attempt < 100; attempt++)
            {
                var images = RandomValues((int)(count * model.Graph.Input.Count), seed + 1000 * attempt);
                var network = new DoubleNetwork(model, images, count, training);
                network.Forward();
                if (!training || network.Margin > 5e-6) return (images, network);
            }

            throw new InvalidOperationException("no images keep clear of the kinks");
        }

        private static float[] RandomValues(int length, int seed)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() * 2 - 1)];
        }
    }
}
