using Dst.Graph;
using Dst.Interop.Onnx;
using Dst.Interop.Onnx.Schema;
using Dst.ModelFiles;
using Dst.Tests.Cli;
using Dst.Tests.Foundations;
using Google.Protobuf;
using DataType = Dst.Interop.Onnx.Schema.TensorProto.Types.DataType;

namespace Dst.Interop.Tests.Onnx;

/// <summary>Networks that leave the size of an image open.</summary>
public partial class OnnxVariantTests
{
    [Theory]
    [InlineData("N", null, "H", "W")]
    [InlineData("N", "C", "H", "W")]
    [InlineData(null, null, null, "")]
    public void Sizes_that_a_file_leaves_open_are_those_of_an_option(params string?[] names)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.onnx");
        File.WriteAllBytes(path, Open(Upsampling(), names).ToByteArray());
        var run = Terminal.Run("import", path, "--input", "8,8,8", "--out", folder.File("a.safetensors"));
        Assert.True(run.ExitCode == 0, run.Error);
        AssertJudged(Upsampling(), ModelFile.Load(folder.File("a.safetensors")), 1e-5);
    }

    [Fact]
    public void Sizes_of_a_network_with_its_channels_last_are_given_as_those_of_others()
    {
        var model = Model(13, [
            Node("Transpose", [Image], "a", Ints("perm", 0, 3, 1, 2)), Node("Conv", ["a", "w"], "b"), Node("GlobalMaxPool", ["b"], "out")],
            Floats("w", [3, 8, 1, 1]));
        Open(model, "N", "H", "W", null);
        Assert.Equal(new FeatureShape(8, 5, 6), ImportAt(model, new(8, 5, 6)).Graph.Input);
        Refused(model, new(5, 8, 6), "has the input 'image' ['N', 'H', 'W', 8], and --input is 5,8,6 (channels, height, width)");
    }

    [Fact]
    public void Sizes_that_are_missing_or_contradict_are_refused()
    {
        var model = Open(Upsampling(), "N", null, "H", "W");
        Refused(
            model, null, "has the input 'image' ['N', 8, 'H', 'W']; give channels, height and width of an image with --input C,H,W");
        Refused(
            model, new(1, 8, 8),
            "has the input 'image' ['N', 8, 'H', 'W'], and --input is 1,8,8 (channels, height, width); the same numbers were expected");
        Refused(model, new(8, 0, 8), "has the shape 8x0x8; expected 1 to");
        Assert.Equal(new FeatureShape(8, 8, 8), ImportAt(Upsampling(), new(8, 8, 8)).Graph.Input);
        Refused(Upsampling(), new(8, 8, 9), "has the input 'image' [1, 8, 8, 8], and --input is 8,8,9");
    }

    /// <summary>PyTorch writes −1, a size that stays, so.</summary>
    [Fact]
    public void Sizes_to_expand_to_are_chosen_by_a_comparison() => AssertJudged(
        Model(13, [
            Node("GlobalAveragePool", [Image], "a"), Node("ConstantOfShape", ["rank"], "ones", Value(Longs("", 1))),
            Node("Mul", ["ones", "minus"], "none"), Node("Equal", ["sizes", "none"], "stays"),
            Node("Where", ["stays", "ones", "sizes"], "b"), Node("Expand", ["a", "b"], "c"), Node("Mul", [Image, "c"], "d"),
            Node("GlobalMaxPool", ["d"], "out")],
            Longs("rank", 4), Longs("minus", -1), Longs("sizes", -1, -1, 8, 8)),
        1e-5);

    [Theory]
    [InlineData(8, 3)]
    [InlineData(-8, 3)]
    [InlineData(8, -3)]
    [InlineData(8, -1)]
    [InlineData(-8, -3)]
    [InlineData(-8, 3, 1)]
    [InlineData(8, -3, 1)]
    public void Remainders_are_those_of_ONNX_Runtime(long dividend, long divisor, int fmod = 0) => AssertJudged(
        Model(13, [
            Node("Mod", ["x", "y"], "rest", Int("fmod", fmod)), Node("Cast", ["rest"], "number", Int("to", (int)DataType.Float)),
            Node("Add", [Image, "number"], "a"), Node("GlobalMaxPool", ["a"], "out")],
            Longs("x", dividend), Longs("y", divisor)),
        1e-5);

    [Fact]
    public void Constants_are_rounded_down_compared_and_expanded() => AssertJudged(
        Model(13, [
            Node("Floor", ["x"], "floors"), Node("Equal", ["floors", "whole"], "equal"), Node("Where", ["equal", "x", "two"], "chosen"),
            Node("Expand", ["chosen", "shape"], "all"), Node("Reshape", ["all", "channels"], "factors"),
            Node("Mul", [Image, "factors"], "a"), Node("GlobalMaxPool", ["a"], "out")],
            Floats("x", [2, 1, 1], -1.5f, 2.5f), Floats("whole", [], -2), Floats("two", [1, 2, 1], 3, 4), Longs("shape", 2, 2, 2),
            Longs("channels", 8, 1, 1)),
        1e-5);

    [Fact]
    public void Attention_is_named() => Refused(
        Model(17, [
            Node("Reshape", [Image, "tokens"], "a"), Node("Transpose", ["a"], "b", Ints("perm", 0, 2, 1)),
            Node("Concat", ["first", "b"], "c", Int("axis", 1)), Node("Transpose", ["c"], "d", Ints("perm", 0, 2, 1)),
            Node("MatMul", ["c", "d"], "scores"), Node("Softmax", ["scores"], "e", Int("axis", -1)), Node("Dropout", ["e"], "f"),
            Node("MatMul", ["f", "c"], "g"), Node("ReduceMean", ["g"], "out", Ints("axes", 1), Int("keepdims", 0))],
            Longs("tokens", 1, 8, 64), Floats("first", [1, 1, 8])),
        "node 'g' (MatMul) is the attention of a transformer; choose a convolutional network");

    /// <summary>Shrinks a map and brings it back to the size of the image.</summary>
    private static ModelProto Upsampling() => Model(
        13, [
            Node("MaxPool", [Image], "a", Ints("kernel_shape", 2, 2), Ints("strides", 2, 2)), Node("Shape", [Image], "size"),
            Node("Resize", ["a", "", "", "size"], "b", Text("coordinate_transformation_mode", "asymmetric"), Text("nearest_mode", "floor")),
            Node("Sub", ["b", Image], "c"), Node("GlobalMaxPool", ["c"], "out")]);

    /// <summary>Leaves sizes of the image open: a name for each, "" for one without a name, null for one that stays.</summary>
    private static ModelProto Open(ModelProto model, params string?[] names)
    {
        var dims = model.Graph.Input[0].Type.TensorType.Shape.Dim;
        for (var i = 0; i < names.Length; i++)
        {
            if (names[i] is { } name) dims[i] = new() { DimParam = name };
        }

        return model;
    }

    private static Model ImportAt(ModelProto model, FeatureShape? size) =>
        OnnxImporter.Import("a.onnx", model.ToByteArray(), input: size);

    private static void Refused(ModelProto model, FeatureShape? size, string words) =>
        Assert.Contains(words, Assert.Throws<InputException>(() => ImportAt(model, size)).Message, StringComparison.Ordinal);
}
