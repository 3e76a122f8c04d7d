using Dst.Foundations;
using Dst.Graph;
using Dst.Masks;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Masks;

/// <summary>Channel orders: which channels may move, that outputs stay the same, and that more of the score is kept.</summary>
public class ChannelPermuterTests
{
    private static readonly PruningOptions Options = new() { Unit = PruningUnit.Kernel, Block = 4, Group = 4, Permute = true };

    [Theory]
    [InlineData("resnet8", 32)]
    [InlineData("resnet8", 32, PruningUnit.Weight)]
    [InlineData("wrn-16-1", 32)]
    [InlineData("vgg8", 32)]
    [InlineData("mobilenetv2", 32)]
    [InlineData("aconvnet", 88)]
    [InlineData("resnet8", 32, PruningUnit.Kernel, 32)]
    public void A_permuted_network_computes_the_same_and_keeps_more(
        string architecture, int side, PruningUnit unit = PruningUnit.Kernel, int block = 4)
    {
        var graph = Zoo.Build(architecture, new(3, side, side), 5, width: block / 16.0, dropout: 0);
        var model = Randomise(Initialiser.Initialise(graph, seed: 1));
        var options = Options with { Unit = unit, Block = block };
        var changes = new List<PermutedChannels>();
        var permuted = ChannelPermuter.Permute(model, options, null, changes);

        Assert.NotEmpty(changes);
        Assert.All(changes, change => Assert.True(change.After > change.Before));
        Assert.True(Kept(permuted, options) > Kept(model, options));
        var (expected, actual) = (Logits(model), Logits(permuted));
        var largest = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4 * largest);
        foreach (var (name, tensor) in model.Parameters)
        {
            Assert.Equal(tensor.Shape, permuted.Parameters[name].Shape);
            Assert.Equal(tensor.Data.Order(), permuted.Parameters[name].Data.Order()); // moved, not changed
        }
    }

    [Fact]
    public void Filters_of_one_kind_come_to_share_a_block()
    {
        // Even filters read the first four channels, odd ones the last four. Pairs of neighbours lose half of all weights, pairs of one
        // kind lose none.
        var model = Randomise(Chain());
        var weight = model.Parameters["first.weight"].Data;
        for (var i = 0; i < weight.Length; i++) weight[i] = i / 8 % 2 == i % 8 / 4 ? 1 : 0;
        var changes = new List<PermutedChannels>();
        var permuted = ChannelPermuter.Permute(model, Options with { Block = 2, Group = 8 }, null, changes);
        var mask = PruningPlan.Create(permuted, Options with { Block = 2, Group = 8 }).Masks["first"];
        Assert.Equal(32, permuted.Parameters["first.weight"].Data.Where((w, i) => w != 0 && mask.Keeps(i / 8, i % 8)).Count());
        Assert.Equal(["first"], changes[0].Layers);
        Assert.True(changes[0].After > changes[0].Before);
    }

    [Fact]
    public void Spaces_end_where_the_order_is_seen_from_outside()
    {
        var graph = new CheckedGraph(new("test", new(8, 4, 4),
        [
            new("a", new Conv2dOp(8, 3, 3, Padding: 1), ["input"]),
            new("a.bn", new BatchNormOp(), ["a"]),
            new("depthwise", new Conv2dOp(8, 3, 3, Padding: 1, Groups: 8), ["a.bn"]),
            new("b", new Conv2dOp(8, 1, 1), ["depthwise"]),
            new("sum", new AddOp(), ["depthwise", "b"]),
            new("grouped", new Conv2dOp(8, 1, 1, Groups: 2), ["sum"]),
            new("c", new Conv2dOp(6, 1, 1), ["grouped"]),
            new("pool", new MaxPoolOp(2, 2), ["c"]),
            new("d", new Conv2dOp(4, 1, 1), ["pool"]),
            new("e", new Conv2dOp(4, 1, 1), ["pool"]),
            new("both", new ConcatOp(), ["d", "e"]),
            new("f", new Conv2dOp(4, 1, 1), ["both"]),
            new("flat", new FlattenOp(), ["f"]),
            new("fc", new LinearOp(7), ["flat"]),
            new("out", new LinearOp(3), ["fc"]),
        ]));
        Assert.Equal(
            ["c -  d+e", "fc -  out"], // a and b are read in groups, d and e joined, f flattened, out is the output
            ChannelSpaces.Of(graph).Select(Describe));
        var resnet = ChannelSpaces.Of(Zoo.Build("resnet8", new(3, 32, 32), 5));
        Assert.Contains("layer1.0.conv1 - layer1.0.bn1 layer1.0.conv2", resnet.Select(Describe));
        Assert.Contains(resnet, space => space.Producers.Order().SequenceEqual(["conv1", "layer1.0.conv2"]) && space.Consumers.Count == 3);
    }

    /// <summary>A MobileNetV3-like block, whose channels may be permuted, and ShuffleNet-like ones, whose channels may not.</summary>
    [Fact]
    public void Orders_pass_through_activations_and_excitations_but_not_through_what_moves_channels()
    {
        var graph = Excited();
        Assert.Equal(
            // The rest is sliced, shuffled or padded.
            ["expand+fc2 - scale+prelu fc1+project", "fc1 -  fc2", "project - norm left+right", "tail -  enlarged", "enlarged -  out"],
            ChannelSpaces.Of(graph).Select(Describe));
        var model = Randomise(Initialiser.Initialise(graph, seed: 1));
        var changes = new List<PermutedChannels>();
        var permuted = ChannelPermuter.Permute(model, Options, null, changes);
        Assert.Contains(changes, change => change.Layers.Contains("expand"));
        var (expected, actual) = (Logits(model), Logits(permuted));
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4 * expected.Max(Math.Abs));
    }

    private static CheckedGraph Excited() => new(new("excited", new(8, 6, 6),
    [
        new("expand", new Conv2dOp(16, 1, 1), ["input"]),
        new("scale", new AffineOp(), ["expand"]),
        new("prelu", new PReluOp(), ["scale"]),
        new("pad", new PadOp(0, 0, 1, 1), ["prelu"]),
        new("reflected", new EdgePadOp(1, 0, 1, 2, Reflects: true), ["pad"]),
        new("weighted", new MaxPoolDropoutOp(2, 2, 0.5f), ["reflected"]),
        new("stochastic", new StochasticPoolOp(2, 1), ["weighted"]),
        new("spectral", new SpectralPoolOp(2, 1), ["stochastic"]),
        new("squeeze", new GlobalMaxPoolOp(), ["spectral"]),
        new("fc1", new Conv2dOp(8, 1, 1), ["squeeze"]),
        new("hard", new HardSwishOp(), ["fc1"]),
        new("fc2", new Conv2dOp(16, 1, 1), ["hard"]),
        new("gate", new HardSigmoidOp(), ["fc2"]),
        new("excite", new MulOp(), ["pad", "gate"]),
        new("project", new Conv2dOp(8, 1, 1), ["excite"]),
        new("norm", new GroupNormOp(1), ["project"]),
        new("clip", new ClipOp(0, 6), ["norm"]),
        new("left", new Conv2dOp(8, 1, 1), ["clip"]),
        new("half", new SliceOp(2, 4), ["left"]),
        new("right", new Conv2dOp(8, 1, 1), ["clip"]),
        new("shuffle", new ChannelShuffleOp(2), ["right"]),
        new("more", new Conv2dOp(8, 1, 1), ["half"]),
        new("padded", new PadOp(0, 0, 0, 0, 0, 2), ["more"]),
        new("all", new ConcatOp(), ["shuffle", "padded"]),
        new("tail", new Conv2dOp(8, 1, 1), ["all"]),
        new("enlarged", new ConvTransposeOp(12, 3, 3, 2, 1), ["tail"]),
        new("tanh", new TanhOp(), ["enlarged"]),
        new("mean", new GlobalAvgPoolOp(), ["tanh"]),
        new("out", new LinearOp(3), ["mean"]),
    ]));

    [Fact]
    public void One_block_of_filters_and_excluded_layers_are_left_alone()
    {
        var changes = new List<PermutedChannels>();
        ChannelPermuter.Permute(Chain(), Options with { Block = 8 }, null, changes);
        ChannelPermuter.Permute(Chain(), Options with { Block = 1 }, null, changes);
        ChannelPermuter.Permute(Chain(), Options with { Exclude = ["first"] }, null, changes);
        Assert.Empty(changes);
    }

    private static Model Chain() => Initialiser.Initialise(
        new(new("chain", new(8, 4, 4),
        [
            new("first", new Conv2dOp(8, 1, 1, Bias: true), ["input"]),
            new("relu", new ReluOp(), ["first"]),
            new("last", new Conv2dOp(4, 3, 3, Padding: 1), ["relu"]),
        ])), seed: 1);

    // Initial scales and shifts are all equal, so a wrong order of them would not show.
    private static Model Randomise(Model model)
    {
        var random = new RandomStream(3, RandomPurpose.Simulate);
        foreach (var tensor in model.Parameters.Values.Where(tensor => tensor.Shape.Length == 1))
        {
            for (var i = 0; i < tensor.Data.Length; i++) tensor.Data[i] = (float)random.NextDouble(0.5, 1.5);
        }

        return model;
    }

    private static string Describe(ChannelSpace space) =>
        $"{string.Join('+', space.Producers)} - {string.Join('+', space.Carriers)} {string.Join('+', space.Consumers)}";

    private static double Kept(Model model, PruningOptions options) => PruningPlan.Create(model, options).Masks.Average(layer =>
    {
        var weights = model.Parameters[$"{layer.Key}.weight"].Data.ToArray();
        var all = weights.Sum(Math.Abs);
        layer.Value.Apply(weights);
        return weights.Sum(Math.Abs) / all;
    });

    private static float[] Logits(Model model)
    {
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(model, 1, new(pool), seed: 0);
        var random = new RandomStream(2, RandomPurpose.Simulate);
        var images = new float[model.Graph.Input.Count];
        for (var i = 0; i < images.Length; i++) images[i] = (float)random.NextNormal();
        return network.Forward(images, 1, training: false).ToArray();
    }
}
