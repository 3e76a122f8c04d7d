using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference;
using Dst.Runtime.Lowering;
using Dst.Runtime.Quantisation;
using Dst.Tests.Autodiff;

namespace Dst.Tests.Int8;

public class QuantiserTests
{
    private const int Count = 12;

    [Theory]
    [InlineData(RangeMethod.Minmax)]
    [InlineData(RangeMethod.Percentile)]
    [InlineData(RangeMethod.Mse)]
    public void Every_operation_computes_on_bytes_with_little_noise(RangeMethod method)
    {
        var quantised = Quantise(Int8Network.Create(), new() { Method = method });
        Assert.All(quantised.Layers, layer => Assert.Null(layer.WhyFloat));
        Assert.All(quantised.Layers, layer => Assert.InRange(layer.SignalToNoise!.Value, 15, 60));
        var program = LoweredProgram.Lower(quantised.Model, StepFactory.Target);
        var floats = program.Nodes.Where(node => node.Integers is null).Select(node => node.Layer);
        // Padding has no form of bytes, so that conversions surround it; what follows the last layer with weights stays in floats.
        Assert.Equal(["input", "same", "softmax", "wide.crop", "wide.pad"], floats.Distinct().Order());
        Assert.Equal(ElementType.Float32, program.Values["fc"].Type);
    }

    [Fact]
    public void Batch_normalisations_are_folded_and_weights_are_whole_multiples()
    {
        var model = Quantise(Int8Network.Create()).Model;
        Assert.DoesNotContain(model.Graph.Nodes, node => node.Name is "bn" or "deep.bn");
        Assert.Contains(model.Graph.Nodes, node => node.Name == "plain"); // it reads joined values, not a layer with weights
        foreach (var (layer, scales) in model.Int8!.Filters)
        {
            var weight = model.Parameters[$"{layer}.weight"];
            Assert.Equal(weight.Shape[0], scales.Length);
            var row = weight.Data.Length / scales.Length;
            for (var o = 0; o < scales.Length; o++)
            {
                var steps = weight.Data.Skip(o * row).Take(row).Select(w => w / scales[o]).ToArray();
                Assert.Equal(127, steps.Max(MathF.Abs), 3);
                Assert.All(steps, step => Assert.Equal(MathF.Round(step), step, 3));
            }
        }
    }

    [Fact]
    public void Folding_changes_no_output()
    {
        var model = Int8Network.Create();
        var (expected, actual) = (Run(model, Int8Network.Images(2)), Run(BatchNormFolding.Apply(model), Int8Network.Images(2)));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Fact]
    public void Layers_that_are_kept_float_stay_so_between_conversions()
    {
        var model = Quantise(Int8Network.Create(), new() { KeptFloat = new HashSet<string> { "point", "linear" } });
        Assert.Equal(["point", "linear"], model.Layers.Where(layer => layer.WhyFloat == "kept by name").Select(layer => layer.Layer));
        var program = LoweredProgram.Lower(model.Model, StepFactory.Target);
        var floats = program.Nodes.Where(node => node.Operation.IsWeighted && node.Integers is null);
        Assert.Equal(["point", "linear"], floats.Select(node => node.Layer));
        Assert.All(model.Layers, layer => Assert.InRange(layer.SignalToNoise!.Value, 15, 60));
    }

    [Fact]
    public void Transposed_convolutions_stay_floats_with_their_normalisations_folded()
    {
        var graph = new CheckedGraph(new("enlarging", Int8Network.Input,
        [
            new("conv", new Conv2dOp(19, 3, 3, 1, 1), ["input"]),
            new("enlarged", new ConvTransposeOp(5, 2, 2, 2), ["conv"]),
            new("bn", new BatchNormOp(), ["enlarged"]),
            new("last", new Conv2dOp(4, 3, 3), ["bn"]),
        ]));
        var quantised = Quantise(RandomGraph.CreateModel(graph, seed: 1));
        Assert.Equal([null, "no 8-bit form", null], quantised.Layers.Select(layer => layer.WhyFloat));
        Assert.DoesNotContain(quantised.Model.Graph.Nodes, node => node.Name == "bn");
        Assert.All(quantised.Layers, layer => Assert.InRange(layer.SignalToNoise!.Value, 15, 80));
    }

    [Theory, TierData]
    public void Outputs_depend_on_neither_tier_nor_batch_nor_threads(SimdTier tier)
    {
        // Softmax and padding are floats, whose sums may differ from tier to tier.
        var (model, images) = (Quantise(Int8Network.Create()).Model.ToLogits(), Int8Network.Images(7));
        var expected = Run(model, images);
        Assert.Equal(expected, Run(model, images, tier: tier));
        Assert.Equal(expected, Run(model, images, batch: 4, threads: 3));
        Assert.Equal(expected, Run(model, images, batch: 64));
    }

    [Fact]
    public void What_has_no_range_is_named()
    {
        var model = Int8Network.Create();
        AssertRefused(() => Quantise(Quantise(model).Model), "quantised already");
        AssertRefused(() => Quantiser.Quantise(model, new float[Int8Network.Input.Count], 1), "the network's input is 0 on each of the 1");
        var dead = WithBias(model, "wide", 0);
        dead.Parameters["wide.weight"].Data.AsSpan().Clear();
        AssertRefused(
            () => Quantise(dead),
            "the output of layer 'wide' is 0 on each of the 12 calibration images, so that it has no range; images like those of the "
                + "training were expected, or layers that read it kept in floats");
        AssertRefused(() => Quantise(WithBias(model, "wide", float.MaxValue * 0.9f, "twice", 3e38f)), "not finite");
        var all = Quantiser.LayersOf(model).ToHashSet();
        AssertRefused(() => Quantise(model, new() { KeptFloat = all }), "no layer that is quantised");
    }

    [Fact]
    public void Filters_without_weights_and_channels_that_are_constant_keep_their_bias()
    {
        var model = RandomGraph.CreateModel(
            new(new NetworkGraph("net", Int8Network.Input,
            [
                new("a", new Conv2dOp(3, 1, 1, 1, 0, 1, true), ["input"]), new("relu", new ReluOp(), ["a"]),
                new("b", new Conv2dOp(2, 1, 1, 1, 0, 1, true), ["relu"]),
            ])),
            seed: 3);
        model.Parameters["a.weight"].Data.AsSpan(0, 3).Clear();
        model.Parameters["b.weight"].Data.AsSpan(0, 3).Clear();
        (model.Parameters["a.bias"].Data[0], model.Parameters["b.bias"].Data[0]) = (0.75f, 123);
        var outputs = Run(Quantise(model).Model, Int8Network.Images(1));
        Assert.All(outputs.Take(63), output => Assert.Equal(123, output, 0.01f));
    }

    [Fact]
    public void Scales_that_cannot_be_expressed_are_refused()
    {
        var model = Quantise(Int8Network.Create()).Model;
        var values = model.Int8!.Values.ToDictionary();
        values["relu"] = values["relu"] with { Scale = 1e-9f };
        var other = model with { Int8 = model.Int8 with { Values = values } };
        AssertRefused(() => Run(other, Int8Network.Images(1)), "layer 'conv' has the scale");
        model.Parameters["wide.weight"].Data[0] += 1e-3f;
        AssertRefused(() => Run(model, Int8Network.Images(1)), "layer 'wide' has weights that are no whole multiples");
    }

    [Fact]
    public void Arguments_that_do_not_fit_are_named_with_their_numbers()
    {
        var (model, images) = (Int8Network.Create(), Int8Network.Images(2));
        var length = Int8Network.Input.Count;
        Assert.Throws<ArgumentNullException>("images", () => Quantiser.Quantise(model, null!, 2));
        Assert.Contains("'0'", Assert.Throws<ArgumentOutOfRangeException>(() => Quantiser.Quantise(model, images, 0)).Message);
        foreach (var count in new[] { 1, 3 })
        {
            var error = Assert.Throws<ArgumentException>(() => Quantiser.Quantise(model, images, count));
            Assert.StartsWith($"{count} × {length} values expected, {2 * length} found", error.Message);
        }

        var unknown = new QuantiserOptions { KeptFloat = new HashSet<string> { "linaer" } };
        Assert.Contains(
            "no layer with weights 'linaer', which is to stay in floats; did you mean 'linear'?",
            Assert.Throws<ArgumentException>(() => Quantiser.Quantise(model, images, 2, unknown)).Message);
    }

    private static Model WithBias(Model model, string layer, float value, string? scaled = null, float factor = 1)
    {
        var parameters = model.Parameters.ToDictionary(p => p.Key, p => new Tensor(p.Value.Shape, (float[])p.Value.Data.Clone()));
        var copy = model with { Parameters = parameters };
        copy.Parameters[$"{layer}.bias"].Data.AsSpan().Fill(value);
        if (scaled is not null) copy.Parameters["bn.bias"].Data.AsSpan().Fill(factor);
        return copy;
    }

    private static void AssertRefused(Action action, string words) => Assert.Contains(words, Assert.Throws<InputException>(action).Message);

    private static QuantisedModel Quantise(Model model, QuantiserOptions? options = null) =>
        Quantiser.Quantise(model, Int8Network.Images(Count), Count, options);

    private static float[] Run(Model model, float[] images, int batch = 1, int threads = 1, SimdTier? tier = null)
    {
        using var plan = InferencePlan.Compile(model, new() { Batch = batch, Tune = false, Tier = tier ?? SimdTiers.Best });
        using var session = plan.CreateSession(threads);
        var count = (int)(images.Length / plan.Input.Count);
        var outputs = new float[count * plan.Outputs];
        session.Run(images, count, outputs);
        return outputs;
    }
}
