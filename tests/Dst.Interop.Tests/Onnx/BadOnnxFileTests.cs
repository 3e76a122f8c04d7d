using System.Runtime.InteropServices;
using Dst.Interop.Onnx;
using Dst.Interop.Onnx.Schema;
using Dst.Tests.Foundations;
using Google.Protobuf;
using AttributeType = Dst.Interop.Onnx.Schema.AttributeProto.Types.AttributeType;
using DataType = Dst.Interop.Onnx.Schema.TensorProto.Types.DataType;

namespace Dst.Interop.Tests.Onnx;

public sealed class BadOnnxFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_network_that_the_tests_break_is_legal() => Assert.Equal(2, Import(SmallNetwork()).Graph.Nodes.Count);

    [Theory]
    [InlineData("is not an ONNX file, or a truncated one")]
    public void Truncated_file(string words)
    {
        var bytes = SmallNetwork().ToByteArray();
        for (var length = 1; length < bytes.Length; length++)
            Refused(bytes[..length], length > bytes.Length / 2 && length < bytes.Length - 40 ? words : "");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(27)]
    public void Operation_set(int version) =>
        Refused(model => model.OpsetImport[0].Version = version, $"operation set {version}", "1 to 26");

    [Fact]
    public void Unknown_operation() =>
        Refused(
            model => model.Graph.Node[1].OpType = "Einsum",
            "node 'relu' (Einsum) cannot be read; write the product as a convolution or a Gemm");

    [Fact]
    public void Cycle() => Refused(model => model.Graph.Node[0].Input[0] = "scores", "depends on this node itself", "cycle");

    [Fact]
    public void Disconnected_graph() =>
        Refused(model => model.Graph.Node[1].Input[0] = "nothing", "node 'relu' (Relu) reads 'nothing'", "no input, initialiser or output");

    [Fact]
    public void Output_that_does_not_depend_on_the_image() => Refused(
        model =>
        {
            model.Graph.Node[1].OpType = "Identity";
            model.Graph.Node[1].Input[0] = "w";
        }, "does not depend on the image");

    [Fact]
    public void Output_that_no_node_writes() => Refused(model => model.Graph.Output[0].Name = "other", "output 'other'", "no node writes");

    [Fact]
    public void Two_outputs() => Refused(model => model.Graph.Output.Add(new ValueInfoProto { Name = "a" }), "has 2 outputs");

    [Fact]
    public void Value_written_twice() => Refused(model => model.Graph.Node[0].Output[0] = "scores", "writes 'scores'", "once");

    [Fact]
    public void Missing_initialiser() => Refused(model => model.Graph.Initializer.RemoveAt(0), "node 'conv' (Conv) reads 'w'");

    [Fact]
    public void Wrong_rank() =>
        Refused(model => model.Graph.Initializer[0].Dims.RemoveAt(3), "node 'conv' (Conv)", "[2, 1, 3]", "[O, I, Kh, Kw]");

    [Fact]
    public void Wrong_shape() => Refused(
        model =>
        {
            model.Graph.Initializer[0].Dims[0] = 1;
            model.Graph.Initializer[0].Dims[1] = 2;
        }, "'conv.weight' [1, 2, 3, 1]", "[1, 1, 3, 1]");

    [Theory]
    [InlineData(8)]
    [InlineData(99)]
    public void Unknown_data_type(int type) =>
        Refused(model => model.Graph.Initializer[0].DataType = (DataType)type, $"tensor 'w' has the data type {type}");

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void Dimension(long dim) => Refused(model => model.Graph.Initializer[0].Dims[0] = dim, "tensor 'w'", $"{dim}");

    [Fact]
    public void Huge_tensor() => Refused(
        model =>
        {
            for (var i = 0; i < 4; i++) model.Graph.Initializer[0].Dims[i] = int.MaxValue;
        }, "at most 2147483647 elements");

    [Fact]
    public void Data_shorter_than_its_shape() =>
        Refused(model => model.Graph.Initializer[0].Dims[0] = 20, "tensor 'w' [20, 1, 3, 1] has 24 bytes; 240 were expected");

    [Fact]
    public void Huge_constant_of_shape() => Refused(
        model =>
        {
            model.Graph.Initializer.Add(
                new TensorProto { Name = "dims", DataType = DataType.Int64, Dims = { 2 }, Int64Data = { 20_000, 50_000 } });
            model.Graph.Node.Add(new NodeProto { OpType = "ConstantOfShape", Name = "zeros", Input = { "dims" }, Output = { "z" } });
            model.Graph.Node[1].OpType = "Add";
            model.Graph.Node[1].Input.Add("z");
        }, "needs more than", "values");

    [Theory]
    [InlineData(0, "[1, 1, 0, 1]")]
    [InlineData(-3, "[1, 1, -3, 1]")]
    public void Input_without_fixed_sizes(int height, string found) => Refused(
        model => model.Graph.Input[0].Type.TensorType.Shape.Dim[2].DimValue = height,
        "input 'x'", found, "give channels, height and width of an image with --input C,H,W");

    [Fact]
    public void Attribute_of_another_type() => Refused(
        model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "strides", Type = AttributeType.Float, F = 1 }),
        "node 'conv' (Conv)", "'strides'");

    [Fact]
    public void Strides_out_of_range() => Refused(
        model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "strides", Type = AttributeType.Ints, Ints = { 1, 65 } }),
        "node 'conv' (Conv)", "[1, 65]", "1 to 64");

    [Fact]
    public void More_fields_than_any_network_has()
    {
        // Two bytes each: an empty node.
        var nodes = new byte[2 * ((1 << 22) + 1)];
        for (var i = 0; i < nodes.Length; i += 2) nodes[i] = 0x0A;
        byte[] file = [.. SmallNetwork().ToByteArray(), 0x3A, .. Varint(nodes.Length), .. nodes];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refused(file, "more than 4194304 fields");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("../w.bin")]
    [InlineData("/etc/passwd")]
    [InlineData("link/w.bin")]
    [InlineData("")]
    public void External_data_outside_the_folder(string location)
    {
        File.WriteAllBytes(_folder.File("w.bin"), new byte[24]);
        Directory.CreateDirectory(_folder.File("models"));
        File.CreateSymbolicLink(_folder.File("models/link"), _folder.Path);
        var model = WithExternalData(location, 0, 24);
        var error = Assert.Throws<InputException>(() => OnnxImporter.Import(_folder.File("models/a.onnx"), model.ToByteArray()));
        Assert.Contains($"tensor 'w' has its data in '{location}'; a file in the folder of the ONNX file", error.Message);
    }

    [Theory]
    [InlineData(1, 24, "needs 24 bytes from byte 1 on", "which has 24")]
    [InlineData(0, 20, "has 20 bytes of external data", "24 were expected")]
    [InlineData(-1, 24, "offset '-1'", "from 0 on")]
    [InlineData(long.MaxValue, 24, "needs 24 bytes from byte 9223372036854775807 on", "which has 24")]
    public void External_data_of_another_size(long offset, long length, params string[] words)
    {
        File.WriteAllBytes(_folder.File("w.bin"), new byte[24]);
        Refused(WithExternalData("w.bin", offset, length).ToByteArray(), words);
    }

    [Fact]
    public void External_data_that_is_missing() => Refused(WithExternalData("w.bin", 0, 24).ToByteArray(), "w.bin' does not exist");

    [Fact]
    public void Mask_that_does_not_fit_the_weights()
    {
        Metadata("""{"conv":"weight:1:2"}""", [0b00_101_101], "has a weight of 0.5 that its mask prunes");
        Metadata("""{"conv":"weight:1:2"}""", [0], "keeps 0 of the 2 candidates");
        Metadata("""{"conv":"weight:1:2"}""", [1, 2], "is not base64 of 1 bytes");
        Metadata("""{"relu":"weight:1:2"}""", [1], "'relu', which is not a convolution");

        void Metadata(string masks, byte[] bits, string words) => Refused(
            model => model.MetadataProps.Add(
            [
                new() { Key = "dst.masks", Value = masks },
                new() { Key = "dst.mask_bits.conv", Value = Convert.ToBase64String(bits) },
            ]),
            words);
    }

    private static byte[] Varint(int value)
    {
        var bytes = new List<byte>();
        for (; value > 127; value >>= 7) bytes.Add((byte)(value | 128));
        bytes.Add((byte)value);
        return [.. bytes];
    }

    /// <summary>A 3x1 convolution of a 1x3x1 image to two classes, and a ReLU.</summary>
    private static ModelProto SmallNetwork()
    {
        float[] weights = [0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f];
        var sizes = new[] { 1, 1, 3, 1 }.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size });
        var image = new TypeProto.Types.Tensor { ElemType = DataType.Float, Shape = new() { Dim = { sizes } } };
        var weight = new TensorProto
        {
            Name = "w",
            DataType = DataType.Float,
            Dims = { 2, 1, 3, 1 },
            RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(weights)),
        };
        return new()
        {
            IrVersion = 7,
            OpsetImport = { new OperatorSetIdProto { Version = 13 } },
            Graph = new()
            {
                Input = { new ValueInfoProto { Name = "x", Type = new() { TensorType = image } } },
                Output = { new ValueInfoProto { Name = "scores" } },
                Initializer = { weight },
                Node =
                {
                    new NodeProto { OpType = "Conv", Name = "conv", Input = { "x", "w" }, Output = { "y" } },
                    new NodeProto { OpType = "Relu", Name = "relu", Input = { "y" }, Output = { "scores" } },
                },
            },
        };
    }

    private static ModelProto WithExternalData(string location, long offset, long length)
    {
        var model = SmallNetwork();
        var tensor = model.Graph.Initializer[0];
        tensor.RawData = ByteString.Empty;
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add([
            new() { Key = "location", Value = location },
            new() { Key = "offset", Value = $"{offset}" },
            new() { Key = "length", Value = $"{length}" },
        ]);
        return model;
    }

    private Model Import(ModelProto model) => OnnxImporter.Import(_folder.File("a.onnx"), model.ToByteArray());

    private void Refused(Action<ModelProto> change, params string[] words)
    {
        var model = SmallNetwork();
        change(model);
        Refused(model.ToByteArray(), words);
    }

    private void Refused(byte[] bytes, params string[] words)
    {
        var error = Assert.Throws<InputException>(() => OnnxImporter.Import(_folder.File("a.onnx"), bytes));
        Assert.StartsWith(_folder.File("a.onnx"), error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.All(words, word => Assert.Contains(word, error.Message));
    }
}
