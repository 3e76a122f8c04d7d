using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Runtime.Inference;
using Dst.Runtime.Quantisation;
using Dst.Tests.Autodiff;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Int8;

/// <summary>Whole networks in 8-bit integers beside the same networks in floats.</summary>
public class QuantisedNetworksTests
{
    private const int Count = 3;
    private const double LeastDecibels = 20;

    [Fact]
    public void Every_network_can_be_quantised()
    {
        foreach (var name in Zoo.Names)
        {
            var (input, classes) = Zoo.UsualTask(name);
            var model = Initialiser.Initialise(Zoo.Build(name, input, classes, width: 0.25), seed: 1);
            var (decibels, quantised) = Compare(model);
            Assert.True(decibels > LeastDecibels, $"{name}: {decibels} dB");
            Assert.All(quantised.Layers, layer => Assert.Null(layer.WhyFloat));
        }
    }

    [Fact]
    public void A_halved_network_has_less_than_a_seventh_of_the_bytes_of_its_floats()
    {
        var (input, classes) = Zoo.UsualTask("resnet20");
        var model = Initialiser.Initialise(Zoo.Build("resnet20", input, classes), seed: 1);
        var layers = model.Graph.Nodes.Skip(1).Where(node => node.Operation is Conv2dOp { KernelHeight: 3 }).Select(node => node.Name);
        var masks = layers.ToDictionary(
            name => name, name => UhpPruner.Prune(model.Parameters[$"{name}.weight"], UhpPattern.Parse("kernel:16:16")));
        foreach (var (layer, mask) in masks) mask.Apply(model.Parameters[$"{layer}.weight"].Data);
        float[] image = [.. Enumerable.Range(0, (int)input.Count).Select(i => i % 7 - 3f)];
        var quantised = Quantiser.Quantise(model with { Masks = masks }, image, 1).Model;
        var dense = ModelFile.SizeOf(quantised with { Masks = new Dictionary<string, LayerMask>(), Int8 = null });
        Assert.InRange((double)ModelFile.SizeOf(quantised) / dense, 0.13, 0.14);
    }

    [Fact]
    public void Operations_without_a_form_of_bytes_compute_in_floats_between_the_others()
    {
        var quantised = Compare(RandomGraph.CreateModel(new(new NetworkGraph("mixed", new(4, 9, 7),
        [
            new("first", new Conv2dOp(20, 3, 3, 1, 1), ["input"]),
            new("grouped", new Conv2dOp(24, 3, 3, 1, 1, 4), ["first"]),
            new("prelu", new PReluOp(), ["grouped"]),
            new("pad", new PadOp(1, 0, 0, 2), ["prelu"]),
            new("edge", new EdgePadOp(0, 1, 0, 0), ["pad"]),
            new("shuffle", new ChannelShuffleOp(2), ["edge"]),
            new("part", new SliceOp(3, 18), ["shuffle"]),
            new("squeeze", new GlobalAvgPoolOp(), ["part"]),
            new("excite", new Conv2dOp(18, 1, 1, 1, 0, 1, true), ["squeeze"]),
            new("gate", new SigmoidOp(), ["excite"]),
            new("scaled", new MulOp(), ["part", "gate"]),
            new("norm", new LayerNormOp(), ["scaled"]),
            new("groups", new GroupNormOp(6), ["norm"]),
            new("larger", new UpsampleOp(2), ["groups"]),
            new("smaller", new SpectralPoolOp(10, 13), ["larger"]),
            new("last", new Conv2dOp(5, 3, 3, 2, 1), ["smaller"]),
            new("local", new LocalResponseNormOp(3), ["last"]),
            new("fc", new Conv2dOp(3, 2, 2), ["local"]),
            new("mean", new GlobalAvgPoolOp(), ["fc"]),
        ])), seed: 1));
        Assert.True(quantised.Decibels > LeastDecibels, $"{quantised.Decibels} dB");
        Assert.Equal(
            [null, "groups of channels have no 8-bit form", null, null, null],
            quantised.Model.Layers.Select(layer => layer.WhyFloat));
    }

    [Theory, Trait("Category", "Tier"), TierData]
    public void A_convolution_computes_the_pooling_behind_it_with_the_same_bytes(SimdTier tier)
    {
        var model = RandomGraph.CreateModel(
            new(new("pools", new(3, 20, 24),
            [
                new("conv", new Conv2dOp(19, 5, 5, 1, 2, 1, true), ["input"]), new("relu", new ReluOp(), ["conv"]),
                new("pool", new MaxPoolOp(2, 2), ["relu"]),
                new("conv2", new Conv2dOp(33, 3, 3, 1, 1, 1, true), ["pool"]), new("pool2", new MaxPoolOp(2, 2), ["conv2"]),
                new("conv3", new Conv2dOp(5, 2, 2, 1, 0, 1, true), ["pool2"]), new("pool3", new MaxPoolOp(2, 2), ["conv3"]),
                new("last", new Conv2dOp(4, 1, 1), ["pool3"]), new("mean", new GlobalAvgPoolOp(), ["last"]),
            ])),
            seed: 1);
        var images = Enumerable.Range(0, Count * (int)model.Graph.Input.Count).Select(i => MathF.Sin(i)).ToArray();
        var quantised = Quantiser.Quantise(model, images, Count, new() { Method = RangeMethod.Minmax }).Model;
        var expected = Run(quantised, images, tier);
        using var plan = InferencePlan.Compile(quantised, new() { Tune = false, Tier = tier });
        Assert.Equal(2, plan.Steps.Count(step => step.Form.EndsWith(", max-pool")));
        Assert.Single(plan.Steps, step => step.Form == "int8-max-pool"); // its windows leave a row and a column out
        using var session = plan.CreateSession();
        var outputs = new float[Count * plan.Outputs];
        session.Run(images, Count, outputs);
        Assert.Equal(expected, outputs);
    }

    /// <summary>Decibels of the outputs over what the quantised network's differ from them.</summary>
    private static (double Decibels, QuantisedModel Model) Compare(Model model)
    {
        var random = new Random(3);
        var images = new float[Count * model.Graph.Input.Count];
        for (var i = 0; i < images.Length; i++) images[i] = random.NextSingle() * 2 - 1;
        var quantised = Quantiser.Quantise(model, images, Count, new() { Method = RangeMethod.Minmax });
        var (signal, noise) = (0d, 0d);
        foreach (var (right, output) in Run(model, images).Zip(Run(quantised.Model, images)))
            (signal, noise) = (signal + right * right, noise + (right - output) * (right - output));
        return (10 * Math.Log10(signal / noise), quantised);
    }

    private static float[] Run(Model model, float[] images, SimdTier? tier = null)
    {
        using var plan = InferencePlan.CompileDirect(model, new() { Tier = tier ?? SimdTiers.Best });
        using var session = plan.CreateSession();
        var outputs = new float[Count * plan.Outputs];
        session.Run(images, Count, outputs);
        return outputs;
    }
}
