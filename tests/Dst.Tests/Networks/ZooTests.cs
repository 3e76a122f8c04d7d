using Dst.Graph;
using Dst.Training.Networks;

namespace Dst.Tests.Networks;

public class ZooTests
{
    private static readonly FeatureShape Cifar = new(3, 32, 32);
    private static readonly FeatureShape Chip = new(1, 88, 88);

    public static TheoryData<string> AllNames => [.. Zoo.Names];

    [Theory]
    [InlineData("lenet7", 10)]
    [InlineData("lenet7-bn", 10)]
    [InlineData("aconvnet", 10)]
    public void An_input_that_is_too_small_is_told_with_the_name_of_the_network(string name, int side)
    {
        var refusal = Assert.Throws<InputException>(() => Zoo.Build(name, new(1, side, side), 3));
        Assert.StartsWith($"network '{name}'", refusal.Message);
    }

    // Numbers of parameters of the PyTorch networks in RepDistiller and mdistiller.
    [Theory]
    [InlineData("resnet20", 278_324)]
    [InlineData("resnet56", 861_620)]
    [InlineData("resnet8x4", 1_233_540)]
    [InlineData("resnet32x4", 7_433_860)]
    [InlineData("wrn-16-2", 703_284)]
    [InlineData("wrn-40-2", 2_255_156)]
    [InlineData("vgg8", 3_965_028)]
    [InlineData("vgg13", 9_462_180)]
    [InlineData("resnet18", 11_220_132)]
    public void Weight_counts_on_cifar100_are_the_published_ones(string name, long expected) =>
        Assert.Equal(expected, NetworkCost.Of(Zoo.Build(name, Cifar, 100)).Weights);

    [Fact]
    public void Plain_networks_have_the_weights_of_their_layers()
    {
        Assert.Equal(520 + 20_040 + 320_500 + 5_010, NetworkCost.Of(Zoo.Build("plain4", new(1, 28, 28), 10)).Weights);
        Assert.Equal(
            7_296 + 110_720 + 295_168 + 4_097_000 + 1_001_000 + 100_100, NetworkCost.Of(Zoo.Build("plain6", Cifar, 100)).Weights);
    }

    [Fact]
    public void Another_pooling_takes_the_place_of_each_maximum()
    {
        static IEnumerable<Operation> Pools(string name, PoolingChoice pooling) =>
            Zoo.Build(name, new(3, 88, 88), 10, pooling: pooling).Nodes.Select(node => node.Operation).Where(pool => pool is PoolOp);
        Assert.Equal(
            Enumerable.Repeat(new MaxPoolDropoutOp(2, 2, 0.75f, Inference: PoolInference.ScaledMax), 3),
            Pools("aconvnet", new(Dropout: 0.25, Inference: PoolInference.ScaledMax)));
        Assert.Equal(Enumerable.Repeat(new StochasticPoolOp(2, 2), 4), Pools("vgg8", new(PoolingKind.Stochastic)));
        Assert.Equal(Enumerable.Repeat(new MaxPoolDropoutOp(3, 2, 0.5f, 1), 3), Pools("plain6", new(Dropout: 0.5)));
        Assert.Equal(
            [new SpectralPoolOp(16, 16), new SpectralPoolOp(8, 8), new SpectralPoolOp(4, 4)], // as many pixels as the windows give
            Zoo.Build("plain6", Cifar, 10, pooling: new(PoolingKind.Spectral)).Nodes.Select(node => node.Operation)
                .OfType<SpectralPoolOp>());
        Assert.Equal(Pools("vgg13", PoolingChoice.Max), Pools("vgg13", new(Dropout: 0)));
    }

    [Theory]
    [InlineData("resnet20", PoolingKind.Stochastic, 0, PoolInference.Weighted, "has no max pooling")]
    [InlineData("mobilenetv2", PoolingKind.Max, 0.5, PoolInference.Weighted, "has no max pooling")]
    [InlineData("vgg8", PoolingKind.Stochastic, 0.5, PoolInference.Weighted, "one of both was expected")]
    [InlineData("vgg8", PoolingKind.Spectral, 0.5, PoolInference.Weighted, "has spectral pooling and the pool dropout 0.5")]
    [InlineData("vgg8", PoolingKind.Max, 1, PoolInference.Weighted, "the pool dropout 1;")]
    [InlineData("vgg8", PoolingKind.Max, 0, PoolInference.ScaledMax, "scaled_max without a pool dropout")]
    public void Poolings_that_have_no_effect_are_refused(
        string name, PoolingKind kind, double dropout, PoolInference inference, string problem) =>
        Assert.Contains(problem, Assert.Throws<InputException>(
            () => Zoo.Build(name, Cifar, 10, pooling: new(kind, dropout, inference))).Message, StringComparison.Ordinal);

    [Fact]
    public void MobileNetV2_of_half_width_has_the_published_0_81_million_weights() =>
        Assert.Equal(812_836, NetworkCost.Of(Zoo.Build("mobilenetv2", Cifar, 100, width: 0.5)).Weights);

    [Fact]
    public void AConvNet_convolutions_have_the_published_303498_weights()
    {
        var graph = Zoo.Build("aconvnet", Chip, 10);
        var convolutions = graph.Parameters.Where(p => p.Role is ParameterRole.Weight or ParameterRole.Bias).Sum(p => p.Count);
        Assert.Equal(303_498, convolutions);
        Assert.Equal(303_498 + 2 * (16 + 32 + 64 + 128), NetworkCost.Of(graph).Weights);
        Assert.Equal(new FeatureShape(10, 1, 1), graph.Shapes["conv5"]);
    }

    [Fact]
    public void The_seven_layer_network_has_the_layers_of_the_paper()
    {
        var graph = Zoo.Build("lenet7", new(1, 32, 32), 40);
        (string Layer, FeatureShape Shape, int Weights)[] layers =
        [
            ("c1", new(6, 28, 28), 6 * 25 + 6), ("s1", new(6, 14, 14), 6 + 6), ("c2", new(16, 10, 10), 16 * 6 * 25 + 16),
            ("s2", new(16, 5, 5), 16 + 16), ("h", new(120, 1, 1), 120 * 16 * 25 + 120), ("f", new(40, 1, 1), 40 * 120 + 40),
        ];
        Assert.All(layers, layer => Assert.Equal(layer.Shape, graph.Shapes[layer.Layer]));
        Assert.All(layers, layer => Assert.Equal(layer.Weights, graph.Parameters.Where(p => p.Layer == layer.Layer).Sum(p => p.Count)));
        Assert.Equal(layers.Sum(layer => layer.Weights), NetworkCost.Of(graph).Weights);
        Assert.Equal(5, graph.Nodes.Count(node => node.Operation is TanhOp));
    }

    [Fact]
    public void Networks_of_large_kernels_have_the_weights_of_their_layers()
    {
        Assert.Equal(
            23_232 + 307_200 + 663_552 + 884_736 + 589_824 + 2 * (64 + 192 + 384 + 256 + 256) + 25_700,
            NetworkCost.Of(Zoo.Build("alexnet", Cifar, 100)).Weights);
        Assert.Equal(
            1_536 + 256 + 8 * (128 * 13 * 13 + 256 + 128 * 128 + 256) + 12_900, NetworkCost.Of(Zoo.Build("convmixer", Cifar, 100)).Weights);
    }

    [Theory]
    [MemberData(nameof(AllNames))]
    public void Every_network_takes_one_or_three_channels_and_ends_in_logits(string name)
    {
        foreach (var shape in new[] { new FeatureShape(1, 97, 101), new FeatureShape(3, 96, 96) })
        {
            var graph = Zoo.Build(name, shape, 7, width: 0.7);
            Assert.Equal(new FeatureShape(7, 1, 1), graph.OutputShape);
            Assert.Equal(name, graph.Name);
        }
    }

    [Fact]
    public void AConvNet_averages_a_last_map_that_is_larger_than_one_pixel()
    {
        Assert.DoesNotContain(Zoo.Build("aconvnet", Chip, 10).Nodes, node => node.Operation is GlobalAvgPoolOp);
        var larger = Zoo.Build("aconvnet", new(1, 128, 128), 10);
        Assert.Equal(new FeatureShape(10, 6, 6), larger.Shapes["conv5"]);
        Assert.Contains(larger.Nodes, node => node.Operation is GlobalAvgPoolOp);
    }

    [Fact]
    public void Parameters_are_named_as_in_pytorch()
    {
        var names = Zoo.Build("resnet20", Cifar, 100).Parameters.Select(p => p.Name).ToList();
        Assert.Equal(
            ["conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "layer1.0.conv1.weight"], names.Take(6));
        Assert.Contains("layer2.0.downsample.0.weight", names);
        Assert.Contains("layer3.2.bn2.running_var", names);
        Assert.DoesNotContain("layer1.0.downsample.0.weight", names);
        Assert.Equal(["fc.weight", "fc.bias"], names.TakeLast(2));
        Assert.Contains("block2.layer.0.convShortcut.weight", Zoo.Build("wrn-16-2", Cifar, 100).Parameters.Select(p => p.Name));
        Assert.Contains("block4.3.bias", Zoo.Build("vgg13", Cifar, 100).Parameters.Select(p => p.Name));
    }

    [Fact]
    public void Wide_resnet_shortcuts_read_the_input_or_its_activation_where_channels_change()
    {
        var nodes = Zoo.Build("wrn-16-1", Cifar, 10).Nodes.ToDictionary(node => node.Name);
        Assert.Equal("block2.layer.0.relu1", nodes["block2.layer.0.convShortcut"].Inputs[0]);
        Assert.Equal(["block1.layer.0.conv2", "conv1"], nodes["block1.layer.0.add"].Inputs);
    }

    [Theory]
    [InlineData(0.5, "8, 8, 8, 16, 32")]
    [InlineData(0.7, "12, 12, 12, 24, 44")]
    [InlineData(0.05, "4, 4, 4, 4, 4")]
    public void Width_scales_channels_to_the_nearest_multiple_of_four(double width, string expected)
    {
        var convolutions = Zoo.Build("resnet8", Cifar, 10, width).Nodes.ToDictionary(node => node.Name, node => node.Operation as Conv2dOp);
        string[] names = ["conv1", "layer1.0.conv1", "layer1.0.conv2", "layer2.0.conv2", "layer3.0.conv2"];
        Assert.Equal(expected, string.Join(", ", names.Select(name => convolutions[name]!.OutChannels)));
    }

    [Fact]
    public void Dropout_is_on_by_default_only_in_aconvnet()
    {
        static float? Rate(CheckedGraph graph) => graph.Nodes.Select(node => node.Operation).OfType<DropoutOp>().SingleOrDefault()?.Rate;
        Assert.Equal(0.5f, Rate(Zoo.Build("aconvnet", Chip, 10)));
        Assert.Null(Rate(Zoo.Build("aconvnet", Chip, 10, dropout: 0)));
        Assert.Null(Rate(Zoo.Build("vgg8", Cifar, 10)));
        Assert.Equal(0.25f, Rate(Zoo.Build("vgg8", Cifar, 10, dropout: 0.25)));
    }

    [Fact]
    public void Vgg_pools_a_fourth_time_from_64_pixels_on()
    {
        Assert.Equal(new FeatureShape(512, 4, 4), Zoo.Build("vgg8", Cifar, 10).Shapes["block4.0"]);
        Assert.Equal(new FeatureShape(512, 4, 4), Zoo.Build("vgg8", new(3, 64, 64), 10).Shapes["block4.0"]);
    }

    [Fact]
    public void A_small_input_is_refused_with_the_name_of_the_network()
    {
        var error = Assert.Throws<InputException>(() => Zoo.Build("lenet7", new(1, 4, 4), 10));
        Assert.StartsWith("network 'lenet7': node 'c1' needs at least 5 pixels a side but its input has 4", error.Message);
    }

    [Theory]
    [InlineData("resnet21", 10, 1, 0, "did you mean 'resnet20'")]
    [InlineData("A-ConvNet", 10, 1, 0, "did you mean 'aconvnet'")]
    [InlineData("foo", 10, 1, 0, "network 'foo' is unknown; one of aconvnet, ")]
    [InlineData("resnet8", 0, 1, 0, "0 classes; at least 1")]
    [InlineData("resnet8", 10, 0, 0, "the width 0;")]
    [InlineData("resnet8", 10, double.NaN, 0, "the width NaN;")]
    [InlineData("resnet8", 10, 1, 1, "the dropout 1;")]
    [InlineData("aconvnet", 10, 1, 0, "node 'conv3' needs at least 6 pixels a side but its input has 5")]
    public void Bad_arguments_are_named(string name, int classes, double width, double dropout, string expected)
    {
        var error = Assert.Throws<InputException>(() => Zoo.Build(name, Cifar, classes, width, dropout));
        Assert.Contains(expected, error.Message);
    }
}
