using Dst.Foundations;
using Dst.Graph;
using Dst.Interop.Onnx;
using Dst.Interop.Onnx.Reading;
using Dst.Interop.Tests.CSource;
using Dst.Masks;
using Dst.Runtime.Inference;
using Dst.Tests.Foundations;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Interop.Tests.Onnx;

/// <summary>Our own files come back, whatever graph they are of.</summary>
public sealed class OnnxRoundTripTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => ["odd", "activations", "modern", "softmax inside", "shuffles", "shuffled rows"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_stay(string name)
    {
        var model = name switch
        {
            "odd" => Networks.Create(name, "weight:8:4", 1),
            "activations" => Networks.Create(name, "dense", 1),
            "modern" => WithOddNormalisations(Networks.Create(name, "dense", 1)),
            "softmax inside" => Random(
                new("pool", new GlobalAvgPoolOp(), ["input"]), new("fc", new LinearOp(6), ["pool"]),
                new("attention", new SoftmaxOp(), ["fc"]),
                new("product", new MulOp(), ["input", "attention"]), new("scores", new GlobalMaxPoolOp(), ["product"])),
            "shuffles" => Random(
                new("all", new ChannelShuffleOp(6), ["input"]), new("none", new ChannelShuffleOp(1), ["all"]),
                new("two", new ChannelShuffleOp(2), ["none"]), new("back", new ChannelShuffleOp(3), ["two"]),
                new("sum", new AddOp(), ["back", "two"]), new("flat", new FlattenOp(), ["sum"]), new("fc", new LinearOp(5), ["flat"])),
            _ => Random(
                new("flat", new FlattenOp(), ["input"]), new("fc", new LinearOp(12), ["flat"]),
                new("four", new ChannelShuffleOp(4), ["fc"]), new("relu", new ReluOp(), ["four"]),
                new("three", new ChannelShuffleOp(3), ["relu"]), new("fc2", new LinearOp(5), ["three"])),
        };
        var again = ExportAndImport(model);
        OnnxTools.AssertClose(Logits(model.Graph.Output.Operation is SoftmaxOp ? model.ToLogits() : model), Logits(again));
    }

    [Fact]
    public void Poolings_with_chance_and_spectral_ones_stay_what_they_are()
    {
        var model = Networks.Create("random pools", "dense", 1);
        var again = ExportAndImport(model);
        OnnxTools.AssertClose(Logits(model), Logits(again));
        static IEnumerable<Operation> Pools(Model model) => model.Graph.Nodes.Select(node => node.Operation)
            .Where(pool => pool is MaxPoolDropoutOp { Inference: PoolInference.Weighted } or StochasticPoolOp or SpectralPoolOp);
        Assert.Equal(Pools(model), Pools(again));
    }

    [Fact]
    public void Layers_that_lead_nowhere_are_left_out_with_their_masks()
    {
        var dense = Random(
            new("dead", new Conv2dOp(16, 3, 3), ["input"]), new("conv", new Conv2dOp(16, 3, 3), ["input"]),
            new("unread", new ReluOp(), ["dead"]), new("pool", new GlobalAvgPoolOp(), ["conv"]));
        var model = PruningPlan.Create(dense, new() { Pattern = UhpPattern.Parse("kernel:16:2") }).ApplyTo(dense);
        Assert.Equal(["conv", "dead"], model.Masks.Keys.Order());
        var again = ExportAndImport(model);
        Assert.Equal(["conv"], again.Masks.Keys);
        Assert.Equal(["conv", "pool"], again.Graph.Nodes.Select(node => node.Name));
    }

    [Fact]
    public void What_does_nothing_behind_a_sigmoid_is_left_out()
    {
        foreach (var last in new Operation[] { new SliceOp(0, 5), new ChannelShuffleOp(1) })
        {
            var model = Random(
                new("pool", new GlobalAvgPoolOp(), ["input"]), new("fc", new LinearOp(5), ["pool"]), new("gate", new SigmoidOp(), ["fc"]),
                new("last", last, ["gate"]));
            var again = ExportAndImport(model);
            Assert.Equal((OutputKind.Logits, OutputKind.Sigmoid), (model.Outputs, again.Outputs));
            OnnxTools.AssertClose(Logits(model), Logits(again));
        }
    }

    [Fact]
    public void Local_normalisations_of_even_size_are_refused()
    {
        var model = Random(new("local", new LocalResponseNormOp(4), ["input"]), new("pool", new GlobalAvgPoolOp(), ["local"]));
        var path = _folder.File("model.onnx");
        Assert.Equal(
            $"{path} is not written: layer 'local' normalises over 4 channels, and ONNX Runtime takes odd numbers alone; "
            + "an odd number was expected, or C source",
            Assert.Throws<InputException>(() => OnnxExporter.Export(path, model)).Message);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Parts_of_a_layer_have_names_that_no_layer_has()
    {
        var model = Random(
            new("a", new SiluOp(), ["input"]), new("a.gate", new TanhOp(), ["a"]), new("a.gate_2", new TanhOp(), ["a.gate"]),
            new("b", new MaxPoolDropoutOp(2, 2, 0.5f), ["a.gate_2"]), new("b.tap0", new SliceOp(1, 4), ["b"]),
            new("logits", new GlobalAvgPoolOp(), ["b.tap0"]));
        var again = ExportAndImport(model);
        var graph = OnnxFile.Parse(File.ReadAllBytes(_folder.File("model.onnx"))).Graph;
        Assert.Null(Duplicate.Find(graph.Node.Select(node => node.Name)));
        Assert.Null(Duplicate.Find(graph.Node.SelectMany(node => node.Output).Concat(graph.Initializer.Select(value => value.Name))));
        Assert.Equal(
            model.Graph.Nodes.Select(node => (node.Name, node.Operation)), again.Graph.Nodes.Select(node => (node.Name, node.Operation)));
        OnnxTools.AssertClose(Logits(model), Logits(again));
    }

    private static Model WithOddNormalisations(Model model) => model with
    {
        Graph = new(model.Graph.Definition with
        {
            Nodes = [.. model.Graph.Nodes.Select(node => node.Operation is LocalResponseNormOp local
                ? node with { Operation = local with { Size = local.Size | 1 } } : node)],
        }),
    };

    private static Model Random(params Node[] nodes) => Initialiser.Initialise(new(new("net", new(6, 5, 4), nodes)), seed: 3);

    private Model ExportAndImport(Model model)
    {
        OnnxExporter.Export(_folder.File("model.onnx"), model);
        return OnnxImporter.Import(_folder.File("model.onnx"));
    }

    private static float[] Logits(Model model)
    {
        using var plan = InferencePlan.Compile(model, new() { Batch = 2, Tune = false });
        using var session = plan.CreateSession();
        var random = new Random(4);
        var images = Enumerable.Range(0, 2 * (int)model.Graph.Input.Count).Select(_ => random.NextSingle() - 0.5f).ToArray();
        var logits = new float[2 * model.OutputCount];
        session.Run(images, 2, logits);
        return logits;
    }
}
