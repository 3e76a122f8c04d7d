using System.Runtime.InteropServices;
using Dst.Graph;
using Dst.Interop.Onnx;
using Dst.Interop.Onnx.Schema;
using Dst.Tests.Foundations;
using Google.Protobuf;
using AttributeType = Dst.Interop.Onnx.Schema.AttributeProto.Types.AttributeType;
using DataType = Dst.Interop.Onnx.Schema.TensorProto.Types.DataType;

namespace Dst.Interop.Tests.Onnx;

/// <summary>Small files that the tests write: what broadcasts, old operation sets, what is not used, and what is refused.</summary>
public partial class OnnxVariantTests
{
    private const string Image = "image";

    /// <summary>Features have as many dimensions, or the values would be others than those of ONNX.</summary>
    [Theory]
    [InlineData("Add", "pooled", "row", "adds [1, 8, 1, 1] and [1, 8]; give both the same shape")]
    [InlineData("Mul", "row", "pooled", "multiplies [1, 8] by [1, 8, 1, 1]; give both the same shape")]
    [InlineData("Add", "map", "row", "adds [1, 8, 8, 8] and [1, 8]")]
    [InlineData("Mul", "map", "row", "multiplies [1, 8, 8, 8] by [1, 8]")]
    [InlineData("Mul", "map", "last", "multiplies [1, 8, 8, 8] by [1, 1, 1, 8]")]
    [InlineData("Sum", "map", "pooled", "adds [1, 8, 8, 8] and [1, 8, 1, 1]")]
    public void Features_of_other_shapes_are_refused(string operation, string a, string b, string problem)
    {
        var model = Model(13, [
            Node("Relu", [Image], "map"), Node("GlobalMaxPool", ["map"], "pooled"), Node("Flatten", ["pooled"], "row"),
            Node("Reshape", ["pooled", "ones"], "last"), Node(operation, [a, b], "out")], Longs("ones", 1, 1, 1, 8));
        Refused(model, $"node 'out' ({operation}) {problem}");
    }

    /// <summary>Rows and columns may be transposed, but then they are no longer those of other features, nor of a convolution.</summary>
    [Theory]
    [InlineData("Add", "adds [1, 8, 8, 8] and [1, 8, 8, 8]; transpose both alike")]
    [InlineData("Mul", "multiplies [1, 8, 8, 8] by [1, 8, 8, 8]")]
    [InlineData("Concat", "joins [1, 8, 8, 8] and [1, 8, 8, 8] along the axis 1")]
    public void Transposed_rows_and_columns_are_not_mixed(string operation, string problem) => Refused(
        Model(13, [
            Node("Transpose", [Image], "t", Ints("perm", 0, 1, 3, 2)),
            Node(operation, [Image, "t"], "out", operation == "Concat" ? [Int("axis", 1)] : [])]),
        $"node 'out' ({operation}) {problem}");

    [Fact]
    public void A_batch_that_was_moved_is_refused() => Refused(
        Model(13, [
            Node("Transpose", [Image], "t", Ints("perm", 1, 0, 2, 3)), Node("Reshape", ["t", "shape"], "r"),
            Node("MatMul", ["r", "c"], "out")], Longs("shape", 1, 512), Floats("c", [512, 2])),
        "with their channels in another place");

    [Fact]
    public void Transposed_convolutions_that_ours_is_not_are_refused()
    {
        void Expect(string problem, params AttributeProto[] attributes) => Refused(
            Model(13, [Node("ConvTranspose", [Image, "w"], "out", attributes)], Floats("w", [8, 2, 3, 3])),
            $"node 'out' (ConvTranspose) is a ConvTranspose {problem}");
        Expect("of 2 groups; one was expected", Int("group", 2));
        Expect("with a dilation; 1 was expected", Ints("dilations", 1, 2));
        Expect("that pads to a shape; give it pads and output_padding", Ints("output_shape", 16, 16));
        Expect("that pads to a shape", Text("auto_pad", "SAME_UPPER"));
        Expect("with the strides 1 and 2, pads [0, 0, 0, 0]", Ints("strides", 1, 2));
        Expect("with the strides 2 and 2, pads [0, 0, 1, 1]", Ints("strides", 2, 2), Ints("pads", 0, 0, 1, 1));
    }

    /// <summary>
    /// A list of values stands along the last axis, as in ONNX, and a constant may not add dimensions or differ between pixels.
    /// </summary>
    [Theory]
    [InlineData("[1, 8, 8, 8] with a constant [8]", 8)]
    [InlineData("[1, 8, 8, 8] with a constant [1, 1, 8, 1]", 1, 1, 8, 1)]
    [InlineData("[1, 8, 8, 8] with a constant [1, 1, 1, 1, 1]", 1, 1, 1, 1, 1)]
    [InlineData("[1, 8, 8, 8] with a constant [8, 8, 1]", 8, 8, 1)]
    public void Constants_of_other_shapes_are_refused(string problem, params int[] shape) =>
        Refused(
            Model(13, [Node("Add", [Image, "c"], "out")], Floats("c", shape)),
            $"node 'out' (Add) combines features {problem}; use one value");

    [Fact]
    public void Old_operation_sets_say_it_otherwise()
    {
        var old = Model(1, [
            Node("Mul", [Image, "c"], "a", Int("broadcast", 1), Int("axis", 1)), Node("PRelu", ["a", "c"], "b"),
            Node("Pad", ["b"], "d", Ints("paddings", 0, 0, 1, 0, 0, 0, 0, 1)), Node("Concat", ["d", "d"], "e"),
            Node("Cast", ["e"], "f", Text("to", "FLOAT")), Node("GlobalMaxPool", ["f"], "g"),
            Node("Reshape", ["g"], "out", Ints("shape", 0, -1))], Floats("c", [8]));
        var recent = Model(13, [
            Node("Mul", [Image, "c1"], "a"), Node("PRelu", ["a", "c1"], "b"), Node("Pad", ["b", "pads"], "d"),
            Node("Concat", ["d", "d"], "e", Int("axis", 1)), Node("GlobalMaxPool", ["e"], "g"), Node("Flatten", ["g"], "out")],
            Floats("c1", [8, 1, 1]), Longs("pads", 0, 0, 1, 0, 0, 0, 0, 1));
        old.IrVersion = 1;
        old.OpsetImport.Clear();
        var (left, right) = (Import(old), Import(recent));
        Assert.Equal(right.Graph.Nodes.Select(node => node.Operation), left.Graph.Nodes.Select(node => node.Operation));
        Assert.All(left.Parameters.Values.Zip(right.Parameters.Values), pair => Assert.Equal(pair.Second.Data, pair.First.Data));
    }

    [Fact]
    public void What_is_not_used_is_not_read()
    {
        var model = Model(26, [Node("GlobalMaxPool", [Image], "out"), Node("Unknown", [Image, "words"], "unread")], Floats("c", [3]));
        model.Graph.Node[1].Domain = "elsewhere";
        model.Graph.Node[1].Attribute.Add(new AttributeProto { Name = "graph", Type = (AttributeType)5 });
        model.Graph.Initializer.Add(new TensorProto { Name = "words", DataType = (DataType)8, Dims = { 7 } });
        model.Graph.Input.Add(new ValueInfoProto { Name = "unused" });
        Assert.Equal([new GlobalMaxPoolOp()], Import(model).Graph.Nodes.Select(node => node.Operation));
    }

    [Theory]
    [InlineData("Softplus", "is read only as a part of Mish; write x · tanh(softplus(x))")]
    [InlineData("ArgMax", "gives the number of the class alone; export the scores that it reads")]
    [InlineData("QLinearConv", "computes with integers; quantise in the form QDQ, or export floats")]
    [InlineData("Loop", "repeats while the network runs; export by tracing")]
    [InlineData("Frobnicate", "cannot be read; docs/formats.md lists the operations that can")]
    public void A_refusal_is_one_short_sentence(string operation, string problem)
    {
        var error = Assert.Throws<InputException>(() => Import(Model(13, [Node(operation, [Image], "out")])));
        Assert.EndsWith($"node 'out' ({operation}) {problem}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Operations_of_others_and_functions_that_call_themselves_are_refused()
    {
        var model = Model(13, [Node("FusedConv", [Image], "out")]);
        model.Graph.Node[0].Domain = "com.microsoft";
        Refused(model, "node 'out' (FusedConv) is of the domain 'com.microsoft'; export standard operations alone");
        model.Functions.Add(new FunctionProto { Name = "FusedConv", Domain = "com.microsoft", Input = { "x" }, Output = { "y" } });
        model.Functions[0].Node.Add(Node("FusedConv", ["x"], "y"));
        model.Functions[0].Node[0].Domain = "com.microsoft";
        Refused(model, "the function 'FusedConv', which calls itself");
    }

    [Theory]
    [InlineData(0, 0.5f, true)]
    [InlineData(0, 0, false)]
    [InlineData(1e-5f, -1, false)]
    public void Batch_normalisation_without_epsilon_needs_variances(float epsilon, float variance, bool isLegal)
    {
        var norm = Node("BatchNormalization", [Image, "c", "c", "c", "v"], "y", Float("epsilon", epsilon));
        var model = Model(
            13, [norm, Node("GlobalMaxPool", ["y"], "out")],
            Floats("c", [8]), Floats("v", [8], [.. Enumerable.Repeat(variance, 8)]));
        if (isLegal) Assert.Equal(1e-30f, ((BatchNormOp)Import(model).Graph.Nodes[0].Operation).Epsilon);
        else Refused(model, $"has a variance of {variance} and the epsilon {epsilon}");
    }

    /// <summary>Parts that other tests do not have: hard swish with a clip, and products that only look like patterns.</summary>
    [Theory]
    [InlineData(3, 6, typeof(HardSwishOp))]
    [InlineData(2, 6, null)]
    [InlineData(3, 5, null)]
    public void A_product_is_a_pattern_only_with_its_numbers(float shift, float most, Type? expected)
    {
        var model = Model(13, [
            Node("Add", [Image, "shift"], "a"), Node("Clip", ["a", "zero", "most"], "b"), Node("Mul", [Image, "b"], "c"),
            Node("Div", ["c", "six"], "d"), Node("GlobalMaxPool", ["d"], "out")],
            Floats("shift", [], shift), Floats("zero", [], 0), Floats("most", [], most), Floats("six", [], 6));
        var operations = Import(model).Graph.Nodes.Select(node => node.Operation.GetType()).ToList();
        if (expected is null) Assert.Contains(typeof(MulOp), operations);
        else Assert.Equal([expected, typeof(GlobalMaxPoolOp)], operations);
    }

    /// <summary>
    /// PyTorch writes its padded mean so, and its windows do not begin in the padding. ONNX Runtime gives it back its padding, as we do.
    /// </summary>
    [Theory]
    [InlineData(2, 3, 1)]
    [InlineData(3, 2, 1)]
    [InlineData(3, 4, 2)]
    [InlineData(4, 5, 2)]
    public void A_pad_in_front_of_a_mean_that_rounds_up_is_its_padding(int kernel, int stride, int pad)
    {
        var model = Model(13, [
            Node("Pad", [Image, "pads"], "a"),
            Node("AveragePool", ["a"], "b", Ints("kernel_shape", kernel, kernel), Ints("strides", stride, stride), Int("ceil_mode", 1)),
            Node("Relu", ["b"], "c"), Node("GlobalAveragePool", ["c"], "out")], Longs("pads", 0, 0, pad, pad, 0, 0, pad, pad));
        AssertJudged(model, 1e-5);
    }

    /// <summary>ONNX adds 1e-9 to the deviation.</summary>
    [Fact]
    public void Mean_and_variance_of_small_values_are_normalised()
    {
        var model = Import(Model(13, [
            Node("MeanVarianceNormalization", [Image], "a", Ints("axes", 1)), Node("GlobalAveragePool", ["a"], "out")]));
        var images = Enumerable.Range(0, 8).SelectMany(channel => Enumerable.Repeat(channel % 2 == 0 ? 0.001f : 0.002f, 64)).ToArray();
        OnnxTools.AssertClose([-1, 1, -1, 1, -1, 1, -1, 1], LogitsOf(model, images));
    }

    /// <summary>Operation set 18 has a scale and a shift for each group, 21 for each channel.</summary>
    [Theory]
    [InlineData(18, 1)]
    [InlineData(18, 4)]
    [InlineData(21, 1)]
    [InlineData(21, 2)]
    [InlineData(21, 8)]
    public void Groups_are_normalised(int opset, int groups)
    {
        var count = opset < 21 ? groups : 8;
        AssertJudged(
            Model(
                opset, [
                    Node("GroupNormalization", [Image, "s", "b"], "a", Int("num_groups", groups), Float("epsilon", 0.01f)),
                    Node("GlobalMaxPool", ["a"], "out")],
                Floats("s", [count]), Floats("b", [count])),
            1e-5);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(1, false, "combines features [1, 8, 8, 8] with a constant [8, 8, 8]; use one value, or one for each channel")]
    [InlineData(3, true, "normalises [1, 8, 8, 8] over the axes [3]; normalise channels, pixels or both")]
    public void Layer_normalisation_of_an_image_has_one_scale(int axis, bool isOne, string? problem = null)
    {
        int[] shape = [.. Enumerable.Repeat(8, 4 - axis)];
        float[] scales = isOne ? [.. Enumerable.Repeat(0.5f, shape.Aggregate((product, extent) => product * extent))] : [];
        var model = Model(
            17, [Node("LayerNormalization", [Image, "s", "b"], "a", Int("axis", axis)), Node("GlobalMaxPool", ["a"], "out")],
            Floats("s", shape, scales), Floats("b", shape, scales));
        if (problem is null) AssertJudged(model, 1e-5);
        else Refused(model, $"node 'a' (LayerNormalization) {problem}");
    }

    [Fact]
    public void Groups_of_parts_of_channels_are_refused()
    {
        void Expect(string problem, params NodeProto[] nodes) => Refused(
            Model(
                18, [.. nodes, Node("GlobalMaxPool", ["a"], "out")], Longs("shape", 1, 16, 4, 8), Floats("c", [16]), Floats("d", [8]),
                Floats("e", [5])),
            $"node 'a' ({nodes[^1].OpType}) {problem}");
        const string whole = "groups of whole channels [N, C, H, W] were expected";
        Expect(
            $"normalises [1, 16, 4, 8] of 8x8x8 features in 16 groups; {whole}",
            Node("Reshape", [Image, "shape"], "b"), Node("InstanceNormalization", ["b", "c", "c"], "a"));
        Expect(
            $"normalises [1, 8, 8, 8] of 8x8x8 features in 8 groups; {whole}",
            Node("Transpose", [Image], "b", Ints("perm", 0, 2, 1, 3)), Node("InstanceNormalization", ["b", "d", "d"], "a"));
        Expect(
            $"normalises [1, 8, 8, 8] of 8x8x8 features in 0 groups; {whole}", Node("GroupNormalization", [Image, "d", "d"], "a"));
        Expect(
            "has 5 scales or shifts; give one for each of 8 channels",
            Node("GroupNormalization", [Image, "e", "d"], "a", Int("num_groups", 4)));
    }

    private static NodeProto[] Quantised(string value, string output) =>
    [
        Node("QuantizeLinear", [value, "step", "zero"], $"{output}.integers"),
        Node("DequantizeLinear", [$"{output}.integers", "step", "zero"], output),
    ];

    private static TensorProto Zero(DataType type, int value) => new() { Name = "zero", DataType = type, Int32Data = { value } };

    private static NodeProto Node(string operation, string[] inputs, string output, params AttributeProto[] attributes) =>
        new() { OpType = operation, Name = output, Input = { inputs }, Output = { output }, Attribute = { attributes } };

    private static AttributeProto Int(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    private static AttributeProto Float(string name, float value) => new() { Name = name, Type = AttributeType.Float, F = value };

    private static AttributeProto Ints(string name, params long[] values) =>
        new() { Name = name, Type = AttributeType.Ints, Ints = { values } };

    private static AttributeProto Value(TensorProto value) => new() { Name = "value", Type = AttributeType.Tensor, T = value };

    private static AttributeProto Text(string name, string value) =>
        new() { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    private static TensorProto Longs(string name, params long[] values) =>
        new() { Name = name, DataType = DataType.Int64, Dims = { values.Length }, Int64Data = { values } };

    /// <summary>The given values, or 1, 2, … for a number of elements.</summary>
    private static TensorProto Floats(string name, int[] shape, params float[] values)
    {
        var count = shape.Aggregate(1, (product, extent) => product * extent);
        var data = values.Length == count ? values : [.. Enumerable.Range(1, count).Select(i => (float)i)];
        var bytes = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(data));
        return new() { Name = name, DataType = DataType.Float, Dims = { shape.Select(dim => (long)dim) }, RawData = bytes };
    }

    /// <summary>A network of images [1, 8, 8, 8] whose output is the value <c>out</c>.</summary>
    private static ModelProto Model(int opset, NodeProto[] nodes, params TensorProto[] constants)
    {
        var sizes = new long[] { 1, 8, 8, 8 }.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size });
        var image = new TypeProto.Types.Tensor { ElemType = DataType.Float, Shape = new() { Dim = { sizes } } };
        return new()
        {
            IrVersion = 8,
            OpsetImport = { new OperatorSetIdProto { Version = opset } },
            Graph = new()
            {
                Input = { new ValueInfoProto { Name = Image, Type = new() { TensorType = image } } },
                Output = { new ValueInfoProto { Name = "out", Type = new() { TensorType = new() { ElemType = DataType.Float } } } },
                Initializer = { constants },
                Node = { nodes },
            },
        };
    }

    private static Model Import(ModelProto model) => OnnxImporter.Import("a.onnx", model.ToByteArray());

    /// <summary>Compares our logits with those of ONNX Runtime.</summary>
    private static void AssertJudged(ModelProto model, double tolerance) => AssertJudged(model, Import(model), tolerance);

    private static void AssertJudged(ModelProto model, Model imported, double tolerance)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        var random = new Random(1);
        var images = Enumerable.Range(0, 512).Select(_ => 8 * random.NextSingle() - 4).ToArray();
        OnnxTools.AssertClose(OnnxRuntimeTool.Run(path, ([1, 8, 8, 8], images)).Values, LogitsOf(imported, images), tolerance);
    }

    private static float[] LogitsOf(Model model, float[] images)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("images.npy");
        NpyFile.Write(path, [1, 8, 8, 8], images);
        return OnnxTools.LogitsOf(model, path);
    }

    private static void Refused(ModelProto model, string words) =>
        Assert.Contains(words, Assert.Throws<InputException>(() => Import(model)).Message, StringComparison.Ordinal);
}
