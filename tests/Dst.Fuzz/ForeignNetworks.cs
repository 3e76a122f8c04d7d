using System.Runtime.InteropServices;
using Dst.Interop.Onnx.Schema;
using Google.Protobuf;
using AttributeType = Dst.Interop.Onnx.Schema.AttributeProto.Types.AttributeType;
using DataType = Dst.Interop.Onnx.Schema.TensorProto.Types.DataType;

namespace Dst.Fuzz;

/// <summary>ONNX files as other exporters write them: channels last, quantised, in half precision, with functions, of old sets.</summary>
internal static class ForeignNetworks
{
    private const string Image = "image", Scores = "scores";

    /// <summary>The files. Images are [1, 3, 6, 6], or [1, 6, 6, 3] where channels are last.</summary>
    public static IReadOnlyList<byte[]> All { get; } =
    [
        .. new[] { ChannelsLast(), Quantised(), Half(), WithFunction(), Old() }.Select(model => model.ToByteArray()),
    ];

    private static TensorProto Kernel => Floats("w", 4, 3, 3, 3);

    private static TensorProto Dense => Floats("fc", 2, 4);

    private static NodeProto[] End(string map) =>
        [Node("GlobalAveragePool", [map], "mean"), Node("Flatten", ["mean"], "row"), Node("Gemm", ["row", "fc"], Scores, Int("transB", 1))];

    private static ModelProto ChannelsLast() => Model(
        13, [1, 6, 6, 3], DataType.Float,
        [
            Node("Transpose", [Image], "nchw", Ints("perm", 0, 3, 1, 2)), Node("Conv", ["nchw", "w"], "a"), Node("Relu", ["a"], "b"),
            Node("Transpose", ["b"], "nhwc", Ints("perm", 0, 2, 3, 1)), Node("Reshape", ["nhwc", "flat"], "row"),
            Node("MatMul", ["row", "long"], Scores),
        ],
        Kernel, Longs("flat", 1, 64), Floats("long", 64, 2));

    private static ModelProto Quantised() => Model(
        13, [1, 3, 6, 6], DataType.Float,
        [
            Node("QuantizeLinear", [Image, "step", "zero"], "integers"), Node("DequantizeLinear", ["integers", "step", "zero"], "x"),
            Node("DequantizeLinear", ["w8", "step", "zero"], "w"), Node("Conv", ["x", "w"], "a"), .. End("a"),
        ],
        Integers("w8", 4, 3, 3, 3), Floats("step"), Integers("zero"), Dense);

    private static ModelProto Half() => Model(
        13, [1, 3, 6, 6], DataType.Float16,
        [Node("Cast", [Image], "x", Int("to", (int)DataType.Float)), Node("Conv", ["x", "w"], "a"), .. End("a")], Kernel, Dense);

    private static ModelProto WithFunction()
    {
        var model = Model(
            18, [1, 3, 6, 6], DataType.Float, [Node("Block", [Image, "w"], "a"), .. End("a")], Kernel, Dense);
        model.Graph.Node[0].Domain = "local";
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
        model.Functions.Add(new FunctionProto
        {
            Name = "Block",
            Domain = "local",
            Input = { "x", "k" },
            Output = { "y" },
            OpsetImport = { new OperatorSetIdProto { Version = 18 } },
            Node = { Node("Conv", ["x", "k"], "c"), Node("Relu", ["c"], "y") },
        });
        return model;
    }

    private static ModelProto Old() => Model(
        6, [1, 3, 6, 6], DataType.Float,
        [
            Node("Conv", [Image, "w"], "a"), Node("BatchNormalization", ["a", "g", "g", "g", "g"], "b", Int("is_test", 1)),
            Node("Add", ["b", "g"], "c", Int("broadcast", 1), Int("axis", 1)), .. End("c"),
        ],
        Kernel, Floats("g", 4), Dense);

    private static NodeProto Node(string operation, string[] inputs, string output, params AttributeProto[] attributes) =>
        new() { OpType = operation, Name = output, Input = { inputs }, Output = { output }, Attribute = { attributes } };

    private static AttributeProto Int(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    private static AttributeProto Ints(string name, params long[] values) =>
        new() { Name = name, Type = AttributeType.Ints, Ints = { values } };

    private static TensorProto Longs(string name, params long[] values) =>
        new() { Name = name, DataType = DataType.Int64, Dims = { values.Length }, Int64Data = { values } };

    private static TensorProto Floats(string name, params long[] shape)
    {
        float[] values = [.. Enumerable.Range(1, Count(shape)).Select(i => i % 7 / 8f)];
        return Tensor(name, DataType.Float, shape, MemoryMarshal.AsBytes<float>(values));
    }

    private static TensorProto Integers(string name, params long[] shape) =>
        Tensor(name, DataType.Int8, shape, [.. Enumerable.Range(0, Count(shape)).Select(i => (byte)(i % 5))]);

    private static TensorProto Tensor(string name, DataType type, long[] shape, ReadOnlySpan<byte> values) =>
        new() { Name = name, DataType = type, Dims = { shape }, RawData = ByteString.CopyFrom(values) };

    private static int Count(long[] shape) => (int)shape.Aggregate(1L, (product, extent) => product * extent);

    private static ModelProto Model(int opset, long[] shape, DataType type, NodeProto[] nodes, params TensorProto[] constants)
    {
        var sizes = shape.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size });
        var image = new TypeProto.Types.Tensor { ElemType = type, Shape = new() { Dim = { sizes } } };
        return new()
        {
            IrVersion = 8,
            OpsetImport = { new OperatorSetIdProto { Version = opset } },
            Graph = new()
            {
                Input = { new ValueInfoProto { Name = Image, Type = new() { TensorType = image } } },
                Output = { new ValueInfoProto { Name = Scores, Type = new() { TensorType = new() { ElemType = DataType.Float } } } },
                Initializer = { constants },
                Node = { nodes },
            },
        };
    }
}
