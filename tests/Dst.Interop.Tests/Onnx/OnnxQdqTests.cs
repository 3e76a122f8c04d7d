using Dst.Graph;
using Dst.Interop.Onnx;
using Dst.Interop.Onnx.Schema;
using Dst.Interop.Tests.CSource;
using Dst.Masks;
using Dst.Runtime.Inference;
using Dst.Tests.Foundations;
using Dst.Training.Masks;
using Dst.Training.Networks;
using Google.Protobuf;

namespace Dst.Interop.Tests.Onnx;

/// <summary>
/// Networks of 8-bit integers as ONNX files in the form QDQ. <see cref="OnnxImporterTests"/> reads one of another program.
/// </summary>
public sealed class OnnxQdqTests : IDisposable
{
    private const int Images = 2;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Every value, so that no difference hides behind another, is the output of a file of its own.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("kernel:16:2")]
    public void ONNX_Runtime_gives_our_integers_within_one_step(string? pattern)
    {
        var model = Create(pattern);
        Assert.True(model.Int8!.Values.Count > 8 && model.Int8.Filters.Count == 6);
        foreach (var (value, scale) in model.Int8.Values.Where(value => value.Key != NetworkGraph.InputName))
        {
            var part = model.UpTo(value);
            var (images, ours) = (ImagesFor(part), Logits(part));
            var (_, theirs) = OnnxRuntimeTool.Run(Export(part), ([Images, .. Dims(part)], images));
            Assert.Equal(ours.Length, theirs.Length);
            Assert.All(ours.Zip(theirs), pair => Assert.True(
                Math.Abs(pair.First - pair.Second) < 1.01 * scale.Scale, $"{value}: {pair.First}, {pair.Second}, a step is {scale.Scale}"));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("kernel:16:2")]
    [InlineData("kernel:32:2")]
    [InlineData("weight:4:4")]
    public void A_file_comes_back_with_the_same_integers(string? pattern)
    {
        var (model, notes) = (Create(pattern), new List<string>());
        var again = OnnxImporter.Import(Export(model), notes);
        Assert.Equal("the network is quantised: 6 of 6 layers with weights compute in 8-bit integers", Assert.Single(notes));
        Assert.Equal(model.Int8!.Values.OrderBy(value => value.Key), again.Int8!.Values.OrderBy(value => value.Key));
        Assert.Equal(model.Masks.Keys, again.Masks.Keys);
        Assert.Equal(Logits(model), Logits(again));
    }

    /// <summary>Its bytes become floats and its sums bytes again, and its neighbours stay as they are.</summary>
    [Fact]
    public void A_layer_of_floats_stays_one_between_bytes()
    {
        var (model, notes) = (Create(null), new List<string>());
        var filters = model.Int8!.Filters.Where(layer => layer.Key != "point").ToDictionary();
        model = model with { Int8 = model.Int8 with { Filters = filters } };
        var again = OnnxImporter.Import(Export(model), notes);
        Assert.Equal("the network is quantised: 5 of 6 layers with weights compute in 8-bit integers", Assert.Single(notes));
        Assert.Equal(filters.Keys.Order(), again.Int8!.Filters.Keys.Order());
        Assert.Equal(Logits(model), Logits(again));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_weighted_pooling_that_is_rounded_is_written(int padding)
    {
        var dense = Initialiser.Initialise(
            new(new("net", new(3, 8, 8), [
                new("conv", new Conv2dOp(16, 3, 3, 1, 1), ["input"]), new("pool", new MaxPoolDropoutOp(2, 2, 0.5f, padding), ["conv"]),
                new("flat", new FlattenOp(), ["pool"]), new("fc", new LinearOp(5), ["flat"]),
            ])),
            seed: 1);
        var model = Int8CodeTests.Quantise(dense);
        Assert.Contains("pool", model.Int8!.Values.Keys);
        var path = Export(model);
        Assert.Equal(Logits(model), Logits(OnnxImporter.Import(path)));
        var (_, theirs) = OnnxRuntimeTool.Run(path, ([Images, .. Dims(model)], ImagesFor(model)));
        OnnxTools.AssertClose(Logits(model), theirs, 0.02);
    }

    [Fact]
    public void Floats_are_read_where_they_are_asked_for()
    {
        var (model, notes) = (Create(null), new List<string>());
        var floats = OnnxImporter.Import(Export(model), notes, asFloats: true);
        Assert.Null(floats.Int8);
        Assert.EndsWith("became 32-bit floats: they were asked for", Assert.Single(notes));
        OnnxTools.AssertClose(Logits(model), Logits(floats), 0.05);
    }

    [Theory]
    [InlineData("relu")]
    [InlineData("sum")]
    [InlineData("sum.relu")]
    public void A_network_that_ends_in_a_sum_or_a_bound_comes_back_with_the_same_integers(string end)
    {
        var dense = Initialiser.Initialise(
            new(new NetworkGraph("net", new(3, 8, 8), [
                new("conv", new Conv2dOp(16, 3, 3, 1, 1), ["input"]), new("pool", new GlobalAvgPoolOp(), ["conv"]),
                new("flat", new FlattenOp(), ["pool"]), new("fc", new LinearOp(16), ["flat"]), new("relu", new ReluOp(), ["fc"]),
                new("last", new LinearOp(16), ["relu"]), new("sum", new AddOp(), ["last", "relu"]), new("sum.relu", new ReluOp(), ["sum"]),
            ])),
            seed: 1);
        var (model, notes) = (Int8CodeTests.Quantise(dense.UpTo(end)), new List<string>());
        var again = OnnxImporter.Import(Export(model), notes);
        var layers = model.Int8!.Filters.Count;
        Assert.Equal($"the network is quantised: {layers} of {layers} layers with weights compute in 8-bit integers", Assert.Single(notes));
        Assert.Equal(model.Int8.Values.OrderBy(value => value.Key), again.Int8!.Values.OrderBy(value => value.Key));
        Assert.Equal(Logits(model), Logits(again));
    }

    /// <summary>The file rounds it for both. Where it is not rounded, it is bounded as the integers are.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)] // as a quantiser writes it that leaves out a layer
    public void A_value_of_floats_is_read_by_layers_of_bytes_and_of_floats(bool isUnrounded)
    {
        var dense = Initialiser.Initialise(
            new(new NetworkGraph("net", new(3, 8, 8), [
                new("first", new Conv2dOp(16, 3, 3, 1, 1), ["input"]), new("bytes", new Conv2dOp(16, 3, 3, 1, 1), ["first"]),
                new("floats", new Conv2dOp(16, 1, 1), ["first"]), new("sum", new AddOp(), ["bytes", "floats"]),
                new("pool", new GlobalAvgPoolOp(), ["sum"]), new("flat", new FlattenOp(), ["pool"]), new("fc", new LinearOp(5), ["flat"]),
            ])),
            seed: 1);
        var (model, notes) = (Int8CodeTests.Quantise(dense, new HashSet<string> { "first", "floats" }), new List<string>());
        Assert.Equal(["bytes", "fc"], model.Int8!.Filters.Keys.Order());
        var path = Export(model);
        if (isUnrounded)
        {
            var file = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
            var layers = file.Graph.Node.Where(node => node.OpType == "Conv").ToList(); // first, bytes, floats
            Assert.Equal(layers[1].Input[0], layers[2].Input[0]);
            layers[2].Input[0] = layers[0].Output[0];
            File.WriteAllBytes(path, file.ToByteArray());
        }

        var again = OnnxImporter.Import(path, notes);
        Assert.Equal("the network is quantised: 2 of 4 layers with weights compute in 8-bit integers", Assert.Single(notes));
        Assert.Equal(["bytes", "fc"], again.Int8!.Filters.Keys.Order());
        OnnxTools.AssertClose(Logits(model), Logits(again), 0.02);
        var (_, theirs) = OnnxRuntimeTool.Run(path, ([Images, .. Dims(model)], ImagesFor(model)));
        OnnxTools.AssertClose(Logits(again), theirs, 0.02);
    }

    [Fact]
    public void What_our_arithmetic_cannot_express_becomes_floats()
    {
        var model = Create(null);
        var scales = model.Int8!.Values.ToDictionary();
        scales["relu"] = scales["relu"] with { Scale = scales["relu"].Scale * 1e-6f };
        var notes = new List<string>();
        var again = OnnxImporter.Import(Export(model with { Int8 = new(scales, model.Int8.Filters) }), notes);
        Assert.Null(again.Int8);
        Assert.StartsWith(
            "the network is quantised, and its weights and features became 32-bit floats: layer 'conv' has", Assert.Single(notes));
    }

    private static Model Create(string? pattern)
    {
        var dense = Initialiser.Initialise(
            new(new("net", new(3, 9, 8), [
                new("conv", new Conv2dOp(32, 3, 3, 1, 1), ["input"]), new("bn", new BatchNormOp(), ["conv"]),
                new("relu", new ReluOp(), ["bn"]), new("deep", new Conv2dOp(32, 3, 3, 1, 1, 32, true), ["relu"]),
                new("deep.clip", new ClipOp(0, 6), ["deep"]), new("point", new Conv2dOp(32, 1, 1), ["deep.clip"]),
                new("sum", new AddOp(), ["point", "relu"]), new("sum.relu", new ReluOp(), ["sum"]),
                new("wide", new Conv2dOp(33, 3, 3, 1, 1, 1, true), ["sum.relu"]), new("tanh", new TanhOp(), ["wide"]),
                new("max", new MaxPoolOp(2, 2), ["tanh"]), new("mean", new AvgPoolOp(2, 2), ["sum.relu"]),
                new("joined", new ConcatOp(), ["max", "mean"]), new("last", new Conv2dOp(17, 3, 3, 2, 1), ["joined"]),
                new("last.relu", new ReluOp(), ["last"]), new("pool", new GlobalAvgPoolOp(), ["last.relu"]),
                new("flat", new FlattenOp(), ["pool"]), new("fc", new LinearOp(5), ["flat"]),
            ])),
            seed: 1);
        var model = pattern is null ? dense : PruningPlan.Create(dense, new() { Pattern = UhpPattern.Parse(pattern) }).ApplyTo(dense);
        return Int8CodeTests.Quantise(model);
    }

    private string Export(Model model)
    {
        var path = _folder.File("model.onnx");
        OnnxExporter.Export(path, model);
        return path;
    }

    private static int[] Dims(Model model) => [model.Graph.Input.Channels, model.Graph.Input.Height, model.Graph.Input.Width];

    private static float[] ImagesFor(Model model)
    {
        var random = new Random(4);
        return [.. Enumerable.Range(0, Images * (int)model.Graph.Input.Count).Select(_ => random.NextSingle() * 2 - 1)];
    }

    private static float[] Logits(Model model)
    {
        using var plan = InferencePlan.CompileDirect(model);
        using var session = plan.CreateSession();
        var logits = new float[Images * plan.Outputs];
        session.Run(ImagesFor(model), Images, logits);
        return logits;
    }
}
