using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference;
using Dst.Tests.Foundations;

namespace Dst.Tests.Inference;

/// <summary>Forms that round more, and bounds that are fused.</summary>
public partial class InferencePlanTests
{
    [Fact]
    public void A_form_whose_logits_are_not_finite_is_not_taken()
    {
        if (SimdTiers.Best == SimdTier.Scalar) return; // which has direct forms alone
        var model = Initialised(new(new("large", new(16, 16, 16),
        [
            new("conv", new Conv2dOp(32, 3, 3, 1, 1), ["input"]),
            new("flat", new FlattenOp(), ["conv"]), new("fc", new LinearOp(3), ["flat"]),
        ])));
        using var usual = InferencePlan.Compile(model, new() { Tune = false });
        Assert.Contains(usual.Steps, step => step.IsApproximate);
        // Sums of products are finite, those of transformed inputs and weights are not.
        Scale("conv.weight", 2.5e37f);
        Scale("fc.weight", 1e-37f);
        using var plan = InferencePlan.Compile(model, new() { Tune = false });
        using var direct = InferencePlan.CompileDirect(model);
        AssertClose(Run(direct, model, threads: 1), Run(plan, model, threads: 1));

        void Scale(string name, float factor)
        {
            foreach (ref var weight in model.Parameters[name].Data.AsSpan()) weight *= factor;
        }
    }

    [Fact]
    public void A_smaller_bound_of_the_error_takes_forms_that_round_less()
    {
        if (SimdTiers.Best == SimdTier.Scalar) return; // which has direct forms alone
        var model = Initialised(new(new("bound", new(16, 16, 16), [
            new("conv", new Conv2dOp(32, 3, 3, 1, 1), ["input"]),
            new("flat", new FlattenOp(), ["conv"]), new("fc", new LinearOp(3), ["flat"]),
        ])));
        using var direct = InferencePlan.CompileDirect(model);
        var expected = Run(direct, model, threads: 1);
        foreach (var (bound, isApproximate) in new[] { (1e-3, true), (1e-9, false), (0, false) })
        {
            using var plan = InferencePlan.Compile(model, new() { Tune = false, ErrorBound = bound });
            Assert.Equal(isApproximate, plan.Steps.Any(step => step.IsApproximate));
            AssertClose(expected, Run(plan, model, threads: 1));
        }
    }

    [Theory]
    [InlineData(1e-3)]
    [InlineData(1e-9)]
    public void Direct_and_linear_layers_have_weights_of_16_bits_within_the_bound_alone(double bound)
    {
        if (SimdTiers.Best == SimdTier.Scalar) return; // which rounds no weights
        var model = Initialised(new(new("point", new(512, 4, 4), [
            new("conv", new Conv2dOp(128, 1, 1), ["input"]), new("flat", new FlattenOp(), ["conv"]), new("fc", new LinearOp(20), ["flat"]),
        ])));
        using var folder = new TemporaryFolder();
        var options = new InferenceOptions { ErrorBound = bound };
        var cache = folder.File("plans.json");
        InferencePlan.Compile(model, options with { Cache = new(cache) }).Dispose();
        PlaneRegionsTests.SetTimes(cache, form => form == "direct 16-bit" ? 1e-6 : 1);
        using var plan = InferencePlan.Compile(model, options with { Cache = new(cache) });
        string[] expected = bound == 1e-3 ? ["direct 16-bit", "direct 16-bit"] : ["direct"];
        Assert.Equal(expected, plan.Decisions.Select(decision => decision.Chosen.Form));
        using var direct = InferencePlan.CompileDirect(model);
        AssertClose(Run(direct, model, threads: 1), Run(plan, model, threads: 3));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.5)]
    [InlineData(double.NaN)]
    public void A_bound_that_is_no_share_is_refused(double bound)
    {
        var model = Initialised(new(new("one", new(1, 4, 4), [
            new("flat", new FlattenOp(), ["input"]), new("fc", new LinearOp(2), ["flat"]),
        ])));
        var error = Assert.Throws<InputException>(() => InferencePlan.Compile(model, new() { ErrorBound = bound }));
        Assert.Contains("ErrorBound", error.Message);
    }

    [Theory]
    [TierData]
    public void A_group_normalisation_applies_the_ReLU_behind_it(SimdTier tier)
    {
        CheckedGraph GraphOf(params Node[] behind) => new(new("groups", new(20, 5, 6),
        [
            new("conv", new Conv2dOp(24, 3, 3, 1, 1), ["input"]), new("norm", new GroupNormOp(3), ["conv"]), .. behind,
        ]));
        var model = Initialised(GraphOf(new Node("relu", new ReluOp(), ["norm"])));
        using var plan = InferencePlan.Compile(model, Untuned(tier) with { Batch = 2 });
        Assert.Equal(["conv", "norm"], plan.Steps.Select(step => step.Layer));
        var plain = model with { Graph = GraphOf() };
        using var apart = InferencePlan.Compile(plain, Untuned(tier) with { Batch = 2 });
        var expected = Array.ConvertAll(Run(apart, plain, threads: 1), value => Math.Max(value, 0));
        Assert.Contains(expected, value => value == 0);
        Assert.Equal(expected, Run(plan, model, threads: 1));
        var clipped = Initialised(GraphOf(new Node("relu6", new ClipOp(0, 6), ["norm"])));
        using var other = InferencePlan.Compile(clipped, Untuned(tier) with { Batch = 2 });
        Assert.Equal(3, other.Steps.Count); // it takes no other bounds
    }
}
