using Dst.Graph;
using Dst.Interop.Onnx;
using Dst.Interop.Onnx.Schema;
using Google.Protobuf;

namespace Dst.Interop.Tests.Onnx;

/// <summary>What a softmax stays behind, expanded factors, channels in any order, and functions of single elements.</summary>
public partial class OnnxVariantTests
{
    /// <summary>It stays where what is before it would say that the outputs are something else.</summary>
    [Theory]
    [InlineData("Sigmoid")]
    [InlineData("HardSigmoid")]
    [InlineData("Tanh")]
    [InlineData("Softmax")]
    [InlineData("Sigmoid", true)] // cut away from 0 and 1
    public void A_softmax_behind_a_bounded_function_stays(string before, bool isClipped = false)
    {
        NodeProto[] nodes = [Node("GlobalMaxPool", [Image], "a"), Node("Flatten", ["a"], "b"), Node(before, ["b"], "c")];
        if (isClipped) nodes = [.. nodes[..^1], Node(before, ["b"], "d"), Node("Clip", ["d", "least", "most"], "c")];
        TensorProto[] bounds = [Floats("least", [], 0.1f), Floats("most", [], 0.9f)];
        AssertJudged(Model(13, [.. nodes, Node("Softmax", ["c"], "out")], bounds), 1e-5);
        var notes = new List<string>();
        var logs = Model(13, [.. nodes, Node("LogSoftmax", ["c"], "out")], bounds).ToByteArray();
        Assert.Equal(OutputKind.Probabilities, OnnxImporter.Import("a.onnx", logs, notes).Outputs);
        Assert.Equal("the log of the softmax at the end is left out; the model gives the probabilities", Assert.Single(notes));
    }

    [Theory]
    [InlineData("Softmax")]
    [InlineData("LogSoftmax")]
    public void A_note_says_that_a_softmax_is_left_out(string operation)
    {
        var notes = new List<string>();
        var model = Model(13, [
            Node("GlobalMaxPool", [Image], "a"), Node(operation, ["a"], "b", Int("axis", 1)), Node("Flatten", ["b"], "out")]);
        OnnxImporter.Import("a.onnx", model.ToByteArray(), notes);
        Assert.Equal("the softmax at the end is left out; the model gives the logits before it", Assert.Single(notes));
    }

    /// <summary>Squeeze-and-excite as it is often written in PyTorch: <c>x * y.expand_as(x)</c>.</summary>
    [Fact]
    public void An_expanded_factor_is_one_for_each_channel()
    {
        NodeProto[] nodes = [Node("GlobalMaxPool", [Image], "a"), Node("Sigmoid", ["a"], "b"), Node("Expand", ["b", "shape"], "c")];
        NodeProto[] end = [Node("Mul", [Image, "c"], "d"), Node("GlobalAveragePool", ["d"], "out")];
        AssertJudged(Model(13, [Node("Shape", [Image], "shape"), .. nodes, .. end]), 1e-5);
        AssertJudged(Model(13, [.. nodes, .. end], Longs("shape", 1, 8, 8, 8)), 1e-5);
        Refused(
            Model(13, [.. nodes, .. end], Longs("shape", 1, 8, 1, 8)),
            "multiplies [1, 8, 8, 8] by [1, 8, 1, 1] expanded to [1, 8, 1, 8]");
        Refused(Model(13, [.. nodes, .. end], Longs("shape", 1, 4, 8, 8)), "node 'c' (Expand) expands [1, 8, 1, 1] to [1, 4, 8, 8]");
        Refused(
            Model(13, [.. nodes, Node("GlobalMaxPool", ["c"], "out")], Longs("shape", 1, 8, 8, 8)),
            "node 'out' (GlobalMaxPool) reads [1, 8, 1, 1] expanded to [1, 8, 8, 8]; expand only factors of a product");
    }

    /// <summary>Classifiers of two classes often give [N].</summary>
    [Theory]
    [InlineData("Squeeze")]
    [InlineData("Reshape")]
    public void One_score_of_each_image_may_have_the_batch_alone(string operation) => AssertJudged(
        Model(
            13, [
                Node("GlobalMaxPool", [Image], "a"), Node("Flatten", ["a"], "b"), Node("MatMul", ["b", "c"], "d"),
                Node(operation, ["d", "axes"], "e"), Node("Sigmoid", ["e"], "out")],
            Floats("c", [8, 1], [.. Enumerable.Range(0, 8).Select(i => 0.1f * i - 0.3f)]), Longs("axes", operation == "Squeeze" ? 1 : -1)),
        1e-5);

    [Fact]
    public void A_score_without_a_batch_is_refused() => Refused(
        Model(13, [
            Node("GlobalMaxPool", [Image], "a"), Node("Flatten", ["a"], "b"), Node("MatMul", ["b", "c"], "d"),
            Node("Reshape", ["d", "none"], "out")], Floats("c", [8, 1]), Longs("none")),
        "node 'out' (Reshape) turns [1, 1] into []; leave the batch as the first dimension of several");

    /// <summary>A list of channels, as <c>x[:, [2, 1, 0]]</c> gives it, and channels in steps.</summary>
    [Fact]
    public void Channels_are_taken_in_any_order()
    {
        NodeProto[] end = [Node("Relu", ["a"], "b"), Node("GlobalAveragePool", ["b"], "out")];
        AssertJudged(Model(13, [Node("Gather", [Image, "list"], "a", Int("axis", 1)), .. end], Longs("list", 5, 0, 1, 2, -1)), 1e-5);
        AssertJudged(
            Model(13, [Node("Slice", [Image, "start", "end", "axis", "step"], "a"), .. end],
            Longs("start", -1), Longs("end", -100), Longs("axis", 1), Longs("step", -2)),
            1e-5);
        Refused(
            Model(13, [Node("Gather", [Image, "list"], "a", Int("axis", 2)), .. end], Longs("list", 5)),
            "node 'a' (Gather) takes [1] elements along the axis 2 of [1, 8, 8, 8]; take one channel, or a list of at most all");
        foreach (var index in new[] { 70, 8, -9, long.MaxValue, long.MinValue })
        {
            Refused(
                Model(13, [Node("Gather", [Image, "list"], "a", Int("axis", 1)), .. end], Longs("list", 5, index)),
                $"node 'a' (Gather) takes the channel {index} of [1, 8, 8, 8]; -8 to 7 were expected");
        }
        Refused(
            Model(13, [Node("Slice", [Image, "start", "end", "axis"], "a"), .. end], Longs("start", 3), Longs("end", 3), Longs("axis", 1)),
            "node 'a' (Slice) takes 0 runs of channels of [1, 8, 8, 8]; 1 to 64 were expected");
    }

    /// <summary>As torchvision's GoogLeNet and Inception normalise again: each channel alone, then all joined.</summary>
    [Fact]
    public void One_channel_is_taken_without_its_axis()
    {
        static NodeProto[] Channel(string index, string output) =>
        [
            Node("Gather", [Image, index], $"{output}.gather", Int("axis", 1)),
            Node("Unsqueeze", [$"{output}.gather", "one"], $"{output}.channel"),
            Node("Mul", [$"{output}.channel", "factor"], output),
        ];
        var (first, second) = (Longs("first", 3), Longs("second", 6));
        first.Dims.Clear();
        second.Dims.Clear();
        AssertJudged(
            Model(13, [
                .. Channel("first", "a"), .. Channel("second", "b"), Node("Concat", ["a", "b"], "c", Int("axis", 1)),
                Node("Relu", ["c"], "d"), Node("GlobalAveragePool", ["d"], "out")],
            first, second, Longs("one", 1), Floats("factor", [], 0.5f)),
            1e-5);
    }

    [Theory]
    [InlineData("Elu")]
    [InlineData("Elu", "alpha", 0.5f)]
    [InlineData("Selu")]
    [InlineData("Selu", "gamma", 1)]
    [InlineData("Celu")]
    [InlineData("Celu", "alpha", 2.5f)]
    public void Exponential_units_are_read(string operation, string name = "", float value = 0)
    {
        AttributeProto[] attributes = name.Length > 0 ? [Float(name, value)] : [];
        AssertJudged(Model(13, [Node(operation, [Image], "a", attributes), Node("GlobalAveragePool", ["a"], "out")]), 1e-5);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1e-39f)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public void An_alpha_that_scales_nothing_is_refused(float alpha) => Refused(
        Model(13, [Node("Celu", [Image], "out", Float("alpha", alpha))]),
        FormattableString.Invariant($"node 'out' (Celu) has the alpha {alpha}; a finite one above 0, with a finite inverse, was expected"));

    [Theory]
    [InlineData("reflect")]
    [InlineData("edge")]
    public void Maps_are_padded_with_their_own_values(string mode)
    {
        ModelProto Padded(string mode, params long[] pads) => Model(
            13, [
                Node("Pad", [Image, "pads"], "a", Text("mode", mode)), Node("Conv", ["a", "w"], "b"), Node("GlobalMaxPool", ["b"], "out")],
            Longs("pads", pads), Floats("w", [3, 8, 4, 2]));
        AssertJudged(Padded(mode, 0, 0, 1, 3, 0, 0, 7, 0), 1e-5);
        Refused(
            Padded(mode, 0, 1, 0, 0, 0, 0, 0, 0),
            $"node 'a' (Pad) pads channels of [1, 8, 8, 8] in the mode '{mode}'; pad rows and columns");
        Refused(Padded("wrap", 0, 0, 1, 1, 0, 0, 1, 1), "node 'a' (Pad) pads in the mode 'wrap'; constant, reflect or edge was expected");
    }

    /// <summary>As networks with auxiliary classifiers have them.</summary>
    [Fact]
    public void One_of_several_outputs_is_taken()
    {
        var model = Model(13, [
            Node("GlobalMaxPool", [Image], "out"), Node("Relu", [Image], "relu"), Node("GlobalAveragePool", ["relu"], "second")]);
        model.Graph.Output.Add(new ValueInfoProto { Name = "second" });
        Refused(model, "has 2 outputs ('out', 'second'); choose the scores of the classes with --onnx-output NAME");
        IEnumerable<Operation> Operations(string output) =>
            OnnxImporter.Import("a.onnx", model.ToByteArray(), output: output).Graph.Nodes.Select(node => node.Operation);
        Assert.Equal([new GlobalMaxPoolOp()], Operations("out"));
        Assert.Equal([new ReluOp(), new GlobalAvgPoolOp()], Operations("second"));
        Assert.Contains(
            "has no output 'relu'; one of 'out', 'second' was expected", Assert.Throws<InputException>(() => Operations("relu")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Differences_and_negatives_are_sums_with_another_sign() => AssertJudged(
        Model(13, [
            Node("MaxPool", [Image], "a", Ints("kernel_shape", 3, 3), Ints("pads", 1, 1, 1, 1)), Node("Sub", ["a", Image], "b"),
            Node("Neg", ["b"], "c"), Node("GlobalMaxPool", ["c"], "out")]),
        1e-5);

    /// <summary>In 16 bits, the root of 2 is 1.4140625.</summary>
    [Fact]
    public void Numbers_of_a_pattern_may_be_rounded_to_16_bits()
    {
        var model = Model(13, [
            Node("Div", [Image, "root"], "a"), Node("Erf", ["a"], "b"), Node("Add", ["b", "one"], "c"), Node("Mul", [Image, "c"], "d"),
            Node("Mul", ["d", "half"], "e"), Node("GlobalMaxPool", ["e"], "out")],
            Floats("root", [], 1.4140625f), Floats("one", [], 1), Floats("half", [], 0.5f));
        Assert.Equal([new GeluOp(), new GlobalMaxPoolOp()], Import(model).Graph.Nodes.Select(node => node.Operation));
    }
}
