using System.Reflection;
using System.Text.Json.Serialization;
using Dst.Foundations;
using Dst.Graph;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Quantisation;
using Dst.Tests.Foundations;
using Dst.Tests.Graph;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.ModelFiles;

public sealed class ModelFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("resnet8")]
    [InlineData("mobilenetv2")]
    [InlineData("aconvnet")]
    public void A_dense_model_comes_back_bit_for_bit(string name)
    {
        var graph = Zoo.Build(name, new(3, 96, 96), 5, width: 0.5, dropout: 0.125);
        var saved = new Model(graph, Initialiser.Initialise(graph, 3).Parameters)
        {
            ClassNames = ["2S1", "BMP2 \"a\"", "Ж", "d", "e"],
            Normalisation = new(64, AmplitudeTransform.Sqrt, [0.1f, 0.2f, 0.3f], [1, 2, 1e-7f]),
        };
        ExpectEqual(saved, SaveAndLoad(saved));
    }

    [Fact]
    public void A_size_that_is_not_square_and_a_fit_come_back()
    {
        var dense = Initialiser.Initialise(Zoo.Build("resnet8", new(1, 16, 24), 2, width: 0.25), 3);
        foreach (var fit in Enum.GetValues<ResizeFit>())
        {
            var normalisation = InputNormalisation.None(1) with { Resize = new(24, 36), Fit = fit };
            ExpectEqual(dense with { Normalisation = normalisation }, SaveAndLoad(dense with { Normalisation = normalisation }));
        }
    }

    [Theory]
    [InlineData(64, 64, ResizeFit.Stretch, """{"resize":64,"amplitude":"none","mean":[0],"deviation":[1]}""")]
    [InlineData(0, 0, ResizeFit.Stretch, """{"resize":0,"amplitude":"none","mean":[0],"deviation":[1]}""")]
    [InlineData(24, 36, ResizeFit.Pad, """{"resize":[24,36],"amplitude":"none","mean":[0],"deviation":[1],"fit":"pad"}""")]
    public void A_square_is_a_number_and_stretching_is_not_named(int height, int width, ResizeFit fit, string expected)
    {
        var dense = Initialiser.Initialise(Zoo.Build("resnet8", new(1, 16, 16), 2, width: 0.25), 3);
        var path = Save(dense with { Normalisation = InputNormalisation.None(1) with { Resize = new(height, width), Fit = fit } });
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(expected, file.Metadata["normalisation"]);
    }

    [Theory]
    [InlineData("weight:1:2")]
    [InlineData("weight:4:4")]
    [InlineData("weight:8:10")]
    [InlineData("weight:16:144")]
    [InlineData("kernel:1:2")]
    [InlineData("kernel:2:4")]
    [InlineData("kernel:16:2")]
    [InlineData("kernel:16:6")]
    [InlineData("kernel:8:5:2")]
    [InlineData("kernel:32:6")]
    [InlineData("row:4:6")]
    [InlineData("row:16:16:12")]
    [InlineData("unstructured")]
    public void A_pruned_model_comes_back_bit_for_bit_at_half_the_size(string pattern)
    {
        // Ten classes leave a ragged block in conv5, width 0.35 ragged runs, and in conv4 two blocks of up to 32.
        var dense = Initialiser.Initialise(Zoo.Build("aconvnet", new(1, 88, 88), 10, width: 0.35), 3);
        var pruned = Prune(dense, pattern, "conv2", "conv3", "conv4", "conv5");
        var loaded = SaveAndLoad(pruned);
        ExpectEqual(pruned, loaded);
        ExpectEqual(pruned, SaveAndLoad(loaded));

        var denseBytes = new FileInfo(Save(dense)).Length;
        var prunedWeights = pruned.Masks.Sum(mask => mask.Value.WeightShape.Aggregate(1L, (p, e) => p * e) - mask.Value.KeptWeights);
        var bitmapBytes = pruned.Masks.Sum(mask => mask.Value.Kept.Length / 8 + 1);
        Assert.True(new FileInfo(Save(pruned)).Length < denseBytes - 4 * prunedWeights + bitmapBytes + 1000);
    }

    [Theory]
    [InlineData("aconvnet", "kernel:16:16")]
    [InlineData("resnet18", "kernel:16:16")]
    [InlineData("resnet20", "kernel:16:16")]
    [InlineData("resnet8x4", "kernel:16:2")]
    [InlineData("vgg8", "kernel:16:16")]
    public void A_halved_network_takes_at_most_0_53_of_the_dense_file(string network, string pattern)
    {
        var (input, classes) = Zoo.UsualTask(network);
        var dense = Initialiser.Initialise(Zoo.Build(network, input, classes), 1);
        var halved = PruningPlan.Create(dense, new() { Pattern = UhpPattern.Parse(pattern) }).ApplyTo(dense);
        var (denseBytes, halvedBytes) = (new FileInfo(Save(dense)).Length, new FileInfo(Save(halved)).Length);
        Assert.InRange((double)halvedBytes / denseBytes, 0.5, 0.53);
        Assert.Equal((denseBytes, halvedBytes), (ModelFile.SizeOf(dense), ModelFile.SizeOf(halved)));
    }

    [Fact]
    public void Compact_values_lie_by_block_then_position_then_filter()
    {
        var graph = new CheckedGraph(new("one", new(2, 1, 2), [new("conv", new Conv2dOp(3, 1, 2), ["input"])]));
        // Block 0 (filters 0, 1) keeps channel 1; block 1 (filter 2) keeps channel 0.
        var mask = new LayerMask([3, 2, 1, 2], new(PruningUnit.Kernel, 2, 2), [false, true, true, false]);
        var weight = new Tensor([3, 2, 1, 2], [0, 0, 1, 2, 0, 0, 3, 4, 5, 6, 0, 0]);
        var path = Save(new(graph, new Dictionary<string, Tensor> { ["conv.weight"] = weight })
        {
            Masks = new Dictionary<string, LayerMask> { ["conv"] = mask },
        });
        using var file = SafetensorsFile.Open(path);
        Assert.Equal([1, 3, 2, 4, 5, 6], file.ReadFloats("conv.weight.uhp_values", 6));
        Assert.Equal([0b0110], file.ReadBytes("conv.weight.uhp_mask", 1));
        Assert.DoesNotContain("conv.weight", file.Tensors.Keys);
    }

    [Fact]
    public void Every_operation_comes_back()
    {
        Operation[] operations =
        [
            new LeakyReluOp(0.3f), new PReluOp(), new ClipOp(0, 6), new SigmoidOp(), new HardSigmoidOp(0.1f, 0.4f), new HardSwishOp(),
            new EluOp(0.6f), new TanhOp(), new AffineOp(),
            new PadOp(0, 1, 2, 3, 4, 5, 0.6f), new SliceOp(1, 9), new EdgePadOp(3, 2, 1, 0, Reflects: true),
            new ChannelShuffleOp(3), new UpsampleOp(2, Bilinear: true),
            new ConvTransposeOp(9, 3, 2, 2, 1, 1, true), new MaxPoolOp(3, 2, 1, CeilMode: true),
            new AvgPoolOp(2, 1, 1, CountPadding: false, CeilMode: true), new ConcatOp(), new BatchNormOp(0.5f, 0.25f), new ReluOp(),
            new DropoutOp(0.5f),
            new MaxPoolDropoutOp(2, 1, 0.25f, 1, KernelWidth: 2, Inference: PoolInference.ScaledMax),
            new StochasticPoolOp(1, 1, StrideWidth: 2), new GeluOp(), new SiluOp(), new MishOp(), new LayerNormOp(0.25f),
            new GroupNormOp(3, 0.25f),
            new LocalResponseNormOp(5, 0.5f, 0.6f, 2),
            new SpectralPoolOp(2, 3),
            new Conv2dOp(4, 1, 2, 1, 1, 1, true), new GlobalAvgPoolOp(), new GlobalMaxPoolOp(), new FlattenOp(), new LinearOp(3, false),
            new SoftmaxOp(),
        ];
        static Node Create(Operation operation, int i) => new($"n{i}", operation, [i == 0 ? NetworkGraph.InputName : $"n{i - 1}"]);
        var nodes = operations.Select(Create).ToList();
        nodes.Add(new("sum", new AddOp(), [nodes[^1].Name, nodes[^1].Name]));
        nodes.Add(new("product", new MulOp(), ["sum", "sum"]));
        var saved = Initialiser.Initialise(new(new("all", new(3, 7, 6), nodes)), seed: 1);
        Assert.Empty(OperationTypes.MissingIn([saved.Graph]));
        ExpectEqual(saved, SaveAndLoad(saved));
    }

    [Fact]
    public void The_page_of_formats_names_each_operation()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "Dst.slnx"))) root = root.Parent;
        var page = File.ReadAllText(Path.Combine(root.FullName, "docs", "formats.md"));
        var names = typeof(Operation).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(type => $"`{type.TypeDiscriminator}`");
        Assert.All(names, name => Assert.Contains(name, page, StringComparison.Ordinal));
    }

    [Fact]
    public void Attributes_that_older_files_lack_have_their_defaults()
    {
        var path = _folder.File("old.safetensors");
        SafetensorsFile.Write(path, new Dictionary<string, string>
        {
            ["format"] = "dst-model",
            ["version"] = "1",
            ["graph"] = """
                {"name":"old","input":{"channels":1,"height":4,"width":4},"nodes":[
                {"name":"max","operation":{"op":"max_pool","kernel":2,"stride":1,"padding":1},"inputs":["input"]},
                {"name":"mean","operation":{"op":"avg_pool","kernel":2,"stride":2},"inputs":["max"]}]}
                """,
            ["masks"] = "{}",
            ["class_names"] = "[]",
        }, []);
        Assert.Equal(
            [new MaxPoolOp(2, 1, 1), new AvgPoolOp(2, 2, 0, CountPadding: true)],
            ModelFile.Load(path).Graph.Nodes.Select(node => node.Operation));
    }

    [Fact]
    public void Attributes_with_their_defaults_are_not_written()
    {
        var nodes = new Node[]
        {
            new("conv", new Conv2dOp(4, 3, 3, Padding: 1), [NetworkGraph.InputName]),
            new("strided", new Conv2dOp(4, 3, 3, Stride: 2, Bias: true), ["conv"]),
        };
        var path = _folder.File("small.safetensors");
        ModelFile.Save(path, Initialiser.Initialise(new(new("small", new(1, 6, 6), nodes)), seed: 1));
        using (var file = SafetensorsFile.Open(path))
        {
            const string Conv = """{"op":"conv2d","out_channels":4,"kernel_height":3,"kernel_width":3""";
            Assert.Contains(Conv + ""","padding":1}""", file.Strings.Read("graph"));
            Assert.Contains(Conv + ""","stride":2,"bias":true}""", file.Strings.Read("graph"));
        }

        Assert.Equal(nodes.Select(node => node.Operation), ModelFile.Load(path).Graph.Nodes.Select(node => node.Operation));
    }

    [Fact]
    public void Saving_refuses_what_loading_would_not_give_back()
    {
        var model = Prune(Initialiser.Initialise(Zoo.Build("resnet8", new(1, 8, 8), 4), 1), "kernel:4:4", "layer1.0.conv1");
        var mask = model.Masks["layer1.0.conv1"];
        var weights = model.Parameters["layer1.0.conv1.weight"].Data;
        var pruned = Enumerable.Range(0, weights.Length).First(i => !mask.Keeps(i / 144, i % 144));
        weights[pruned] = 1;
        Assert.Contains("not zero", Assert.Throws<ArgumentException>(() => Save(model)).Message);
        weights[pruned] = 0;
        mask.Kept[0] = !mask.Kept[0];
        Assert.Contains("2 were expected", Assert.Throws<ArgumentException>(() => Save(model)).Message);
        mask.Kept[0] = !mask.Kept[0];
        model.Parameters["bn1.weight"].Data[3] = float.NaN;
        Assert.Contains("'bn1.weight' has NaN at index 3", Assert.Throws<InputException>(() => Save(model)).Message);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_model_that_does_not_fit_its_graph_leaves_the_good_file()
    {
        var good = Initialiser.Initialise(Zoo.Build("resnet8", new(3, 8, 8), 2), 1);
        var path = Save(good);
        var bytes = File.ReadAllBytes(path);
        AssertRefused("has 1 class name; none or 2 were expected", good with { ClassNames = ["cat"] });
        AssertRefused("has the class name 'cat' twice", good with { ClassNames = ["cat", "cat"] });
        AssertRefused("has a null class name", good with { ClassNames = ["cat", null!] });
        AssertRefused("3 finite means and positive deviations", good with { Normalisation = InputNormalisation.None(1) });
        AssertRefused("has the outputs 'sigmoid'", good with { Outputs = OutputKind.Sigmoid });
        AssertRefused("has no tensor 'fc.bias'; one of shape [2] was expected", With(good, "fc.bias", null!));
        AssertRefused("the shape [1, 2]; [2] was expected", With(good, "fc.bias", new([1, 2], [0, 0])));
        AssertRefused("a mask for 'fc', which is not a convolution", good with
        {
            Masks = new Dictionary<string, LayerMask> { ["fc"] = new([2, 32, 1, 1], null, new bool[64]) },
        });
        AssertRefused("has the 8-bit value 'nothing'", good with { Int8 = Scales("nothing", "fc", 1, 1) });
        AssertRefused("has the scale 0 among", good with { Int8 = Scales("input", "fc", 1, 0) });
        AssertRefused("has 1 scale of filters for 'fc'; 2 were expected", good with { Int8 = Scales("input", "fc", 1) });
        AssertRefused("for 'relu', which is no layer with weights", good with { Int8 = Scales("input", "relu", 1) });
        Assert.Equal(bytes, File.ReadAllBytes(path));

        void AssertRefused(string words, Model model)
        {
            var error = Assert.Throws<ArgumentException>(() => model.Save(path));
            Assert.StartsWith($"{path} is not written: its model has ", error.Message);
            Assert.Contains(words, error.Message);
        }

        static Int8Scales Scales(string value, string layer, params float[] filters) => new(
            new Dictionary<string, ByteScale> { [value] = new(1, 0) }, new Dictionary<string, float[]> { [layer] = filters });
    }

    private static Model With(Model model, string name, Tensor tensor) =>
        model with { Parameters = new Dictionary<string, Tensor>(model.Parameters) { [name] = tensor } };

    internal static Model Prune(Model dense, string pattern, params string[] layers)
    {
        var masks = layers.ToDictionary(layer => layer, layer => RandomMask(dense.Parameters[$"{layer}.weight"].Shape, pattern));
        foreach (var (layer, mask) in masks) mask.Apply(dense.Parameters[$"{layer}.weight"].Data);
        return new(dense.Graph, dense.Parameters) { Masks = masks, ClassNames = dense.ClassNames, Normalisation = dense.Normalisation };
    }

    private static LayerMask RandomMask(int[] shape, string text)
    {
        var random = new RandomStream(11, RandomPurpose.Simulate);
        var row = shape[1] * shape[2] * shape[3];
        if (text == "unstructured")
            return new(shape, pattern: null, [.. Enumerable.Range(0, shape[0] * row).Select(_ => random.NextInt(2) == 0)]);
        var pattern = UhpPattern.Parse(text);
        var candidates = row / pattern.WeightsPerCandidate(shape);
        var kept = new bool[(shape[0] + pattern.Block - 1) / pattern.Block * candidates];
        for (var first = 0; first < kept.Length; first += candidates)
        {
            for (var start = 0; start < candidates; start += pattern.Group)
            {
                var length = Math.Min(pattern.Group, candidates - start);
                foreach (var i in random.NextPermutation(length).Take(pattern.KeptOf(length))) kept[first + start + i] = true;
            }
        }

        return new(shape, pattern, kept);
    }

    private string Save(Model model)
    {
        var path = _folder.File("model.safetensors");
        ModelFile.Save(path, model);
        return path;
    }

    private Model SaveAndLoad(Model model) => ModelFile.Load(Save(model));

    private static void ExpectEqual(Model expected, Model actual)
    {
        Assert.Equal((expected.Graph.Name, expected.Graph.Input), (actual.Graph.Name, actual.Graph.Input));
        Assert.Equal(expected.Graph.Nodes.Count, actual.Graph.Nodes.Count);
        Assert.All(expected.Graph.Nodes.Zip(actual.Graph.Nodes), pair =>
        {
            Assert.Equal((pair.First.Name, pair.First.Operation), (pair.Second.Name, pair.Second.Operation));
            Assert.Equal(pair.First.Inputs, pair.Second.Inputs);
        });
        Assert.Equal(expected.ClassNames, actual.ClassNames);
        Assert.Equivalent(expected.Normalisation, actual.Normalisation, strict: true);
        Assert.Equal(expected.Parameters.Keys.Order(), actual.Parameters.Keys.Order());
        Assert.All(expected.Parameters, p =>
        {
            Assert.Equal(p.Value.Shape, actual.Parameters[p.Key].Shape);
            Assert.Equal(
                p.Value.Data.Select(BitConverter.SingleToInt32Bits), actual.Parameters[p.Key].Data.Select(BitConverter.SingleToInt32Bits));
        });
        Assert.Equal(expected.Masks.Keys.Order(), actual.Masks.Keys.Order());
        Assert.All(expected.Masks, m =>
        {
            var mask = actual.Masks[m.Key];
            Assert.Equal(m.Value.Pattern, mask.Pattern);
            Assert.Equal(m.Value.Kept, mask.Kept);
        });
    }
}
