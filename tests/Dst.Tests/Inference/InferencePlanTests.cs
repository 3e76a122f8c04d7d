using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.Runtime.Inference;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;
using Dst.Runtime.Threading;
using Dst.Tests.Foundations;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Inference;

public partial class InferencePlanTests
{
    private const int Images = 5;
    private const int Classes = 7;

    private static InferenceOptions Untuned(SimdTier tier) => new() { Tier = tier, Tune = false };

    /// <summary>All networks, but only two on the scalar tier, whose references are slow.</summary>
    public static TheoryData<SimdTier, string> AllNetworks =>
        Tiers.With(tier => tier == SimdTier.Scalar ? ["resnet8", "aconvnet"] : Zoo.Names);

    [Theory]
    [MemberData(nameof(AllNetworks))]
    public void Every_network_gives_the_logits_of_the_training_graph(SimdTier tier, string network)
    {
        var dense = Small(network);
        foreach (var model in new[] { dense, Halved(dense, "kernel:16:16"), Halved(dense, "weight:4:4"), Unstructured(dense) })
        {
            using var plan = InferencePlan.Compile(model, Untuned(tier) with { Batch = 3 });
            AssertClose(Expected(tier, model), Run(plan, model, threads: 1));
        }
    }

    [Theory, Trait("Category", "Tier")]
    [TierData("dense", 3, 1)]
    [TierData("dense", 3, 2)]
    [TierData("dense", 5, 1)]
    [TierData("dense", 6, 1)]
    [TierData("kernel:16:16", 3, 1)]
    [TierData("kernel:16:16", 3, 2)]
    [TierData("kernel:16:16", 5, 1)]
    [TierData("kernel:16:16", 6, 1)]
    [TierData("kernel:4:2", 3, 1)]
    [TierData("row:16:4", 3, 1)]
    [TierData("kernel:16:16:4", 3, 1)]
    [TierData("weight:16:4", 3, 1)]
    [TierData("kernel:32:16", 3, 1, 16)]
    [TierData("kernel:32:16", 3, 1, 32)]
    [TierData("kernel:32:16", 3, 2, 48)]
    [TierData("row:32:16", 3, 1, 64)]
    [TierData("unstructured", 3, 1)]
    public void Every_form_of_a_convolution_gives_the_same_values(
        SimdTier tier, string pattern, int kernel, int stride, int filters = 40)
    {
        // 40 filters: a ragged block; 9×10 pixels: ragged tiles.
        var convolution = new Conv2dOp(filters, kernel, kernel, stride, kernel / 2, 1, true);
        var dense = Initialised(
            new(new("one", new(32, 9, 10), [new("conv", convolution, ["input"]), new("relu", new ReluOp(), ["conv"])])));
        var model = pattern switch { "dense" => dense, "unstructured" => Unstructured(dense), _ => Halved(dense, pattern) };
        var node = ModelReader.Read(model, dense: false).Nodes.First() with { Bounds = Dst.Kernels.Bounds.Relu, Output = "relu" };
        var shape = ((Conv2dOp)node.Operation).ShapeFor(model.Graph.Input);
        var candidates = ConvolutionCandidate.Of(tier, node, shape, pool: null, roundingClass: 16, new PlaneUse());
        Assert.Equal(
            tier >= SimdTier.V256 && kernel <= 3, candidates.Any(candidate => candidate.Form is TileForm));
        var rounded = candidates
            .Where(candidate => candidate.Form is WinogradForm || (tier != SimdTier.Scalar && candidate.Form == ConvolutionForm.Direct))
            .Select(form => form with { IsRounded = true });
        if (tier != SimdTier.Scalar) Assert.NotEmpty(rounded);
        var byRow = new[] { null, node.Mask?.ToKeptTaps() }.Distinct()
            .Where(kept => ConvolutionForm.RowWinograd.Supports(tier, shape, kept))
            .Select(kept => new ConvolutionCandidate(ConvolutionForm.RowWinograd, kept, IsRounded: true)).ToList();
        Assert.Equal(tier == SimdTier.V512 && (kernel, stride) == (3, 1), byRow.Count > 0);
        var expected = InDouble(model);
        foreach (var candidate in candidates.Concat(rounded).Concat(byRow))
        {
            foreach (var threads in new[] { 1, 3 })
            {
                using var step = candidate.Create(tier, node, shape, batch: Images);
                AssertClose(expected, RunStep(tier, step, model, threads));
            }
        }
    }

    [Theory]
    [TierData(Scalar = false)] // which has no Winograd form
    public void Large_layers_have_forms_with_half_of_the_bytes(SimdTier tier)
    {
        var model = Halved(
            Initialised(new(new("one", new(64, 8, 8), [new("conv", new Conv2dOp(128, 3, 3, 1, 1, 1, true), ["input"])]))), "kernel:16:16");
        var node = ModelReader.Read(model, dense: false).Nodes.First();
        var shape = ((Conv2dOp)node.Operation).ShapeFor(model.Graph.Input);
        var candidates = ConvolutionCandidate.Of(tier, node, shape, pool: null, ConvolutionCandidate.RoundedClass);
        var rounded = candidates.Where(candidate => candidate.IsRounded).ToList();
        Assert.Contains("masked winograd4x4 16-bit", rounded.Select(candidate => candidate.Name.ToString()));
        Assert.Contains("masked direct 16-bit", rounded.Select(candidate => candidate.Name.ToString()));
        Assert.Equal(
            tier == SimdTier.V512, rounded.Exists(candidate => candidate.Name.ToString() == "masked winograd2x2 by row 16-bit"));
        foreach (var candidate in rounded)
        {
            using InferenceStep step = candidate.Create(tier, node, shape, batch: 1);
            Assert.True(step.IsApproximate); // so that the plan's logits are compared
            // Weights by row always have 16 bits: 12 of them, where 2×2 tiles have 16 numbers.
            var (form, share) = candidate.Form is RowWinogradForm ? (RowWinogradForm.Squares, 0.375) : (candidate.Form, 0.5);
            using var plain = (candidate with { IsRounded = false, Form = form }).Create(tier, node, shape, batch: 1);
            Assert.InRange(step.WeightBytes, share * plain.WeightBytes, 1.1 * share * plain.WeightBytes);
        }
    }

    [Theory]
    [TierData("resnet8")]
    [TierData("wrn-16-1")]
    [TierData("mobilenetv2", Scalar = false)] // the references are too slow
    public void Logits_of_every_form_are_within_a_thousandth_of_the_reference_in_double(SimdTier tier, string network)
    {
        var dense = Small(network);
        string[] patterns = ["kernel:16:16", "kernel:4:2", "weight:16:4"];
        foreach (var model in patterns.Select(pattern => Halved(dense, pattern)).Concat([dense, Unstructured(dense)]))
        {
            var expected = InDouble(model);
            foreach (var tile in new[] { 0, 2, 4 })
            {
                foreach (var sparse in new[] { false, true })
                {
                    using var plan = new InferencePlan(model, Untuned(tier) with { Batch = 3, Sparse = sparse }, tile);
                    AssertClose(expected, Run(plan, model, threads: 1));
                }
            }
        }
    }

    [Theory]
    [TierData]
    public void Sparse_plans_have_no_form_that_multiplies_pruned_weights(SimdTier tier)
    {
        foreach (var model in new[] { Halved(Small("resnet8"), "kernel:16:16"), Unstructured(Small("resnet8")) })
        {
            using var plan = InferencePlan.Compile(model, Untuned(tier) with { Sparse = true });
            Assert.All(plan.Decisions, decision => Assert.True(decision.Chosen.UsesMask));
        }
    }

    [Theory]
    [TierData]
    public void Sparse_plans_take_a_dense_form_where_there_is_no_other(SimdTier tier)
    {
        var dense = Initialised(new(new("one", new(8, 5, 5), [new("conv", new Conv2dOp(8, 3, 3, 1, 1, 4), ["input"])])));
        var weight = dense.Parameters["conv.weight"];
        var mask = UnstructuredPruner.Prune(weight, weight.Data.Length / 2);
        mask.Apply(weight.Data);
        var model = new Model(dense.Graph, dense.Parameters) { Masks = new Dictionary<string, LayerMask> { ["conv"] = mask } };
        using var plan = InferencePlan.Compile(model, Untuned(tier) with { Sparse = true });
        using var reference = InferencePlan.Compile(new(model.Graph, model.Parameters), Untuned(SimdTier.Scalar));
        AssertClose(Run(reference, model, threads: 1), Run(plan, model, threads: 1));
    }

    [Theory]
    [TierData(1)]
    [TierData(2)]
    [TierData(7)]
    [TierData(9)]
    public void Sums_and_activations_are_part_of_depthwise_and_pointwise_layers(SimdTier tier, int side)
    {
        var model = Initialised(new(new("block", new(20, side, side + 1), [
            new("spread", new Conv2dOp(20, 3, 3, 1, 1, 20, true), ["input"]),
            new("sum", new AddOp(), ["spread", "input"]),
            new("relu", new ReluOp(), ["sum"]),
            new("mix", new Conv2dOp(20, 1, 1, 1, 0, 1, true), ["relu"]),
            new("total", new AddOp(), ["mix", "relu"]),
            new("positive", new ReluOp(), ["total"]),
            new("wide", new Conv2dOp(20, 5, 5, 2, 2, 20, true), ["positive"]),
            new("last", new ReluOp(), ["wide"]),
        ])));
        using var plan = InferencePlan.Compile(model, Untuned(tier) with { Batch = 2 });
        Assert.Equal(3, plan.Steps.Count);
        AssertClose(InDouble(model), Run(plan, model, threads: 1));
        Assert.Equal(Run(plan, model, threads: 1), Run(plan, model, threads: 3));
    }

    [Theory]
    [TierData("resnet8", 1)]
    [TierData("wrn-16-1", 4)]
    [TierData("mobilenetv2", 5, Scalar = false)] // the references are too slow
    [TierData("vgg8", 2, Scalar = false)]
    public void The_number_of_threads_changes_no_bit(SimdTier tier, string network, int batch)
    {
        var model = Halved(Small(network), "kernel:16:16");
        using var plan = InferencePlan.Compile(model, Untuned(tier) with { Batch = batch });
        var expected = Run(plan, model, threads: 1);
        foreach (var threads in new[] { 2, 3, 8 }) Assert.Equal(expected, Run(plan, model, threads));
    }

    [Theory]
    [TierData]
    public async Task Sessions_of_a_plan_run_at_the_same_time(SimdTier tier)
    {
        var model = Small("resnet8");
        using var plan = InferencePlan.Compile(model, Untuned(tier));
        var expected = Run(plan, model, threads: 1);
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Run(plan, model, threads: 2))));
        Assert.All(results, result => Assert.Equal(expected, result));
    }

    [Fact]
    public void A_session_does_not_wait_for_workers_that_have_not_begun()
    {
        var model = Halved(Small("resnet8"), "kernel:16:16");
        using var plan = InferencePlan.Compile(model, new() { Tune = false });
        var expected = Run(plan, model, threads: 1);
        using var gate = new ManualResetEventSlim(false);
        using var pool = new WorkerPool(3) { WorkerBegins = _ => gate.Wait() };
        using var session = plan.CreateSession(pool);
        Assert.Equal(expected, Run(session, plan, model));
        gate.Set();
        Assert.Equal(expected, Run(session, plan, model));
    }

    [Theory]
    [TierData(Scalar = false)] // the references take memory for their sums in double
    public void A_steady_run_allocates_nothing(SimdTier tier)
    {
        var model = Halved(Small("wrn-16-1"), "kernel:16:16");
        using var plan = InferencePlan.Compile(model, Untuned(tier) with { Batch = 2 });
        using var session = plan.CreateSession(threads: 2);
        var (images, logits) = (ImagesOf(model.Graph), new float[Images * Classes]);
        for (var i = 0; i < 3; i++) session.Run(images, Images, logits);
        Assert.Equal(0, Allocation.Of(() => session.Run(images, Images, logits), runs: 5));
    }

    [Theory]
    [TierData(Scalar = false)] // which has one form of a dense layer
    public void Tuning_measures_the_forms_of_each_layer_and_keeps_the_fastest(SimdTier tier)
    {
        var model = Halved(Small("resnet8"), "kernel:16:16");
        using var plan = InferencePlan.Compile(model, new() { Tier = tier });
        AssertClose(Expected(tier, model), Run(plan, model, threads: 1));
        var layer = plan.Decisions.Single(decision => decision.Layer == "layer2.0.conv2");
        Assert.StartsWith("fastest of", layer.Reason);
        Assert.All(
            layer.Alternatives.Where(alternative => alternative.Ms is not null),
            alternative => Assert.True(alternative.Ms >= layer.Chosen.Ms));
        var forms = layer.Alternatives.Append(layer.Chosen);
        var names = forms.Select(form => (form with { Ms = null }).ToString()).Order(StringComparer.Ordinal);
        string[] byTile = tier >= SimdTier.V256 ? ["masked winograd4x4 by tile", "winograd4x4 by tile"] : [];
        string[] expected =
        [
            "direct", "fft8", "masked direct", "masked fft8",
            "masked winograd1x4", "masked winograd1x8", "masked winograd2x2", "masked winograd4x4", "winograd1x4", "winograd1x8",
            "winograd2x2", "winograd4x4", .. byTile,
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), names);
    }

    [Theory]
    [TierData(Scalar = false)] // which has no such form
    public void Large_depthwise_kernels_are_computed_in_the_frequency_domain(SimdTier tier)
    {
        var model = Initialised(Zoo.Build("convmixer", new(3, 32, 32), Classes, width: 0.2));
        using var plan = InferencePlan.Compile(model, Untuned(tier));
        var depthwise = plan.Decisions.Where(decision => decision.Layer.EndsWith("depthwise", StringComparison.Ordinal));
        Assert.All(depthwise, decision => Assert.Equal("fft24", decision.Chosen.Form));
        AssertClose(InDouble(model), Run(plan, model, threads: 2));
    }

    [Theory]
    [TierData]
    public void Layers_of_no_mask_and_plans_that_ignore_masks_have_dense_forms_only(SimdTier tier)
    {
        var model = Halved(Small("resnet8"), "kernel:16:16");
        using var plan = InferencePlan.Compile(model, Untuned(tier) with { Dense = true });
        Assert.All(plan.Decisions, decision => Assert.False(decision.Chosen.UsesMask));
        AssertClose(Expected(tier, model), Run(plan, model, threads: 1));
    }

    [Theory]
    [TierData]
    public void Normalisations_sums_and_activations_become_part_of_the_layers_before_them(SimdTier tier)
    {
        using var plan = InferencePlan.Compile(Small("resnet8"), Untuned(tier));
        var forms = plan.Steps.Select(step => step.Form).ToList();
        Assert.Equal(plan.Decisions.Count + 2, forms.Count);
        Assert.Equal(["avg-pool", "linear"], forms.TakeLast(2));
        Assert.Equal(3, plan.Steps.Count(step => step.Second is not null));
    }

    [Theory]
    [TierData]
    public void Values_share_memory_but_not_with_one_that_is_still_to_be_read(SimdTier tier)
    {
        using var plan = InferencePlan.Compile(Small("resnet8"), Untuned(tier));
        var length = plan.Program.Values.ToDictionary(
            value => value.Key, value => (value.Value.Shape.Channels + 15L) / 16 * 16 * value.Value.Shape.Height * value.Value.Shape.Width);
        Assert.True(plan.Memory.Length <= 3 * length[plan.Steps[0].Output]);
        for (var i = 0; i < plan.Steps.Count; i++)
        {
            var step = plan.Steps[i];
            var needed = plan.Steps.Skip(i).SelectMany(later => later.Reads).Intersect(
                plan.Steps.Take(i).Select(earlier => earlier.Output).Append("input"));
            foreach (var other in needed)
                Assert.True(
                    plan.Memory[other] + length[other] <= plan.Memory[step.Output]
                        || plan.Memory[step.Output] + length[step.Output] <= plan.Memory[other],
                    $"{step.Output} lies over {other}");
        }
    }

    [Theory]
    [TierData]
    public void Operations_that_nothing_can_take_run_on_their_own(SimdTier tier)
    {
        var graph = new CheckedGraph(new("odd", new(3, 6, 7), [
            new("bn", new BatchNormOp(), ["input"]),
            new("relu", new ReluOp(), ["bn"]),
            new("conv", new Conv2dOp(20, 3, 3, 2, 1), ["relu"]),
            new("grouped", new Conv2dOp(20, 1, 1, 1, 0, 4, true), ["conv"]),
            new("twice", new AddOp(), ["grouped", "grouped"]),
            new("positive", new ReluOp(), ["grouped"]),
            new("joined", new ConcatOp(), ["conv", "twice", "positive"]),
            new("max", new MaxPoolOp(2, 1, 1), ["joined"]),
            new("weighted", new MaxPoolDropoutOp(2, 1, 0.25f), ["max"]),
            new("largest", new MaxPoolDropoutOp(2, 1, 0.25f, 1, Inference: PoolInference.ScaledMax), ["weighted"]),
            new("stochastic", new StochasticPoolOp(2, 1), ["largest"]),
            new("mean", new AvgPoolOp(2, 1), ["stochastic"]),
            new("spectral", new SpectralPoolOp(2, 3), ["mean"]),
            new("twice as large", new UpsampleOp(2), ["spectral"]),
            new("smooth", new UpsampleOp(3, Bilinear: true), ["twice as large"]),
            new("spread", new ConvTransposeOp(60, 3, 3, 1, 1, 0, true), ["smooth"]),
            new("spread norm", new BatchNormOp(), ["spread"]),
            new("spread sum", new AddOp(), ["spread norm", "smooth"]),
            new("spread relu", new ReluOp(), ["spread sum"]),
            new("enlarged", new ConvTransposeOp(5, 2, 3, 2, 1, 1), ["spread relu"]),
            new("most", new GlobalMaxPoolOp(), ["enlarged"]),
            new("scaled", new MulOp(), ["enlarged", "most"]),
            new("drop", new DropoutOp(0.5f), ["scaled"]),
            new("flat", new FlattenOp(), ["drop"]),
            new("fc", new LinearOp(Classes), ["flat"]),
            new("p", new SoftmaxOp(), ["fc"]),
            new("last", new DropoutOp(0.5f), ["p"]),
        ]));
        var model = Initialised(graph);
        using var plan = InferencePlan.Compile(model, Untuned(tier) with { Batch = 2 });
        AssertClose(Expected(tier, model), Run(plan, model, threads: 1));
        Assert.Equal(Run(plan, model, threads: 1), Run(plan, model, threads: 3));
    }

    [Fact]
    public void Wrong_input_is_one_sentence()
    {
        var model = Small("resnet8");
        Assert.Contains(
            "Batch is 0; 1 to 4096", Assert.Throws<InputException>(() => InferencePlan.Compile(model, new() { Batch = 0 })).Message);
        Assert.Throws<InputException>(() => InferencePlan.Compile(model, new() { Batch = int.MaxValue }));
        var wider = Untuned(SimdTiers.Best + 1);
        Assert.Contains("which this processor has", Assert.Throws<InputException>(() => InferencePlan.Compile(model, wider)).Message);
        using var plan = InferencePlan.Compile(model, Untuned(SimdTiers.Best));
        Assert.Contains("0 threads", Assert.Throws<InputException>(() => plan.CreateSession(0)).Message);
        using var session = plan.CreateSession();
        var (image, logits) = (new float[model.Graph.Input.Count], new float[Classes]);
        Assert.Contains("0 images; at least 1", Assert.Throws<InputException>(() => session.Run(image, 0, logits)).Message);
        Assert.Contains("3x12x12", Assert.Throws<InputException>(() => session.Run(image.AsSpan(1), 1, logits)).Message);
        Assert.Contains(
            "14 were expected", Assert.Throws<InputException>(() => session.Run(new float[2 * image.Length], 2, logits)).Message);
        image[5] = float.NaN;
        Assert.Contains("image 0 of a run has the value NaN", Assert.Throws<InputException>(() => session.Run(image, 1, logits)).Message);
    }
}
