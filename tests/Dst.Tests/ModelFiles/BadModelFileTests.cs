using Dst.Foundations;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Tests.ModelFiles;

/// <summary>Damaged model files, all made from one small pruned model.</summary>
public sealed class BadModelFileTests : IDisposable
{
    private const string Nodes = """{"name":"a","input":{"channels":1,"height":1,"width":1},"nodes":""";
    private const string OneNode = Nodes + """[{"name":"n","operation":""";

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;
    private readonly Dictionary<string, string> _metadata;
    private readonly Dictionary<string, TensorEntry> _tensors = [];

    public BadModelFileTests()
    {
        _path = _folder.File("model.safetensors");
        var dense = Initialiser.Initialise(Zoo.Build("resnet8", new(1, 8, 8), 3, width: 0.25), 1);
        var uhp = ModelFileTests.Prune(dense, "kernel:4:4", "layer2.0.conv2");
        var both = ModelFileTests.Prune(uhp, "unstructured", "layer3.0.conv1");
        ModelFile.Save(_path, new(both.Graph, both.Parameters)
        {
            Masks = uhp.Masks.Concat(both.Masks).ToDictionary(),
            ClassNames = ["a", "b", "c"],
            Normalisation = new(0, AmplitudeTransform.None, [0.5f], [0.25f]),
        });

        using var file = SafetensorsFile.Open(_path);
        _metadata = new(file.Metadata);
        foreach (var (name, info) in file.Tensors)
        {
            _tensors[name] = info.Type == TensorType.U8
                ? new(name, info.Shape, file.ReadBytes(name, info.Shape))
                : new(name, info.Shape, file.ReadFloats(name, info.Shape));
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("format", "pt", "format 'pt'; 'dst-model'")]
    [InlineData("format", "dst-checkpoint", "is the checkpoint of a run that was stopped, not a model; dst run --resume FOLDER")]
    [InlineData("version", "2", "version '2'; '1'")]
    [InlineData("graph", null, "no 'graph'")]
    [InlineData("graph", "null", "null for 'graph'")]
    [InlineData("graph", "{", "cannot be understood: line 1 is not JSON")]
    [InlineData("graph", Nodes + "[]}", "no nodes")]
    [InlineData("graph", Nodes + "[null]}", "null node")]
    [InlineData("graph", Nodes + "null}", "cannot be understood")]
    [InlineData("graph", OneNode + """{"op":"relu"},"inputs":[null]}]}""", "null node or input")]
    [InlineData(
        "graph", OneNode + """{"op":"einsum"},"inputs":["input"]}]}""", "cannot be understood: line 1 has the unknown kind 'einsum'")]
    [InlineData("graph", OneNode + """{},"inputs":["input"]}]}""", "cannot be understood: a value has no kind")]
    [InlineData("graph", OneNode + """{"op":"clip","min":0},"inputs":["input"]}]}""", "cannot be understood: 'max' is missing")]
    [InlineData(
        "graph", OneNode + """{"op":"clip","min":0,"max":"x"},"inputs":["input"]}]}""", "has a value of another kind at $.nodes[0]")]
    [InlineData("graph", OneNode + """{"op":"clip","min":0,"max":1e39},"inputs":["input"]}]}""", "two finite bounds")]
    [InlineData("graph", OneNode + """{"op":"linear","out_features":2147483647},"inputs":["input"]}]}""", "which is too large")]
    [InlineData("graph", OneNode + """{"op":"linear","out_features":1000000000},"inputs":["input"]}]}""", "no tensor 'n.weight'")]
    [InlineData("masks", """{"conv1":"kernel:3:4"}""", "'kernel:3:4' is not legal; expected unit:block:group")]
    [InlineData("masks", """{"conv1":null}""", "'null' is not legal; expected unit:block:group")]
    [InlineData("masks", """{"conv1":"kernel:4:4:4"}""", "'kernel:4:4:4' is not legal; expected unit:block:group")]
    [InlineData("masks", """{"fc":"kernel:4:4"}""", "'fc', which is not a convolution")]
    [InlineData("masks", """{}""", "no tensor 'layer2.0.conv2.weight'")]
    [InlineData("masks", """{"layer2.0.conv2":"weight:4:4","layer3.0.conv1":"unstructured"}""", "'layer2.0.conv2.weight.uhp_mask' is U8")]
    [InlineData(
        "masks", """{"layer2.0.conv2":"kernel:4:4","layer3.0.conv1":"unstructured","relu":"unstructured"}""",
        "mask for 'relu', which is not a convolution")]
    [InlineData("class_names", """["a","b"]""", "2 class names; none or 3 were expected, because its network has 3 outputs")]
    [InlineData("class_names", """["a","b","a"]""", "the class name 'a' twice")]
    [InlineData("outputs", "maybe", "the outputs 'maybe'; logits, probabilities, sigmoid or none was expected")]
    [InlineData("outputs", "sigmoid", "the outputs 'sigmoid'")]
    [InlineData("format", null, "is a safetensors file of tensors without a network")]
    [InlineData("class_names", """["a","b",null]""", "null class name")]
    [InlineData("normalisation", """{"resize":0,"amplitude":"none","mean":[0.5],"deviation":[0]}""", "positive deviations")]
    [InlineData("normalisation", """{"resize":0,"amplitude":"none","mean":[1e99],"deviation":[1]}""", "finite means")]
    [InlineData(
        "normalisation", """{"resize":0,"amplitude":"cube","mean":[1],"deviation":[1]}""", "found 'cube', expected none, sqrt or log")]
    [InlineData("normalisation", """{"resize":0,"amplitude":"none","mean":[1,2],"deviation":[1,2]}""", "1 finite means")]
    [InlineData("normalisation", """{"resize":-1,"amplitude":"none","mean":[1],"deviation":[1]}""", "to -1x-1 pixels; 0, or 1 to 16384")]
    [InlineData("normalisation", """{"resize":[9,0],"amplitude":"none","mean":[1],"deviation":[1]}""", "a resize to 9x0 pixels")]
    [InlineData("normalisation", """{"resize":[9,16385],"amplitude":"none","mean":[1],"deviation":[1]}""", "resize to 9x16385")]
    [InlineData("normalisation", """{"resize":[9],"amplitude":"none","mean":[1],"deviation":[1]}""", "neither a whole number nor [h")]
    [InlineData("normalisation", """{"resize":[9,9,9],"amplitude":"none","mean":[1],"deviation":[1]}""", "neither a whole number nor [h")]
    [InlineData("normalisation", """{"resize":"9x8","amplitude":"none","mean":[1],"deviation":[1]}""", "neither a whole number nor [h")]
    [InlineData("normalisation", """{"resize":9.5,"amplitude":"none","mean":[1],"deviation":[1]}""", "neither a whole number nor [h")]
    [InlineData(
        "normalisation", """{"resize":9,"amplitude":"none","mean":[1],"deviation":[1],"fit":"bend"}""",
        "found 'bend', expected stretch, crop or pad")]
    [InlineData(
        "normalisation", """{"resize":0,"amplitude":"none","mean":[1],"deviation":[1],"fit":"pad"}""", "the fit 'pad' without a resize")]
    public void Wrong_metadata_is_refused(string key, string? value, string expected)
    {
        if (value is null) _metadata.Remove(key);
        else _metadata[key] = value;
        if (key == "graph") _metadata["masks"] = "{}";
        ExpectRefused(expected);
    }

    [Fact]
    public void Wrong_tensors_are_refused()
    {
        var mask = "layer2.0.conv2.weight.uhp_mask";
        var values = "layer2.0.conv2.weight.uhp_values";
        ExpectRefused(
            new(mask, [2], new byte[2]),
            "'layer2.0.conv2.weight.uhp_mask' keeps 0 of the 4 candidates from 0 on in block 0; 2 were expected");
        ExpectRefused(new(mask, [2], new byte[] { 0xFF, 0xFF }), "keeps 4 of the 4");
        ExpectRefused(new(mask, [1], new byte[1]), "U8 [1]; U8 [2]");
        ExpectRefused(new(values, [7], new float[7]), "F32 [7]; F32 [");
        ExpectRefused(
            new("layer3.0.conv1.weight.sparse_mask", [144], Enumerable.Repeat((byte)255, 144).ToArray()), "sparse_values' is F32");
        ExpectRefused(new("layer3.0.conv1.weight.sparse_mask", [144], new byte[144]), "sparse_mask' keeps no weight; at least one");
        ExpectRefused(new("bn1.bias", [4], new[] { 0, float.NaN, 0, 0 }), "'bn1.bias' has NaN at index 1");
        ExpectRefused(new("bn1.bias", [4], new[] { 0, 0, float.NegativeInfinity, 0 }), "'bn1.bias' has -");
        ExpectRefused(new("bn1.running_var", [4], new[] { 1f, 1, 1, -1 }), "a variance is not negative");
        ExpectRefused(new("extra", [1], new float[1]), "its graph needs");
    }

    [Fact]
    public void Pruned_layers_of_absurd_size_are_refused()
    {
        _metadata["graph"] = """
            {"name":"a","input":{"channels":65536,"height":1,"width":1},"nodes":[
            {"name":"conv","inputs":["input"],
             "operation":{"op":"conv2d","out_channels":16400,"kernel_height":1,"kernel_width":1,"stride":1,"padding":0}}]}
            """;
        _metadata["masks"] = """{"conv":"kernel:16:16"}""";
        ExpectRefused("'conv' has 1074790400 weights; a pruned layer has at most 1073741824");
    }

    [Fact]
    public void Bits_behind_the_last_candidate_are_refused()
    {
        var mask = new LayerMask([1, 3, 1, 1], new(PruningUnit.Kernel, 1, 2), [true, false, true]);
        var graph = new Dst.Graph.CheckedGraph(new("one", new(3, 1, 1), [new("conv", new Dst.Graph.Conv2dOp(1, 1, 1), ["input"])]));
        ModelFile.Save(_path, new(graph, new Dictionary<string, Tensor> { ["conv.weight"] = new([1, 3, 1, 1], [1, 0, 2]) })
        {
            Masks = new Dictionary<string, LayerMask> { ["conv"] = mask },
        });
        Dictionary<string, string> metadata;
        using (var file = SafetensorsFile.Open(_path))
        {
            Assert.Equal([0b101], file.ReadBytes("conv.weight.uhp_mask", 1));
            metadata = new(file.Metadata);
        }

        SafetensorsFile.Write(
            _path, metadata,
            [new("conv.weight.uhp_values", [2], new[] { 1f, 2 }), new("conv.weight.uhp_mask", [1], new byte[] { 0b1101 })]);
        Assert.Contains("bits set behind its 3 candidates", Assert.Throws<InputException>(() => ModelFile.Load(_path)).Message);
    }

    [Fact]
    public void Finite_numbers_that_were_not_saved_are_refused_unless_the_checksum_is_removed()
    {
        var bytes = File.ReadAllBytes(_path);
        BitConverter.GetBytes(0.75f).CopyTo(bytes, 8 + BitConverter.ToInt32(bytes) + 100);
        foreach (var error in new[]
        {
            Assert.Throws<InputException>(() => ModelFile.Load(Write(bytes))), Assert.Throws<InputException>(() => ModelFile.Load(bytes)),
        })
        {
            Assert.Matches("has tensors with the CRC-32C [0-9a-f]{8}; [0-9a-f]{8} was expected, so values are damaged, or", error.Message);
            Assert.EndsWith("use another copy, or remove 'dst.crc32c' from its metadata to take it as it is", error.Message);
        }

        // As another program may remove it, and as in a file of an older version.
        "was.crc32c"u8.CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf("dst.crc32c"u8)));
        Assert.Contains(ModelFile.Load(Write(bytes)).Parameters.Values, tensor => tensor.Data.Contains(0.75f));

        string Write(byte[] content)
        {
            File.WriteAllBytes(_path, content);
            return _path;
        }
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        var bytes = File.ReadAllBytes(_path);
        for (var length = 0; length < bytes.Length; length += 97)
        {
            File.WriteAllBytes(_path, bytes[..length]);
            Assert.Throws<InputException>(() => ModelFile.Load(_path));
        }
    }

    [Fact]
    public void A_changed_byte_gives_a_model_or_an_input_error_and_nothing_else()
    {
        const int mutations = 4000;
        var bytes = File.ReadAllBytes(_path);
        var headerEnd = 8 + BitConverter.ToInt32(bytes);
        var random = new RandomStream(7, RandomPurpose.Simulate);
        var refused = 0;
        for (var i = 0; i < mutations; i++)
        {
            // Three in four changes hit the length or the header, which hold the structure.
            var position = random.NextInt(i % 4 == 0 ? bytes.Length : headerEnd);
            var original = bytes[position];
            bytes[position] = i % 2 == 0 ? (byte)random.NextInt(256) : (byte)(original ^ (1 << random.NextInt(8)));
            File.WriteAllBytes(_path, bytes);
            try
            {
                ModelFile.Load(_path);
            }
            catch (InputException e)
            {
                refused++;
                Assert.StartsWith(_path, e.Message);
            }

            bytes[position] = original;
        }

        Assert.InRange(refused, mutations / 4, mutations - 1);
    }

    private void ExpectRefused(TensorEntry instead, string expected)
    {
        var before = _tensors.GetValueOrDefault(instead.Name);
        _tensors[instead.Name] = instead;
        ExpectRefused(expected);
        if (before is null) _tensors.Remove(instead.Name);
        else _tensors[instead.Name] = before;
    }

    private void ExpectRefused(string expected)
    {
        SafetensorsFile.Write(_path, _metadata, _tensors.Values);
        var error = Assert.Throws<InputException>(() => ModelFile.Load(_path));
        Assert.StartsWith(_path, error.Message);
        Assert.Contains(expected, error.Message);
    }
}
