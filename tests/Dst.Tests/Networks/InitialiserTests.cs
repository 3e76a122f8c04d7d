using Dst.Graph;
using Dst.Training.Networks;

namespace Dst.Tests.Networks;

public class InitialiserTests
{
    private static readonly CheckedGraph Graph = Zoo.Build("vgg8", new(3, 32, 32), 10);

    [Fact]
    public void Same_seed_gives_the_same_bits_and_another_seed_others()
    {
        var a = Initialiser.Initialise(Graph, 5).Parameters;
        var b = Initialiser.Initialise(Graph, 5).Parameters;
        var c = Initialiser.Initialise(Graph, 6).Parameters;
        Assert.All(a, p => Assert.Equal(p.Value.Data, b[p.Key].Data));
        Assert.NotEqual(a["block0.0.weight"].Data, c["block0.0.weight"].Data);
    }

    [Fact]
    public void Convolutions_are_he_normal_by_fan_out_and_their_biases_zero()
    {
        var parameters = Initialiser.Initialise(Graph, 1).Parameters;
        var weights = parameters["block3.0.weight"].Data; // 512 filters of 3x3
        var variance = weights.Average(w => (double)w * w);
        Assert.Equal(2.0 / (512 * 9), variance, 2.0 / (512 * 9) * 0.01);
        Assert.Equal(0, weights.Average(w => (double)w), 1e-4);
        Assert.All(parameters["block3.0.bias"].Data, bias => Assert.Equal(0, bias));
    }

    [Fact]
    public void Convolutions_before_a_tanh_are_normal_by_fan_in()
    {
        var weights = Initialiser.Initialise(Zoo.Build("lenet7", new(1, 32, 32), 40), 1).Parameters["h.weight"].Data; // 16 maps of 5x5
        Assert.Equal(1.0 / (16 * 25), weights.Average(w => (double)w * w), 1.0 / (16 * 25) * 0.02);
    }

    [Fact]
    public void Batch_normalisations_begin_as_the_identity()
    {
        var parameters = Initialiser.Initialise(Graph, 1).Parameters;
        Assert.All(parameters["block0.1.weight"].Data, value => Assert.Equal(1, value));
        Assert.All(parameters["block0.1.bias"].Data, value => Assert.Equal(0, value));
        Assert.All(parameters["block0.1.running_mean"].Data, value => Assert.Equal(0, value));
        Assert.All(parameters["block0.1.running_var"].Data, value => Assert.Equal(1, value));
    }

    [Fact]
    public void Affine_maps_begin_as_the_identity_and_slopes_at_a_quarter()
    {
        var graph = new CheckedGraph(
            new("net", new(2, 1, 1), [new("affine", new AffineOp(), ["input"]), new("prelu", new PReluOp(), ["affine"])]));
        var parameters = Initialiser.Initialise(graph, 1).Parameters;
        Assert.Equal([1, 1], parameters["affine.weight"].Data);
        Assert.Equal([0, 0], parameters["affine.bias"].Data);
        Assert.Equal([0.25f, 0.25f], parameters["prelu.weight"].Data);
    }

    [Theory]
    [InlineData("vgg8", "classifier", 512)]
    [InlineData("aconvnet", "conv5", 128 * 9)]
    public void The_classifier_is_uniform_within_one_over_root_fan_in(string network, string layer, int fanIn)
    {
        var parameters = Initialiser.Initialise(Zoo.Build(network, new(3, 88, 88), 10), 1).Parameters;
        var bound = 1 / MathF.Sqrt(fanIn);
        var weights = parameters[$"{layer}.weight"].Data;
        Assert.All(weights, weight => Assert.InRange(weight, -bound, bound));
        Assert.Equal(bound * bound / 3, weights.Average(w => (double)w * w), bound * bound * 0.02);
        Assert.All(parameters[$"{layer}.bias"].Data, bias => Assert.InRange(bias, -bound, bound));
        Assert.Contains(parameters[$"{layer}.bias"].Data, bias => bias != 0);
    }
}
