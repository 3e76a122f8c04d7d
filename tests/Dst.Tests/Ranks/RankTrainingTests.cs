using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;
using Dst.Tests.Experiments;
using Dst.Tests.Foundations;
using Dst.Training.Autodiff;
using Dst.Training.Experiments.Runs;
using Dst.Training.Networks;
using Dst.Training.Objectives;
using Dst.Training.Optimizers;
using Dst.Training.Ranks;

namespace Dst.Tests.Ranks;

public sealed class RankTrainingTests : IDisposable
{
    private const int Classes = 4;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [TierData("resnet8", 5, Scalar = false)] // fewer images than parts
    [TierData("resnet8", 19, Scalar = false)]
    [TierData("mobilenetv2", 11, Scalar = false)]
    public void The_number_of_ranks_changes_no_bit(SimdTier tier, string architecture, int images) =>
        AssertSameBits(tier, Zoo.Build(architecture, new(3, 9, 8), Classes), images, ConvolutionForms.Estimated, maxRanks: 8);

    /// <summary>Layers whose weight gradient is one sum over the batch, or has sums that two parts share.</summary>
    [Theory]
    [TierData("direct", 256, 8, Scalar = false)]
    [TierData("winograd2x2", 256, 8, Scalar = false)] // position by position
    [TierData("winograd4x4", 128, 16, Scalar = false)] // two parts share a sum
    [TierData("fft8", 32, 32, Scalar = false)] // more ranks than images
    public void Large_weights_are_summed_in_the_same_order_on_any_number_of_ranks(SimdTier tier, string form, int channels, int parts)
    {
        var graph = new CheckedGraph(new("large", new(3, 5, 6),
        [
            new("wide", new Conv2dOp(channels, 1, 1, 1, 0), ["input"]), new("bn1", new BatchNormOp(), ["wide"]),
            new("relu1", new ReluOp(), ["bn1"]), new("conv", new Conv2dOp(channels, 3, 3, 1, 1), ["relu1"]),
            new("bn2", new BatchNormOp(), ["conv"]), new("sum", new AddOp(), ["bn2", "relu1"]),
            new("dropout", new DropoutOp(0.3f), ["sum"]), new("flat", new FlattenOp(), ["dropout"]),
            new("fc", new LinearOp(Classes), ["flat"]),
        ]));
        var forms = ConvolutionForms.Parse($$"""{"wide":"direct","conv":"{{form}}"}""");
        AssertSameBits(tier, graph, images: 9, forms, form == "winograd4x4" ? parts / 2 : parts, parts);
    }

    [Fact]
    public void Two_parts_that_share_a_sum_lie_on_one_rank()
    {
        var graph = new CheckedGraph(new("shared", new(128, 4, 4),
            [new("conv", new Conv2dOp(128, 3, 3, 1, 1), ["input"]), new("flat", new FlattenOp(), ["conv"])]));
        var forms = ConvolutionForms.Parse("""{"conv":"winograd4x4"}""");
        var error = Assert.Throws<AggregateException>(() => LocalRanks.Run(8, ranks => Train(ranks, SimdTiers.Best, graph, 8, forms)));
        Assert.Contains("two parts of a batch share a sum", error.InnerException!.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            "4 ranks or fewer were expected, or a larger number of parts in key parts", error.InnerException.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "data.mixup=0.2", "prune.score=taylor")]
    [InlineData(4, "pretrain={decoder: upsample, teacher: true, noise: 0.5, train: {epochs: 2}}", "data.labels_per_class=4")]
    [InlineData(16, "parts=16", "distill.cache_teacher=true", "prune.permute=true", "prune.score=obs", "prune.repair=least_squares")]
    [InlineData(4, "arms=[dst-int8]", "quantise.epochs=2", "train.epochs=1")]
    public void A_whole_run_ends_with_the_bytes_of_one_process(int count, params string[] settings)
    {
        var alone = TinyRun.RunIn(_folder.File("alone"), settings);
        var recipe = TinyRun.Recipe(_folder.File("ranks"), settings);
        var folders = LocalRanks.Run(count, ranks =>
        {
            using var run = SharedRun.Open(ranks, recipe, () => TinyRun.Create(recipe));
            TinyRun.Run(run, ranks: ranks);
            return run.Path;
        }, recipe.Parts);
        AssertSameRun(alone, folders[0]);
        Assert.All(folders[1..], copy => Assert.False(Directory.Exists(copy)));
    }

    /// <summary>
    /// A step of R ranks sends of each sum over the ranks 2·(R − 1)/R of the array (or, of a short one, log₂ R times the whole), and of
    /// what is gathered (R − 1)/R. Gradients of weights have as many bytes as the weights that the layer keeps.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void A_step_sends_as_many_bytes_as_the_formula_says(int count)
    {
        const int images = 16;
        var graph = Zoo.Build("resnet20", new(3, 16, 16), Classes);
        var sent = LocalRanks.Run(count, ranks =>
        {
            Train(ranks, SimdTiers.Best, graph, images, ConvolutionForms.Estimated);
            return ranks.Traffic;
        });
        var (levels, others) = (int.Log2(count), (count - 1) / (double)count);
        double weights = graph.Parameters.Where(parameter => parameter.Role == ParameterRole.Weight && parameter.Shape.Length > 1)
            .Sum(parameter => parameter.Shape.Aggregate(1L, (product, extent) => product * extent));
        var normalised = graph.Nodes.Where(node => node.Operation is BatchNormOp).Select(node => graph.Shapes[node.Name].Channels).ToList();
        const int steps = 2, passes = 2;
        var gradients = steps * (sizeof(float) * 2 * others * weights + sizeof(double) * levels * Layout.PaddedChannels(Classes));
        var statistics = steps * passes * levels * sizeof(double) * normalised.Sum(BatchNorm.SumLength);
        var logits = steps * others * sizeof(float) * images * Classes;
        Assert.All(sent, traffic =>
        {
            Assert.Equal(gradients, traffic.GradientBytes, tolerance: 0.001 * gradients); // halves of odd lengths
            Assert.Equal(statistics + logits, traffic.Bytes - traffic.GradientBytes, tolerance: 1);
            Assert.InRange(traffic.Overlap!.Value, -0.01, 1);
            Assert.Equal(levels * steps * (passes * normalised.Count + 1), traffic.Messages - traffic.GradientMessages);
        });
    }

    [Fact]
    public void A_run_goes_on_with_another_number_of_ranks_and_ends_with_the_same_bytes()
    {
        var alone = TinyRun.RunIn(_folder.File("alone"));
        var recipe = TinyRun.Recipe(_folder.File("ranks"));
        var stopped = LocalRanks.Run(4, ranks =>
        {
            using var stop = new CancellationTokenSource();
            using var run = SharedRun.Open(ranks, recipe, () => TinyRun.Create(recipe));
            void StopRankThree(int step)
            {
                if (step == 9 && ranks.Rank == 3) stop.Cancel();
            }

            Assert.Throws<OperationCanceledException>(() => TinyRun.Run(run, StopRankThree, ranks: ranks, cancellation: stop.Token));
            return run.Path;
        })[0];
        Assert.NotEqual(TinyRun.Arms(alone), TinyRun.Arms(stopped));
        LocalRanks.Run(2, ranks =>
        {
            using var run = SharedRun.Open(ranks, recipe, () => RunFolder.Resume(stopped, recipe));
            return TinyRun.Run(run, ranks: ranks);
        });
        AssertSameRun(alone, stopped);
    }

    [Fact]
    public void Ranks_that_differ_are_refused()
    {
        var error = Assert.Throws<AggregateException>(() => LocalRanks.Run(2, ranks =>
        {
            var recipe = TinyRun.Recipe(_folder.File("differ"), $"data.simulated.seed={ranks.Rank}");
            using var run = SharedRun.Open(ranks, recipe, () => TinyRun.Create(recipe));
            return TinyRun.Run(run, ranks: ranks);
        }));
        Assert.Matches(
            "^rank 1 has recipe [0-9a-f]+, rank 0 [0-9a-f]+; the same was expected on all ranks$", error.InnerException!.Message);
    }

    private static void AssertSameRun(string expected, string actual)
    {
        Assert.Equal(TinyRun.Arms(expected), TinyRun.Arms(actual));
        Assert.Equal(TinyRun.Metrics(expected), TinyRun.Metrics(actual));
        foreach (var arm in TinyRun.Arms(expected))
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(expected, $"{arm}.safetensors")),
                File.ReadAllBytes(Path.Combine(actual, $"{arm}.safetensors")));
    }

    private static void AssertSameBits(
        SimdTier tier, CheckedGraph graph, int images, ConvolutionForms forms, int maxRanks, int parts = 8)
    {
        var expected = Train(RankGroup.Alone(parts), tier, graph, images, forms);
        Assert.Contains(expected, value => value != 0);
        for (var count = 2; count <= maxRanks; count *= 2)
        {
            foreach (var actual in LocalRanks.Run(count, ranks => Train(ranks, tier, graph, images, forms), parts))
                Assert.Equal(expected, actual);
        }
    }

    /// <summary>Two steps on this rank's images; those of others are not numbers.</summary>
    private static float[] Train(RankGroup ranks, SimdTier tier, CheckedGraph graph, int images, ConvolutionForms forms)
    {
        using var pool = new WorkerPool(1);
        var compute = new ComputeContext(pool, tier) { Ranks = ranks };
        using var network = new TrainingNetwork(Initialiser.Initialise(graph, seed: 1), images, compute, seed: 1, forms: forms);
        var optimizer = Optimizer.Create(new OptimizerOptions(), network.Parameters);
        var labels = Enumerable.Range(0, images).Select(i => i % Classes).ToArray();
        var inputs = new float[images * graph.Input.Count];
        var own = ranks.ImagesOf(images);
        var random = new Random(3);
        for (var i = 0; i < inputs.Length; i++)
        {
            var value = random.NextSingle() * 2 - 1;
            inputs[i] = own.Contains(i / (int)graph.Input.Count) ? value : float.NaN;
        }

        var seen = new List<float>();
        for (var step = 0; step < 2; step++)
        {
            var logits = network.Forward(inputs, images, training: true, step).ToArray();
            var gradient = new float[logits.Length];
            CrossEntropy.Compute(logits, labels, network.Classes, labelSmoothing: 0, weight: 1, gradient);
            network.Backward(gradient);
            optimizer.Step(0.05);
            seen.AddRange(logits);
        }

        return [.. seen, .. network.Parameters.SelectMany(p => p.Value)];
    }
}
