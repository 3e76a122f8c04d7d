using Dst.Graph;
using Dst.Interop.Onnx;

namespace Dst.Interop.Tests.Onnx;

[Collection(nameof(OnnxTools))]
public class OnnxImporterTests(OnnxTools tools)
{
    // The importer leaves out a softmax at the end.
    private static readonly string[] EndInSoftmax = ["squeezenet", "assorted", "assorted-11", "keras"];

    /// <summary>What ONNX Runtime rounds and we do not: features to 16 bits, and to integers.</summary>
    private static readonly Dictionary<string, double> Rounded = new()
    {
        ["half"] = 3e-3,
        ["qdq"] = 0.05,
        ["qdq-clips"] = 0.05,
        ["qdq-int8"] = 0.01,
    };

    public static TheoryData<string> Names => [.. OnnxTools.Names];

    [Fact]
    public void Every_network_of_the_script_is_tested() =>
        Assert.Equal(OnnxTools.Names.Order(), Directory.GetFiles(tools.Folder, "*.onnx").Select(Path.GetFileNameWithoutExtension).Order());

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_are_those_of_ONNX_Runtime(string name)
    {
        var model = tools.Import(name);
        var (expected, actual) = (tools.Expected(name), tools.Logits(name, model));
        if (EndInSoftmax.Contains(name)) (expected, actual) = (name == "squeezenet" ? Softmax(expected) : expected, Softmax(actual));
        OnnxTools.AssertClose(expected, actual, Rounded.GetValueOrDefault(name, 1e-4));
    }

    /// <summary>Exporters write these in several nodes, and no node of theirs stays.</summary>
    [Theory]
    [InlineData("convnext", 3, 6)]
    [InlineData("convnext-17", 3, 6)]
    [InlineData("convnext-first", 3, 6)]
    [InlineData("convnext-tanh", 3, 6)]
    public void ConvNeXt_has_its_operations(string name, int activations, int norms)
    {
        var operations = tools.Import(name).Graph.Nodes.Select(node => node.Operation).ToList();
        Assert.Equal(activations, operations.Count(operation => operation == new GeluOp(name == "convnext-tanh")));
        Assert.Equal(norms, operations.OfType<LayerNormOp>().Count());
        Assert.Equal(activations, operations.OfType<AffineOp>().Count());
        Type[] others = [typeof(Conv2dOp), typeof(AddOp), typeof(GlobalAvgPoolOp), typeof(FlattenOp), typeof(LinearOp)];
        Assert.All(
            operations.Where(operation => operation is not (GeluOp or LayerNormOp or AffineOp)),
            operation => Assert.Contains(operation.GetType(), others));
    }

    [Fact]
    public void Sigmoid_times_its_argument_is_SiLU()
    {
        var operations = tools.Import("efficientnetv2").Graph.Nodes.Select(node => node.Operation).ToList();
        Assert.Equal(10, operations.OfType<SiluOp>().Count());
        Assert.Equal(2, operations.OfType<SigmoidOp>().Count());
        Assert.Equal(2, operations.OfType<MulOp>().Count());
        operations = [.. tools.Import("pooled").Graph.Nodes.Select(node => node.Operation)];
        Assert.Equal(2, operations.OfType<MishOp>().Count());
        Assert.Equal(new GroupNormOp(1), Assert.Single(operations.OfType<GroupNormOp>()));
    }

    /// <summary>Scales and shifts become those of the normalisations, and no node of the exporter's stays.</summary>
    [Fact]
    public void Normalisations_of_each_image_have_their_groups()
    {
        var operations = tools.Import("normalised").Graph.Nodes.Select(node => node.Operation).ToList();
        Assert.Equal([3, 12, 4, 1, 12, 12], operations.OfType<GroupNormOp>().Select(norm => norm.Groups));
        Assert.Single(operations.OfType<AffineOp>()); // x * 2
        Assert.Equal([new(2, 2, 2, 2, Reflects: true), new(1, 1, 1, 1)], operations.OfType<EdgePadOp>());
    }

    [Fact]
    public void Notes_say_what_is_otherwise_than_in_the_file()
    {
        var notes = new List<string>();
        OnnxImporter.Import(tools.PathOf("resnet8"), notes);
        Assert.Empty(notes);
        OnnxImporter.Import(tools.PathOf("qdq"), notes);
        OnnxImporter.Import(tools.PathOf("keras"), notes);
        Assert.Equal(3, notes.Count);
        Assert.Contains("became 32-bit floats: the weights of layer 'conv' have the zero point 1; signed 8 bits", notes[0]);
        Assert.Contains("images [N, H, W, C]", notes[1]);
        Assert.Contains("the softmax at the end is left out", notes[2]);
    }

    [Fact]
    public void A_network_between_integers_stays_one_of_integers()
    {
        var notes = new List<string>();
        var model = OnnxImporter.Import(tools.PathOf("qdq-int8"), notes);
        Assert.Equal("the network is quantised: 3 of 3 layers with weights compute in 8-bit integers", Assert.Single(notes));
        Assert.Equal(new(0.03f, 131), model.Int8!.Values["input"]);
    }

    [Fact]
    public void Layers_are_called_after_the_modules_that_own_the_weights()
    {
        // Without folding, batch normalisations stay nodes and weights keep their names.
        var names = tools.Import("resnet18").Graph.Nodes.Select(node => node.Name).ToList();
        Assert.All(["conv1", "bn1", "layer1.0.conv1", "layer1.0.bn2", "layer2.0.downsample.0", "fc"], name => Assert.Contains(name, names));
        // With folding, only nodes keep their names.
        names = [.. tools.Import("resnet20").Graph.Nodes.Select(node => node.Name)];
        Assert.All(["conv1", "layer1.0.conv1", "layer2.0.downsample.0", "layer2.0.add", "fc"], name => Assert.Contains(name, names));
    }

    [Fact]
    public void Shortcuts_of_option_A_take_every_second_pixel_and_add_channels()
    {
        var operations = tools.Import("resnet20-option-a").Graph.Nodes.Select(node => node.Operation).ToList();
        Assert.Equal(2, operations.Count(operation => operation == new MaxPoolOp(1, 2)));
        Assert.Equal([new(0, 0, 0, 0, 1, 1), new(0, 0, 0, 0, 1, 1)], operations.OfType<PadOp>());
    }

    [Fact]
    public void Reshapes_around_a_transposition_are_a_channel_shuffle()
    {
        var operations = tools.Import("shufflenet").Graph.Nodes.Select(node => node.Operation).ToList();
        Assert.Equal([new(2), new(2), new(2)], operations.OfType<ChannelShuffleOp>());
        Assert.Equal(4, operations.OfType<SliceOp>().Count());
        Assert.DoesNotContain(operations, operation => operation is FlattenOp);
    }

    [Theory]
    [InlineData("mobilenetv3")]
    [InlineData("mobilenetv3-13")]
    public void Hard_swish_is_known_in_both_forms(string name)
    {
        var operations = tools.Import(name).Graph.Nodes.Select(node => node.Operation).ToList();
        Assert.Equal(5, operations.Count(operation => operation is HardSwishOp));
        Assert.Equal(2, operations.Count(operation => operation is MulOp));
        Assert.Equal(2, operations.Count(operation => operation is HardSigmoidOp));
    }

    [Fact]
    public void Added_constants_become_biases()
    {
        var operations = tools.Import("assorted").Graph.Nodes.Select(node => node.Operation).ToList();
        Assert.Contains(new LinearOp(5, Bias: true), operations);
        Assert.Contains(new Conv2dOp(6, 2 * 2 + 1, 2 * 4 + 1, Groups: 3, Bias: true), operations);
        Assert.Contains(new Conv2dOp(6, 3, 2, Bias: true), tools.Import("channels-last").Graph.Nodes.Select(node => node.Operation));
    }

    [Fact]
    public void Pools_over_the_whole_map_are_global()
    {
        var operations = tools.Import("external").Graph.Nodes.Select(node => node.Operation).ToList();
        Assert.Equal([new GlobalAvgPoolOp(), new GlobalMaxPoolOp()], operations.GetRange(1, 2));
    }

    [Fact]
    public void Transpositions_that_undo_each_other_are_gone() =>
        Assert.Equal(["relu", "pad", "conv", "pool", "fc"], tools.Import("channels-last").Graph.Nodes.Select(node => node.Name));

    private static float[] Softmax(float[] logits) => [.. logits.Chunk(5).SelectMany(row =>
    {
        var exponentials = Array.ConvertAll(row, logit => MathF.Exp(logit - row.Max()));
        return exponentials.Select(value => value / exponentials.Sum());
    })];
}
