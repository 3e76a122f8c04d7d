using Dst.Foundations;
using Dst.Graph;
using Dst.Masks;
using Dst.Training.Masks;

namespace Dst.Tests.Masks;

public class PruningPlanTests
{
    private static readonly PruningOptions Options = new() { Unit = PruningUnit.Kernel, Block = 4, Group = 4 };

    [Fact]
    public void Every_layer_has_a_mask_or_a_reason()
    {
        var plan = PruningPlan.Create(Network(), Options);
        Assert.Equal(["stem", "depthwise", "grouped", "point", "last", "classifier"], plan.Layers.Select(layer => layer.Name));
        Assert.Equal(["point", "last"], plan.Masks.Keys);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["stem"] = "each filter has one kernel",
                ["depthwise"] = "depthwise",
                ["grouped"] = "grouped convolution",
                ["classifier"] = "linear layer",
            },
            plan.Skipped);
        Assert.Equal(
            [(72, 72), (72, 72), (288, 288), (96, 48), (540, 270), (50, 50)],
            plan.Layers.Select(layer => ((int)layer.Weights, (int)layer.Kept)));
    }

    [Fact]
    public void Unit_weight_halves_a_layer_of_one_input_channel() =>
        // 5 of 9 in each of 8 filters: runs 4, 4, 1.
        Assert.Equal(40, PruningPlan.Create(Network(), Options with { Unit = PruningUnit.Weight }).Layers[0].Kept);

    [Theory]
    [InlineData("point", "point")]
    [InlineData("*t", "last point")]
    [InlineData("*", "last point")]
    public void Layers_are_excluded_by_name(string pattern, string excluded)
    {
        var plan = PruningPlan.Create(Network(), Options with { Exclude = [pattern] });
        Assert.Equal(
            excluded, string.Join(' ', plan.Skipped.Where(pair => pair.Value == "excluded by name").Select(pair => pair.Key).Order()));
    }

    [Fact]
    public void A_name_that_fits_no_layer_is_an_error() =>
        Assert.Contains("'points', which fits no layer", Refusal(Options with { Exclude = ["points"] }), StringComparison.Ordinal);

    [Fact]
    public void An_odd_group_is_an_error() =>
        Assert.Equal(
            "prune.keep is 0.5, which is 1.5 of the 3 candidates of a run; "
                + "a whole number from 1 to 2 was expected, such as the share 0.333",
            Refusal(Options with { Group = 3 }));

    [Fact]
    public void First_and_last_convolutions_are_excluded_on_request()
    {
        var plan = PruningPlan.Create(Network(), Options with { Unit = PruningUnit.Weight, ExcludeFirst = true, ExcludeLast = true });
        Assert.Equal(("first convolution excluded", "last convolution excluded"), (plan.Skipped["stem"], plan.Skipped["last"]));
        Assert.Equal(["point"], plan.Masks.Keys);
    }

    [Fact]
    public void The_control_keeps_as_many_weights_in_each_layer_and_skips_the_same()
    {
        var network = Network();
        var uhp = PruningPlan.Create(network, Options);
        var control = PruningPlan.CreateUnstructured(network, Options);
        Assert.Equal(
            uhp.Layers.Select(layer => (layer.Name, layer.Kept, layer.Skipped)),
            control.Layers.Select(layer => (layer.Name, layer.Kept, layer.Skipped)));
        Assert.All(control.Masks.Values, mask => Assert.Equal((null, 1, 1), (mask.Pattern, mask.Block, mask.WeightsPerCandidate)));
    }

    [Fact]
    public void A_layer_may_keep_another_share_than_the_rest()
    {
        var plan = PruningPlan.Create(Network(), Options with { Keep = 0.25, KeepLayers = [new() { Layer = "la*", Keep = 0.75 }] });
        Assert.Equal(("kernel:4:4:1", "kernel:4:4:3"), (plan.Masks["point"].PatternName, plan.Masks["last"].PatternName));
        Assert.Equal((12 * 8 / 4, 5 * 12 * 9 * 3 / 4), ((int)plan.Layers[3].Kept, (int)plan.Layers[4].Kept));
    }

    [Theory]
    [InlineData(0.3, "prune.keep is 0.3, which is 1.2 of the 4 candidates of a run; a whole number from 1 to 3 was expected")]
    [InlineData(1, "prune.keep is 1, which is 4 of the 4 candidates")]
    [InlineData(0, "prune.keep is 0, which is 0 of the 4 candidates")]
    public void A_share_that_is_no_number_of_candidates_is_refused(double keep, string message)
    {
        Assert.Contains(message, Refusal(Options with { Keep = keep }));
        var named = message.Replace("prune.keep", "prune.keep_layers of 'last'");
        Assert.Contains(named, Refusal(Options with { KeepLayers = [new() { Layer = "last", Keep = keep }] }));
    }

    [Theory]
    [InlineData("lost")]
    [InlineData("classifier")]
    [InlineData("depth*")]
    public void A_share_for_a_layer_that_is_not_pruned_is_refused(string layer) =>
        Assert.Equal(
            $"prune.keep_layers has '{layer}', which fits no layer that is pruned; expected names such as 'point'",
            Refusal(Options with { KeepLayers = [new() { Layer = layer }] }));

    [Fact]
    public void Applying_a_plan_zeroes_a_copy_and_leaves_the_model()
    {
        var network = Network();
        var before = network.Parameters["point.weight"].Data.ToArray();
        var plan = PruningPlan.Create(network, Options);
        var pruned = plan.ApplyTo(network);
        Assert.Equal(before, network.Parameters["point.weight"].Data);
        Assert.Equal(plan.Layers[3].Kept, pruned.Parameters["point.weight"].Data.Count(w => w != 0));
        Assert.Equal(network.Parameters["classifier.weight"].Data, pruned.Parameters["classifier.weight"].Data);
        Assert.NotSame(network.Parameters["classifier.weight"].Data, pruned.Parameters["classifier.weight"].Data);
        Assert.Equal(["point", "last"], pruned.Masks.Keys);
        Assert.Equal(["a", "b"], pruned.ClassNames);
    }

    private static string Refusal(PruningOptions options) =>
        Assert.Throws<InputException>(() => PruningPlan.Create(Network(), options)).Message;

    private static Model Network()
    {
        var graph = new CheckedGraph(new("test", new(1, 4, 4),
        [
            new("stem", new Conv2dOp(8, 3, 3, Padding: 1), ["input"]),
            new("depthwise", new Conv2dOp(8, 3, 3, Padding: 1, Groups: 8), ["stem"]),
            new("grouped", new Conv2dOp(8, 3, 3, Padding: 1, Groups: 2), ["depthwise"]),
            new("point", new Conv2dOp(12, 1, 1), ["grouped"]),
            new("last", new Conv2dOp(5, 3, 3, Padding: 1, Bias: true), ["point"]),
            new("pool", new GlobalAvgPoolOp(), ["last"]),
            new("classifier", new LinearOp(10), ["pool"]),
        ]));
        var random = new RandomStream(1, RandomPurpose.Initialise);
        var parameters = new Dictionary<string, Tensor>();
        foreach (var shape in graph.Parameters)
        {
            var data = new float[shape.Count];
            for (var i = 0; i < data.Length; i++) data[i] = (float)random.NextNormal();
            parameters.Add(shape.Name, new(shape.Shape, data));
        }

        return new(graph, parameters) { ClassNames = ["a", "b"] };
    }
}
