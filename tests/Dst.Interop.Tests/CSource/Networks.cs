using Dst.Graph;
using Dst.Masks;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Interop.Tests.CSource;

/// <summary>Small networks with random weights and statistics. Together they have every operation and pattern.</summary>
internal static class Networks
{
    /// <summary>A network of the zoo, or one of the others below.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="pattern">Pattern of its masks, <c>unstructured</c> or <c>dense</c>.</param>
    /// <param name="width">Width of a network of the zoo.</param>
    public static Model Create(string name, string pattern, double width)
    {
        var graph = name switch
        {
            "odd" => Odd(),
            "activations" => Activations(),
            "modern" => Modern(),
            "random pools" => RandomPools(),
            "bands" => Bands(),
            "pooled output" => PooledOutput(),
            "same names" => SameNames(),
            _ => Zoo.Build(name, name == "aconvnet" ? new(1, 88, 88) : new(3, 16, 16), classes: 5, width),
        };
        var model = Initialised(graph);
        return pattern switch
        {
            "dense" => model,
            "unstructured" => PruningPlan.CreateUnstructured(model, new(), null, keptShare: 0.5).ApplyTo(model),
            _ => PruningPlan.Create(model, new() { Pattern = UhpPattern.Parse(pattern) }).ApplyTo(model),
        };
    }

    /// <summary>
    /// Has 17 channels, groups, windows larger than the map, rectangles, values with several readers, and names that C does not allow.
    /// </summary>
    private static CheckedGraph Odd() => new(new("odd */ ??/", new(3, 9, 8), [
        new("0.stem", new Conv2dOp(17, 3, 5, 2, 2, 1, true), ["input"]),
        new("0_stem", new BatchNormOp(), ["0.stem"]),
        new("relu", new ReluOp(), ["0_stem"]),
        new("bn", new BatchNormOp(), ["relu"]),
        new("positive", new ReluOp(), ["bn"]),
        new("depthwise", new Conv2dOp(17, 3, 3, 1, 1, 17, true), ["positive"]),
        new("sum", new AddOp(), ["depthwise", "positive"]),
        new("wide", new Conv2dOp(20, 1, 1), ["sum"]),
        new("grouped", new Conv2dOp(28, 3, 3, 1, 1, 4), ["wide"]),
        new("max", new MaxPoolOp(3, 2, 1, CeilMode: true), ["grouped"]),
        new("mean", new AvgPoolOp(3, 2, 1, CountPadding: false, CeilMode: true), ["grouped"]),
        new("mean.padded", new AvgPoolOp(3, 2, 1, CountPadding: true, CeilMode: true), ["grouped"]),
        new("joined", new ConcatOp(), ["max", "mean", "mean.padded"]),
        new("shuffled", new ChannelShuffleOp(7), ["joined"]),
        new("larger", new UpsampleOp(2), ["shuffled"]),
        new("smooth", new UpsampleOp(3, Bilinear: true), ["larger"]),
        new("spread", new ConvTransposeOp(84, 3, 3, 1, 1, 0, true), ["smooth"]),
        new("spread.bn", new BatchNormOp(), ["spread"]),
        new("spread.sum", new AddOp(), ["spread.bn", "smooth"]),
        new("spread.relu", new ReluOp(), ["spread.sum"]),
        new("enlarged", new ConvTransposeOp(23, 2, 3, 2, 1, 1), ["spread.relu"]),
        new("slice", new SliceOp(5, 17), ["enlarged"]),
        new("padded", new PadOp(1, 0, 2, 1, 2, 1, 0.5f), ["slice"]),
        new("repeated", new EdgePadOp(0, 1, 3, 0), ["padded"]),
        new("reflected", new EdgePadOp(2, 0, 0, 1, Reflects: true), ["repeated"]),
        new("twice", new AddOp(), ["reflected", "reflected"]),
        new("pointwise", new Conv2dOp(17, 1, 1, 4), ["twice"]), // few inputs for fc, whose weights are most of the source
        new("dropout", new DropoutOp(0.5f), ["pointwise"]),
        new("flat", new FlattenOp(), ["dropout"]),
        new("fc", new LinearOp(17), ["flat"]),
        new("relu.fc", new ReluOp(), ["fc"]),
        new("fc2", new LinearOp(17, Bias: false), ["relu.fc"]),
        new("sum2", new AddOp(), ["fc2", "relu.fc"]),
        new("p", new SoftmaxOp(), ["sum2"]),
    ]));

    /// <summary>Has each activation and a squeeze and excitation. Its output is a map.</summary>
    private static CheckedGraph Activations() => new(new("activations", new(2, 6, 5), [
        new("conv", new Conv2dOp(17, 3, 3, 1, 1), ["input"]),
        new("clip", new ClipOp(-0.5f, 6), ["conv"]),
        new("clip2", new ClipOp(float.MinValue, 2), ["clip"]),
        new("leaky", new LeakyReluOp(0.1f), ["clip2"]),
        new("conv2", new Conv2dOp(17, 3, 3, 1, 1), ["leaky"]),
        new("prelu", new PReluOp(), ["conv2"]),
        new("affine", new AffineOp(), ["prelu"]),
        new("swish", new HardSwishOp(), ["affine"]),
        new("tanh", new TanhOp(), ["swish"]),
        new("product", new MulOp(), ["swish", "tanh"]),
        new("pool", new GlobalAvgPoolOp(), ["product"]),
        new("most", new GlobalMaxPoolOp(), ["product"]),
        new("pooled", new ConcatOp(), ["pool", "most"]),
        new("squeeze", new Conv2dOp(4, 1, 1, 1, 0, 1, true), ["pooled"]),
        new("sigmoid", new SigmoidOp(), ["squeeze"]),
        new("excite", new Conv2dOp(17, 1, 1, 1, 0, 1, true), ["sigmoid"]),
        new("gate", new HardSigmoidOp(), ["excite"]),
        new("gated", new MulOp(), ["product", "gate"]),
    ]));

    /// <summary>Has layers whose names are one in C.</summary>
    private static CheckedGraph SameNames() => new(new("same names", new(1, 4, 4), [
        new("a.b", new Conv2dOp(4, 3, 3, 1, 1, 1, true), ["input"]),
        new("a_b", new Conv2dOp(4, 3, 3, 1, 1, 4, true), ["a.b"]),
        new("a b", new PReluOp(), ["a_b"]),
        new("a_b_2", new Conv2dOp(3, 3, 3, 1, 1), ["a b"]),
    ]));

    /// <summary>Has smooth activations, normalisations over channels, and windows that are not square.</summary>
    private static CheckedGraph Modern() => new(new("modern", new(3, 9, 8), [
        new("conv", new Conv2dOp(17, 3, 3, 1, 1), ["input"]),
        new("norm", new LayerNormOp(), ["conv"]),
        new("instances", new GroupNormOp(17), ["norm"]),
        new("gelu", new GeluOp(), ["instances"]),
        new("most", new MaxPoolOp(3, 2, KernelWidth: 2, StrideWidth: 1, Sides: new(1, 0, 1, 1)), ["gelu"]),
        new("mean", new AvgPoolOp(1, 1, CountPadding: false, KernelWidth: 3, StrideWidth: 2, Sides: new(0, 1, 0, 2)), ["most"]),
        new("counted", new AvgPoolOp(2, 1, CountPadding: true, KernelWidth: 3, StrideWidth: 2, Sides: new(1, 0, 1, 1)), ["most"]),
        new("wide", new Conv2dOp(24, 1, 1), ["mean"]),
        new("groups", new GroupNormOp(3), ["wide"]),
        new("silu", new SiluOp(), ["groups"]),
        new("response", new LocalResponseNormOp(4, 0.5f, 0.75f, 2), ["counted"]),
        new("mish", new MishOp(), ["response"]),
        new("conv2", new Conv2dOp(5, 3, 3, 1, 1), ["mish"]),
        new("one group", new GroupNormOp(1), ["conv2"]),
        new("relu", new ReluOp(), ["one group"]),
        new("tanh", new GeluOp(Approximate: true), ["relu"]),
        new("elu", new EluOp(0.75f), ["tanh"]),
        new("first", new GlobalMaxPoolOp(), ["elu"]),
        new("second", new GlobalAvgPoolOp(), ["silu"]),
        new("joined", new ConcatOp(), ["first", "second"]),
        new("fc", new LinearOp(5), ["joined"]),
    ]));

    /// <summary>Has the poolings that draw random numbers in training, and spectral pooling.</summary>
    private static CheckedGraph RandomPools() => new(new("random pools", new(3, 9, 8), [
        new("conv", new Conv2dOp(17, 3, 3, 1, 1), ["input"]),
        new("rectangle", new MaxPoolDropoutOp(3, 1, 0.4f, KernelWidth: 2, Sides: new(1, 0, 0, 1)), ["conv"]),
        new("square", new MaxPoolDropoutOp(2, 2, 0.7f), ["rectangle"]),
        new("largest", new MaxPoolDropoutOp(3, 2, 0.5f, 1, CeilMode: true, Inference: PoolInference.ScaledMax), ["conv"]),
        new("stochastic", new StochasticPoolOp(3, 2, 1, CeilMode: true), ["conv"]),
        new("cropped", new SpectralPoolOp(4, 5), ["conv"]),
        new("spectral", new SpectralPoolOp(3, 3), ["cropped"]),
        .. new[] { "square", "largest", "stochastic", "spectral" }.Select(name => new Node($"{name}.flat", new FlattenOp(), [name])),
        new("joined", new ConcatOp(), ["square.flat", "largest.flat", "stochastic.flat", "spectral.flat"]),
        new("fc", new LinearOp(5), ["joined"]),
    ]));

    /// <summary>
    /// Has poolings that are computed with the convolution before them (named "band"), and others that must not be: of a sum, of what
    /// another layer reads, of rows that windows share or that padding begins, and of few pixels.
    /// </summary>
    private static CheckedGraph Bands() => new(new("bands", new(2, 44, 30), [
        new("a", new Conv2dOp(17, 5, 3, 2, 2, 1, true), ["input"]),
        new("a.relu", new ReluOp(), ["a"]),
        new("a.band", new MaxPoolOp(2, 2), ["a.relu"]), // the next layer reads it with a border
        new("b", new Conv2dOp(20, 3, 3, 1, 1), ["a.band"]),
        new("b.band", new AvgPoolOp(3, 3, CountPadding: false, KernelWidth: 2, StrideWidth: 2), ["b"]), // two rows of b are left over
        new("c", new Conv2dOp(17, 3, 3, 1, 1, 17), ["a.band"]), // depthwise
        new("c.band", new MaxPoolDropoutOp(2, 2, 0.7f), ["c"]),
        new("d", new Conv2dOp(17, 3, 3, 1, 1), ["a.band"]),
        new("d.sum", new AddOp(), ["d", "a.band"]),
        new("d.max", new MaxPoolOp(2, 2), ["d.sum"]),
        new("e", new Conv2dOp(9, 3, 3, 1, 1), ["a.band"]),
        new("e.max", new MaxPoolOp(2, 2), ["e"]),
        new("e.mean", new AvgPoolOp(2, 2), ["e"]),
        new("f", new Conv2dOp(9, 3, 3, 1, 1), ["a.band"]),
        new("f.max", new MaxPoolOp(3, 2), ["f"]),
        new("g", new Conv2dOp(9, 3, 3, 1, 1), ["a.band"]),
        new("g.max", new MaxPoolOp(2, 2, 1), ["g"]),
        new("h", new Conv2dOp(9, 3, 3, 1, 1), ["c.band"]),
        new("h.max", new MaxPoolOp(1, 1), ["h"]),
        new("k", new Conv2dOp(9, 3, 3, 1, 1), ["e"]),
        new("e.sigmoid", new SigmoidOp(), ["e"]), // k reads e again, row by row, after this
        new("k.band", new MaxPoolOp(2, 2), ["k"]),
        new("l", new Conv2dOp(9, 3, 3, 1, 1), ["a.band"]),
        new("l.max", new MaxPoolOp(3, 3, CeilMode: true), ["l"]),
        new("m", new Conv2dOp(9, 3, 3, 1, 1), ["a.band"]),
        new("m.band", new AvgPoolOp(2, 2, Sides: new(0, 1, 0, 1)), ["m"]),
        .. Ends.Select(name => new Node($"{name}.pooled", new GlobalAvgPoolOp(), [name])),
        new("joined", new ConcatOp(), [.. Ends.Select(name => $"{name}.pooled")]),
        new("fc", new LinearOp(5), ["joined"]),
    ]));

    private static string[] Ends =>
        ["b.band", "d.max", "e.max", "e.mean", "f.max", "g.max", "h.max", "e.sigmoid", "k.band", "l.max", "m.band"];

    /// <summary>Its output is a pooling of one channel, which lies in the caller's array.</summary>
    private static CheckedGraph PooledOutput() => new(new("pooled output", new(1, 20, 22), [
        new("conv", new Conv2dOp(1, 3, 3, 1, 1), ["input"]),
        new("pool", new MaxPoolOp(2, 2), ["conv"]),
    ]));

    private static Model Initialised(CheckedGraph graph)
    {
        var model = Initialiser.Initialise(graph, seed: 1);
        var random = new Random(2);
        foreach (var shape in graph.Parameters.Where(shape => shape.Role is not ParameterRole.Weight))
        {
            var isSum = shape.Role is ParameterRole.Bias or ParameterRole.Shift || shape.Name.EndsWith("mean", StringComparison.Ordinal);
            foreach (ref var value in model.Parameters[shape.Name].Data.AsSpan())
                value = isSum ? random.NextSingle() - 0.5f : 0.5f + random.NextSingle();
        }

        return model;
    }
}
