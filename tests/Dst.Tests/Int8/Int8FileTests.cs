using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using Dst.ModelFiles;
using Dst.Runtime.Inference;
using Dst.Runtime.Quantisation;
using Dst.Tests.Foundations;

namespace Dst.Tests.Int8;

/// <summary>Model files of networks of 8-bit integers.</summary>
public sealed class Int8FileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("kernel:16:2")]
    [InlineData("row:16:2")]
    [InlineData("weight:4:8:3")]
    public void A_file_gives_back_every_integer_and_scale(string pattern)
    {
        var saved = Quantised(Int8Network.Create(pattern));
        var path = _folder.File("int8.safetensors");
        ModelFile.Save(path, saved);
        var loaded = ModelFile.Load(path);
        Assert.Equal(saved.Int8!.Values, loaded.Int8!.Values);
        Assert.Equal(saved.Int8.Filters.Keys, loaded.Int8.Filters.Keys);
        Assert.All(saved.Int8.Filters, layer => Assert.Equal(layer.Value, loaded.Int8.Filters[layer.Key]));
        Assert.All(saved.Parameters, parameter => Assert.Equal(parameter.Value.Data, loaded.Parameters[parameter.Key].Data));
        Assert.Equal(pattern, Assert.Single(loaded.Masks).Value.PatternName);
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(TensorType.I8, file.Tensors["wide.weight.uhp_values"].Type);
        Assert.Equal(saved.Masks["wide"].KeptWeights, file.Tensors["wide.weight.uhp_values"].Bytes);
    }

    /// <summary>
    /// Golden/int8.safetensors was written by commit 4ba4e7c3, before files were packed: a network of two convolutions, one of them
    /// halved, a sum, and a linear layer in floats.
    /// </summary>
    [Fact]
    public void A_file_that_is_not_packed_is_read_and_packed_as_it_is()
    {
        var plain = GoldenFile();
        var model = ModelFile.Load(plain);
        Assert.Equal(["input", "relu1", "relu2"], model.Int8!.Values.Keys);
        Assert.Equal(["conv1", "conv2"], model.Int8.Filters.Keys);
        Assert.Equal("kernel:16:2", model.Masks["conv2"].PatternName);
        Assert.Equal(PlainFile(model), File.ReadAllBytes(plain));
        var packed = _folder.File("packed.safetensors");
        ModelFile.Save(packed, model);
        Assert.Equal(PlainFile(ModelFile.Load(packed)), File.ReadAllBytes(plain));
        Assert.Equal(new FileInfo(packed).Length, ModelFile.SizeOf(model));
        Assert.True(new FileInfo(packed).Length < 0.75 * new FileInfo(plain).Length);
    }

    [Theory]
    [InlineData("\"header\"", "\"hEader\"", "has the tensors data, hEader; 'data' and 'header' were expected")]
    [InlineData("x\u00da", "x\u00db", "has a packed header that cannot be expanded")]
    [InlineData("dst-packed", "dst-pocked", "has the format 'dst-pocked'")]
    public void Broken_packings_are_told(string text, string other, string expected)
    {
        var path = _folder.File("int8.safetensors");
        ModelFile.Save(path, Quantised(Int8Network.Create()));
        var bytes = File.ReadAllBytes(path);
        "was.crc32c"u8.CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf("dst.crc32c"u8))); // which would tell it first
        Encoding.Latin1.GetBytes(other).CopyTo(bytes, bytes.AsSpan().IndexOf(Encoding.Latin1.GetBytes(text)));
        File.WriteAllBytes(path, bytes);
        Assert.Contains(expected, Assert.Throws<InputException>(() => ModelFile.Load(path)).Message);
    }

    [Fact]
    public void Damaged_values_and_headers_are_told()
    {
        var path = _folder.File("int8.safetensors");
        ModelFile.Save(path, Quantised(Int8Network.Create()));
        var saved = File.ReadAllBytes(path);
        foreach (var place in new[] { 8 + BitConverter.ToInt32(saved), saved.Length - 1 })
        {
            var bytes = saved.ToArray();
            bytes[place]++;
            File.WriteAllBytes(path, bytes);
            Assert.Contains("has tensors with the CRC-32C", Assert.Throws<InputException>(() => ModelFile.Load(path)).Message);
        }
    }

    [Fact]
    public void A_header_far_longer_than_its_packing_is_refused()
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(new byte[1 << 20]);
        var path = _folder.File("bomb.safetensors");
        var header = compressed.ToArray();
        SafetensorsFile.Write(
            path, PackedFile.Metadata, [new("data", [0], Array.Empty<byte>()), new("header", [header.Length], header)]);
        Assert.Contains("at most 64 times its length", Assert.Throws<InputException>(() => ModelFile.Load(path)).Message);
    }

    [Fact]
    public void Weights_that_are_no_multiples_are_not_saved()
    {
        var model = Quantised(Int8Network.Create());
        model.Parameters["fc.weight"].Data[0] *= 1.01f;
        Assert.Contains("'fc.weight'", Assert.Throws<ArgumentException>(() => ModelFile.Save(_folder.File("m"), model)).Message);
    }

    [Theory]
    [InlineData("\\\"relu\\\"", "\\\"rule\\\"", "has the 8-bit value 'rule'")]
    [InlineData("\\\"relu\\\"", "\\\"bnbn\\\"", "has the 8-bit value 'bnbn'")]
    [InlineData("\"int8.value_zeros\"", "\"int8.value_zer0s\"", "no tensor 'int8.value_zeros'")]
    [InlineData("\\\"relu\\\"", "\\\"wide\\\"", "has the 8-bit value 'wide' twice")]
    [InlineData("\"int8_values\"", "\"int9_values\"", "is I8")]
    public void Broken_files_are_told(string text, string other, string expected)
    {
        var path = _folder.File("int8.safetensors");
        var bytes = PlainFile(Quantised(Int8Network.Create()));
        // Names of layers come first in the graph.
        var start = text.Contains("relu", StringComparison.Ordinal) ? bytes.AsSpan().IndexOf("int8_values"u8) : 0;
        var place = start + bytes.AsSpan(start).IndexOf(Encoding.UTF8.GetBytes(text));
        Assert.True(place > 0 && text.Length == other.Length, text);
        Encoding.UTF8.GetBytes(other).CopyTo(bytes, place);
        File.WriteAllBytes(path, bytes);
        Assert.Contains(expected, Assert.Throws<InputException>(() => ModelFile.Load(path)).Message);
    }

    [Fact]
    public void Scales_that_are_no_numbers_above_0_are_told()
    {
        var model = Quantised(Int8Network.Create());
        model.Int8!.Filters["fc"][0] = 0;
        var path = _folder.File("int8.safetensors");
        foreach (ref var w in model.Parameters["fc.weight"].Data.AsSpan(0, model.Parameters["fc.weight"].Shape[1])) w = 0;
        File.WriteAllBytes(path, PlainFile(model));
        Assert.Contains("has the scale 0", Assert.Throws<InputException>(() => ModelFile.Load(path)).Message);
    }

    [Fact]
    public void Parts_of_a_network_keep_their_scales()
    {
        var model = Quantised(Int8Network.Create());
        foreach (var part in new[] { model.UpTo("wide"), model.ToLogits() })
        {
            Assert.All(part.Int8!.Values.Keys, value => Assert.True(part.Graph.Shapes.ContainsKey(value)));
            ModelFile.Save(_folder.File("part.safetensors"), part);
            using var plan = InferencePlan.Compile(ModelFile.Load(_folder.File("part.safetensors")), new() { Tune = false });
            Assert.Contains(plan.Program.Nodes, node => node.Integers is not null);
        }
    }

    private static string GoldenFile([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "Golden", "int8.safetensors");

    private byte[] PlainFile(Model model)
    {
        var path = _folder.File("plain.safetensors");
        using (var file = File.Create(path)) SafetensorsFile.WriteTo(file, ModelMetadata.Write(model), ModelFile.TensorsOf(model));
        return File.ReadAllBytes(path);
    }

    private static Model Quantised(Model model) => Quantiser.Quantise(model, Int8Network.Images(4), 4).Model;
}
