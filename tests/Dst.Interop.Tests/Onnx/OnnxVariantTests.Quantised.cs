using Dst.Graph;
using Dst.Interop.Onnx;
using Dst.Interop.Onnx.Schema;
using Google.Protobuf;
using DataType = Dst.Interop.Onnx.Schema.TensorProto.Types.DataType;

namespace Dst.Interop.Tests.Onnx;

/// <summary>Features and weights of integers.</summary>
public partial class OnnxVariantTests
{
    /// <summary>Quantisers leave out a ReLU in front of integers that begin at its 0; other bounds count too.</summary>
    [Theory]
    [InlineData((int)DataType.Uint8, 0, 0, 255)]
    [InlineData((int)DataType.Uint8, 100, -100, 155)]
    [InlineData((int)DataType.Int8, -128, 0, 255)]
    [InlineData((int)DataType.Int8, 5, -133, 122)]
    public void Quantised_features_are_clipped_once(int type, int zero, int least, int greatest)
    {
        const float step = 0.02f;
        var model = Model(13, [
            .. Quantised(Image, "a"), Node("MaxPool", ["a"], "b", Ints("kernel_shape", 2, 2)), .. Quantised("b", "c"),
            Node("GlobalAveragePool", ["c"], "pooled"), .. Quantised("pooled", "out")],
            Floats("step", [], step), Zero((DataType)type, zero));
        Assert.Equal(
            [new ClipOp(least * step, greatest * step), new MaxPoolOp(2, 1), new GlobalAvgPoolOp()],
            Import(model).Graph.Nodes.Select(node => node.Operation));
        AssertJudged(model, 0.01);
    }

    [Fact]
    public void Features_quantised_by_channel_or_with_two_scales_are_refused()
    {
        var model = Model(
            13, [.. Quantised(Image, "a"), Node("GlobalMaxPool", ["a"], "out")], Floats("step", [8]), Zero(DataType.Uint8, 0),
            Floats("other", [], 0.5f));
        Refused(model, "node 'a' (QuantizeDequantize) has 8 scales or zero points for features; quantise them with one");
        model.Graph.Initializer[0] = Floats("step", [], 0.25f);
        model.Graph.Node[1].Input[1] = "other";
        Refused(model, "has one scale or zero point to quantise and another to dequantise");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.5f)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public void Features_quantised_with_a_scale_that_is_none_are_refused(float scale)
    {
        var model = Model(
            13, [.. Quantised(Image, "a"), Node("GlobalMaxPool", ["a"], "out")], Floats("step", [], scale), Zero(DataType.Uint8, 0));
        Refused(model, FormattableString.Invariant($"has the scale {scale} for features; a finite one above 0 was expected"));
    }

    [Theory]
    [InlineData((int)DataType.Uint8, 128, "are unsigned")]
    [InlineData((int)DataType.Int8, 3, "have the zero point 3")]
    [InlineData((int)DataType.Int16, 0, "are integers of other than 8 bits")]
    public void Weights_of_other_integers_are_why_a_network_becomes_one_of_floats(int type, int zero, string reason)
    {
        var weight = new TensorProto
        {
            Name = "integers",
            DataType = (DataType)type,
            Dims = { 4, 8, 1, 1 },
            Int32Data = { Enumerable.Range(1, 32) },
        };
        var point = Zero((DataType)type, zero);
        point.Name = "point";
        var model = Model(21, [
            .. Quantised(Image, "a"), Node("DequantizeLinear", ["integers", "step", "point"], "w"), Node("Conv", ["a", "w"], "c"),
            .. Quantised("c", "d"), Node("GlobalMaxPool", ["d"], "out")],
            Floats("step", [], 0.25f), Zero(DataType.Uint8, 0), weight, point);
        var notes = new List<string>();
        Assert.Null(OnnxImporter.Import("a.onnx", model.ToByteArray(), notes).Int8);
        Assert.Equal(
            "the network is quantised, and its weights and features became 32-bit floats: the weights of layer 'c' "
                + $"{reason}; signed 8 bits with the zero point 0 were expected",
            Assert.Single(notes));
    }

    [Fact]
    public void A_layer_whose_weights_are_other_integers_computes_in_floats_beside_one_of_bytes()
    {
        var model = Model(21, [
            .. Quantised(Image, "a"), Node("DequantizeLinear", ["unsigned", "step"], "v"), Node("Conv", ["a", "v"], "b"),
            .. Quantised("b", "c"), Node("DequantizeLinear", ["signed", "step"], "w"), Node("Conv", ["c", "w"], "d"),
            .. Quantised("d", "e"), Node("GlobalMaxPool", ["e"], "out")],
            Floats("step", [], 0.25f), Zero(DataType.Uint8, 0), Weight("unsigned", DataType.Uint8, 4, 8),
            Weight("signed", DataType.Int8, 5, 4));
        var notes = new List<string>();
        Assert.Equal(["d"], OnnxImporter.Import("a.onnx", model.ToByteArray(), notes).Int8!.Filters.Keys);
        Assert.Equal(
            "the network is quantised: 1 of 2 layers with weights compute in 8-bit integers; the weights of layer 'b' are unsigned; "
                + "signed 8 bits with the zero point 0 were expected",
            Assert.Single(notes));

        static TensorProto Weight(string name, DataType type, int filters, int channels) => new()
        {
            Name = name,
            DataType = type,
            Dims = { filters, channels, 1, 1 },
            Int32Data = { Enumerable.Range(1, filters * channels) },
        };
    }
}
