using Dst.Graph;
using Dst.Masks;
using Dst.Runtime.Inference;
using Dst.Runtime.Quantisation;
using Dst.Tests.Autodiff;
using Dst.Training.Masks;

namespace Dst.Tests.Graph;

/// <summary>Channels that no layer reads: where they are left out, and that the network computes the same.</summary>
public class UnreadChannelsTests
{
    private const int Images = 16;

    [Fact]
    public void Filters_that_nobody_reads_go_with_all_that_belongs_to_them()
    {
        var model = Pruned(Block(), "kernel:16:16", "expand", "project");
        var smaller = UnreadChannels.Remove(model);

        Assert.Equal("expand 16x4x3x3, deep 16x1x3x3, project 10x16x1x1", WeightsOf(smaller, "expand", "deep", "project"));
        Assert.Equal("kernel:8:16", Assert.Single(smaller.Masks).Value.PatternName);
        var read = Enumerable.Range(0, 32).Where(channel => model.Masks["project"].Keeps(0, channel)).ToArray();
        for (var i = 0; i < read.Length; i++)
        {
            Assert.Equal(model.Parameters["bn.bias"].Data[read[i]], smaller.Parameters["bn.bias"].Data[i]);
            Assert.Equal(model.Parameters["prelu.weight"].Data[read[i]], smaller.Parameters["prelu.weight"].Data[i]);
            Assert.Equal(RowOf(model, "expand", read[i]), RowOf(smaller, "expand", i));
            Assert.Equal(RowOf(model, "deep", read[i]), RowOf(smaller, "deep", i));
            for (var position = 0; position < 36; position++)
                Assert.Equal(model.Masks["expand"].Keeps(read[i], position), smaller.Masks["expand"].Keeps(i, position));
        }

        AssertSame(model, smaller);
    }

    [Theory]
    [InlineData("kernel:16:16", 16)] // of each 16 channels 8 are read
    [InlineData("row:16:16", 16)] // a row of a 1x1 kernel is the whole kernel
    [InlineData("kernel:32:16", 16)] // one choice for 32 filters
    [InlineData("kernel:16:16:4", 8)] // of each 16 channels 4 are read
    [InlineData("kernel:16:16:12", 32)] // 12 filters are no legal block
    [InlineData("kernel:16:32", 32)] // the two blocks of filters would differ in size
    [InlineData("kernel:8:16", 32)] // the 10 filters that read the channels make two choices
    public void Masks_keep_a_pattern(string pattern, int expected)
    {
        var model = Pruned(Block(), pattern, "expand", "project");
        var smaller = UnreadChannels.Remove(model);
        Assert.Equal($"expand {expected}x4x3x3", WeightsOf(smaller, "expand"));
        Assert.Equal(expected == 32, ReferenceEquals(model, smaller));
        AssertSame(model, smaller);
    }

    [Fact]
    public void A_layer_without_a_mask_loses_any_number_of_filters()
    {
        var model = Pruned(Block(), "kernel:16:32", "project");
        var smaller = UnreadChannels.Remove(model);
        Assert.Equal("expand 16x4x3x3", WeightsOf(smaller, "expand"));
        Assert.Empty(smaller.Masks);
        AssertSame(model, smaller);
    }

    [Fact]
    public void Channels_that_are_computed_with_others_stay_if_they_cost_nothing()
    {
        var model = Pruned(Block(), "kernel:16:16", "project");
        Assert.Equal("expand 16x4x3x3", WeightsOf(UnreadChannels.Remove(model, lanes: 16), "expand"));
        Assert.Same(model, UnreadChannels.Remove(model, lanes: 32));
    }

    [Fact]
    public void A_single_block_keeps_the_pattern_of_larger_ones()
    {
        var smaller = UnreadChannels.Remove(Pruned(Block(), "kernel:32:16", "expand", "project"));
        Assert.Equal("kernel:32:16", smaller.Masks["expand"].PatternName);
    }

    [Fact]
    public void Instance_normalisation_goes_with_its_channels()
    {
        var model = Pruned(Between(new GroupNormOp(32)), "kernel:16:16", "project");
        var smaller = UnreadChannels.Remove(model);
        Assert.Equal(new GroupNormOp(16), smaller.Graph.Nodes[1].Operation);
        AssertSame(model, smaller);
    }

    [Fact]
    public void Nothing_is_left_out_where_other_channels_depend_on_it()
    {
        AssertWhole(Pruned(Between(new LayerNormOp()), "kernel:16:16", "project"));
        AssertWhole(Pruned(Between(new GroupNormOp(1)), "kernel:16:16", "project"));
        AssertWhole(Pruned(Between(new ReluOp(), kernel: 3), "row:16:16", "project")); // a kernel keeps some of its rows
        AssertWhole(Pruned(Between(new ReluOp()), "kernel:16:16", "expand")); // a layer without a mask reads all
        var twice = new CheckedGraph(new("twice", new(4, 9, 7),
        [
            .. Between(new ReluOp()).Nodes,
            new("other", new Conv2dOp(10, 1, 1), ["between"]),
            new("sum", new AddOp(), ["project", "other"]),
        ]));
        AssertWhole(Pruned(twice, "kernel:16:16", "project", "other")); // two layers read different channels

        static void AssertWhole(Model model) => Assert.Same(model, UnreadChannels.Remove(model));
    }

    [Fact]
    public void Networks_of_any_operations_compute_the_same()
    {
        var smaller = 0;
        for (var seed = 1; seed <= 200; seed++)
        {
            var model = RandomGraph.CreateModel(RandomGraph.Create(seed), seed);
            model = PruningPlan.Create(model, new() { Pattern = UhpPattern.Parse("kernel:32:2") }).ApplyTo(model);
            if (ReferenceEquals(UnreadChannels.Remove(model), model)) continue;
            AssertSame(model, UnreadChannels.Remove(model));
            smaller++;
        }

        Assert.InRange(smaller, 20, 200);
    }

    [Fact]
    public void Plans_leave_them_out_unless_they_are_dense()
    {
        var model = Pruned(Block(), "kernel:16:16", "expand", "project");
        using var plan = InferencePlan.Compile(model);
        using var dense = InferencePlan.Compile(model, new() { Dense = true });
        Assert.Equal(16, plan.Program.Values["prelu"].Shape.Channels);
        Assert.Equal(32, dense.Program.Values["prelu"].Shape.Channels);
    }

    [Fact]
    public void A_network_of_integers_computes_the_same_integers()
    {
        var model = Pruned(Block(), "kernel:16:16", "expand", "project");
        var quantised = Quantise(model);
        var smaller = UnreadChannels.Remove(quantised);
        Assert.Equal(16, smaller.Int8!.Filters["expand"].Length);
        Assert.Equal(16, smaller.Int8.Filters["deep"].Length);
        Assert.Equal(Run(quantised), Run(smaller));
        Assert.Equal(Quantise(UnreadChannels.Remove(model)).Int8!.Filters, smaller.Int8.Filters);

        static Model Quantise(Model model) => Quantiser.Quantise(model, NetworkRun.RandomImages(model, Images), Images).Model;
    }

    /// <summary>An inverted residual block: 32 channels between two layers.</summary>
    private static CheckedGraph Block() => new(new("block", new(4, 9, 7),
    [
        new("expand", new Conv2dOp(32, 3, 3, 1, 1), ["input"]),
        new("bn", new BatchNormOp(), ["expand"]),
        new("pool", new MaxPoolOp(2, 1), ["bn"]),
        new("deep", new Conv2dOp(32, 3, 3, 1, 1, Groups: 32, Bias: true), ["pool"]),
        new("prelu", new PReluOp(), ["deep"]),
        new("project", new Conv2dOp(10, 1, 1, Bias: true), ["prelu"]),
        new("mean", new GlobalAvgPoolOp(), ["project"]),
    ]));

    private static CheckedGraph Between(Operation operation, int kernel = 1) => new(new("net", new(4, 9, 7),
    [
        new("expand", new Conv2dOp(32, 1, 1), ["input"]),
        new("between", operation, ["expand"]),
        new("project", new Conv2dOp(10, kernel, kernel), ["between"]),
    ]));

    private static Model Pruned(CheckedGraph graph, string pattern, params string[] layers)
    {
        var model = RandomGraph.CreateModel(graph, seed: 3);
        foreach (var layer in layers)
        {
            var weight = model.Parameters[$"{layer}.weight"];
            var mask = UhpPruner.Prune(weight, UhpPattern.Parse(pattern));
            mask.Apply(weight.Data);
            model = model with { Masks = new Dictionary<string, LayerMask>(model.Masks) { [layer] = mask } };
        }

        return model;
    }

    private static string WeightsOf(Model model, params string[] layers) =>
        string.Join(", ", layers.Select(layer => $"{layer} {string.Join('x', model.Parameters[$"{layer}.weight"].Shape)}"));

    private static float[] RowOf(Model model, string layer, int filter)
    {
        var weight = model.Parameters[$"{layer}.weight"];
        var row = weight.Data.Length / weight.Shape[0];
        return weight.Data[(filter * row)..((filter + 1) * row)];
    }

    /// <summary>Asserts that a smaller network computes what the whole one does, also when it was stored.</summary>
    private static void AssertSame(Model model, Model smaller)
    {
        var (expected, actual) = (Run(model), Run(smaller));
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5 * expected.Max(Math.Abs));
        var path = Path.Combine(Directory.CreateTempSubdirectory("dst-").FullName, "smaller.safetensors");
        smaller.Save(path);
        Assert.Equal(actual, Run(Model.Load(path)));
    }

    private static float[] Run(Model model)
    {
        using var plan = InferencePlan.CompileDirect(model);
        using var run = new NetworkRun(plan, threads: 1, NetworkRun.RandomImages(model, batch: 1));
        run.Run();
        return run.Outputs;
    }
}
