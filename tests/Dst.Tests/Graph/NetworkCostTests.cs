using Dst.Graph;
using Dst.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Graph;

public class NetworkCostTests
{
    [Fact]
    public void Counts_of_a_small_network_are_those_counted_by_hand()
    {
        var cost = NetworkCost.Of(Zoo.Build("aconvnet", new(1, 88, 88), 10));
        var conv2 = cost.Layers.Single(layer => layer.Name == "conv2");
        Assert.Equal(32 * 16 * 25, conv2.Weights);
        Assert.Equal(32 * 16 * 25 * 38 * 38L, conv2.Macs);
        Assert.Equal(["conv1", "conv2", "conv3", "conv4", "conv5"], cost.Layers.Select(layer => layer.Name));
        Assert.Equal(cost.Layers.Sum(layer => layer.Macs), cost.Macs);
        Assert.Equal((cost.Weights, cost.Macs), (cost.Nonzeros, cost.EffectiveMacs));
    }

    [Theory]
    [InlineData("resnet20", 41)]
    [InlineData("resnet56", 126)]
    [InlineData("resnet8x4", 177)]
    [InlineData("resnet32x4", 1083)]
    [InlineData("resnet18", 555)]
    public void Multiply_accumulates_on_cifar_are_the_known_millions(string name, int expected) =>
        Assert.Equal(expected, (int)Math.Round(NetworkCost.Of(Zoo.Build(name, new(3, 32, 32), 100)).Macs / 1e6));

    [Fact]
    public void A_mask_lowers_nonzeros_and_effective_work_of_its_layer_only()
    {
        var graph = Zoo.Build("resnet8", new(3, 32, 32), 10);
        var dense = NetworkCost.Of(graph);
        var kept = Enumerable.Range(0, 4 * 32).Select(i => i % 2 == 0).ToArray();
        var mask = new LayerMask([64, 32, 3, 3], new(PruningUnit.Kernel, 16, 2), kept);
        var halved = NetworkCost.Of(graph, new Dictionary<string, LayerMask> { ["layer3.0.conv1"] = mask });
        const int pruned = 64 * 32 * 9 / 2;
        Assert.Equal(dense.Weights, halved.Weights);
        Assert.Equal(dense.Nonzeros - pruned, halved.Nonzeros);
        Assert.Equal(dense.Macs, halved.Macs);
        Assert.Equal(dense.EffectiveMacs - pruned * 64, halved.EffectiveMacs);
    }
}
