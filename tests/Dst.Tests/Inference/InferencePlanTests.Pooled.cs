using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference;
using Dst.Runtime.Lowering;
using Dst.Tests.Foundations;

namespace Dst.Tests.Inference;

/// <content>Convolutions that compute the pooling behind them too.</content>
public partial class InferencePlanTests
{
    [Theory, Trait("Category", "Tier")]
    [TierData(1, "dense", 5, 40)]
    [TierData(3, "dense", 3, 17)]
    [TierData(32, "dense", 3, 40)]
    [TierData(32, "kernel:16:16", 5, 40)]
    public void Every_form_that_pools_too_gives_the_same_values(SimdTier tier, int channels, string pattern, int kernel, int filters)
    {
        var dense = Initialised(Pooled(new(channels, 22, 18), filters, kernel, new MaxPoolOp(2, 2)));
        var model = pattern == "dense" ? dense : Halved(dense, pattern);
        var program = LoweredProgram.Lower(model, StepFactory.Target);
        var (node, pool) = (program.Nodes[0], program.Nodes[1]);
        var shape = ((Conv2dOp)node.Operation).ShapeFor(model.Graph.Input);
        var candidates = ConvolutionCandidate.Of(tier, node, shape, pool, roundingClass: 16, new PlaneUse())
            .Where(candidate => candidate.Pool is not null).ToList();
        var byTile = tier >= SimdTier.V256 && kernel == 3 ? 1 : 0;
        Assert.Equal(byTile, candidates.Count(candidate => candidate.Form is TileForm));
        Assert.Equal(tier == SimdTier.Scalar ? 0 : channels > 4 ? pattern == "dense" ? 2 : 4 : 3, candidates.Count - byTile);
        var rounded = candidates.Where(candidate => candidate.Form is WinogradForm).Select(form => form with { IsRounded = true });
        var expected = InDouble(model);
        foreach (var candidate in candidates.Concat(rounded))
        {
            foreach (var threads in new[] { 1, 3 })
            {
                using var step = candidate.Create(tier, node, shape, batch: Images);
                Assert.Equal(("pool", true), (step.Output, step.IsApproximate));
                AssertClose(expected, RunStep(tier, step, model, threads));
            }
        }
    }

    [Fact]
    public void A_plan_computes_a_pooling_with_the_convolution_before_it()
    {
        var model = Initialised(Pooled(new(1, 22, 18), 16, 5, new MaxPoolOp(2, 2)));
        using var plan = InferencePlan.Compile(model, Untuned(SimdTiers.Best) with { Batch = 2 });
        if (SimdTiers.Best > SimdTier.Scalar)
        {
            Assert.Equal(["planar winograd1x4, max-pool"], plan.Steps.Select(step => step.Form));
            Assert.True(plan.ReadsPlainInput);
        }

        AssertClose(InDouble(model), Run(plan, model, threads: 1));
        Assert.Equal(Run(plan, model, threads: 1), Run(plan, model, threads: 3));
    }

    [Fact]
    public void A_pooling_stays_alone_where_another_reads_its_input_or_windows_do_not_cover_the_map()
    {
        var input = new FeatureShape(1, 22, 18);
        var convolution = new Conv2dOp(16, 5, 5, 1, 2, 1, true);
        CheckedGraph[] graphs =
        [
            Pooled(new(1, 21, 18), 16, 5, new MaxPoolOp(2, 2)),
            Pooled(input, 16, 5, new MaxPoolOp(3, 2)),
            Pooled(input, 16, 5, new MaxPoolOp(2, 1)),
            Pooled(input, 16, 5, new AvgPoolOp(2, 2)),
            new(new("twice", input, [
                new("conv", convolution, ["input"]), new("pool", new MaxPoolOp(2, 2), ["conv"]),
                new("other", new AvgPoolOp(2, 2), ["conv"]), new("sum", new AddOp(), ["pool", "other"]),
            ])),
        ];
        foreach (var graph in graphs)
        {
            var model = Initialised(graph);
            using var plan = InferencePlan.Compile(model, Untuned(SimdTiers.Best));
            Assert.DoesNotContain(plan.Steps, step => step.Form.Contains(", max-pool"));
            AssertClose(InDouble(model), Run(plan, model, threads: 1));
        }
    }

    [Theory]
    [InlineData("pooled", "alone", "summed")]
    [InlineData("alone", "pooled", "summed")]
    [InlineData("alone", "summed", "pooled")]
    public void A_layer_before_a_pooling_is_told_from_the_same_layer_alone_and_with_a_sum(params string[] order)
    {
        var convolution = new Conv2dOp(16, 5, 5, 1, 2, 1, true);
        var branches = new Dictionary<string, Node[]>
        {
            ["pooled"] = [new("pooled", convolution, ["input"]), new("first", new MaxPoolOp(2, 2), ["pooled"])],
            ["alone"] = [new("alone", convolution, ["input"]), new("second", new AvgPoolOp(2, 2), ["alone"])],
            ["summed"] =
            [
                new("summed", convolution, ["input"]), new("sum", new AddOp(), ["summed", "alone"]),
                new("third", new MaxPoolOp(2, 2), ["sum"]),
            ],
        };
        Node[] sums = [new("two", new AddOp(), ["first", "second"]), new("three", new AddOp(), ["two", "third"])];
        var model = Initialised(new(new("branches", new(1, 22, 18), [.. order.SelectMany(name => branches[name]), .. sums])));
        using var folder = new TemporaryFolder();
        var path = folder.File("plans.json");
        for (var run = 0; run < 3; run++)
        {
            using var plan = InferencePlan.Compile(model, new() { Cache = new(path) });
            Assert.Equal(order, plan.Decisions.Select(decision => decision.Layer));
            foreach (var decision in plan.Decisions.Where(_ => SimdTiers.Best > SimdTier.Scalar))
            {
                Assert.Equal(run > 0, decision.Reason.Contains("measured earlier"));
                var forms = decision.Alternatives.Append(decision.Chosen).Select(form => form.Form).ToList();
                Assert.Equal(decision.Layer == "pooled", forms.Exists(form => form.Contains("max-pool")));
                Assert.Equal(decision.Layer != "summed", forms.Contains("planar winograd1x4"));
            }

            AssertClose(InDouble(model), Run(plan, model, threads: 1));
        }
    }

    private static CheckedGraph Pooled(FeatureShape input, int filters, int kernel, Operation pool) => new(new(
        "pooled", input,
        [
            new("conv", new Conv2dOp(filters, kernel, kernel, 1, kernel / 2, 1, true), ["input"]),
            new("relu", new ReluOp(), ["conv"]),
            new("pool", pool, ["relu"]),
        ]));
}
