using Dst.Graph;

namespace Dst.Tests.Autodiff;

/// <summary>Graphs as importers build them, with numbers of channels that leave lanes unused.</summary>
internal static class ImportedGraphs
{
    /// <summary>Operations of mobile networks.</summary>
    public static CheckedGraph Mobile { get; } = new(new("imported", new(3, 10, 8),
        [
            new("shift", new AffineOp(), ["input"]),
            new("pad", new PadOp(0, 0, 1, 1, Value: 0.5f), ["shift"]),
            new("stem", new Conv2dOp(17, 3, 3, 2), ["pad"]),
            new("bn", new BatchNormOp(1e-2f), ["stem"]),
            new("clip", new ClipOp(0.25f, 0.75f), ["bn"]),
            new("square", new MulOp(), ["clip", "clip"]),
            new("scaled", new AffineOp(), ["square"]),
            new("relu", new ReluOp(), ["scaled"]),
            new("squeeze", new GlobalAvgPoolOp(), ["relu"]),
            new("fc1", new Conv2dOp(3, 1, 1, Bias: true), ["squeeze"]),
            new("prelu", new PReluOp(), ["fc1"]),
            new("fc2", new Conv2dOp(17, 1, 1, Bias: true), ["prelu"]),
            new("gate", new SigmoidOp(), ["fc2"]),
            new("excite", new MulOp(), ["relu", "gate"]),
            new("wide", new PadOp(0, 0, 0, 0, 1, 2, -0.5f), ["excite"]),
            new("shuffle", new ChannelShuffleOp(5), ["wide"]),
            new("first", new SliceOp(0, 3), ["shuffle"]),
            new("second", new SliceOp(3, 17), ["shuffle"]),
            new("swish", new HardSwishOp(), ["second"]),
            new("hard", new HardSigmoidOp(), ["first"]),
            new("tanh", new TanhOp(), ["hard"]),
            new("joined", new ConcatOp(), ["swish", "tanh"]),
            new("conv", new Conv2dOp(19, 3, 3, 1, 1), ["joined"]),
            new("affine", new AffineOp(), ["conv"]),
            new("relu6", new ClipOp(0, 6), ["affine"]),
            new("halved", new MaxPoolOp(1, 2), ["relu6"]),
            new("mean", new AvgPoolOp(2, 2, 1, CountPadding: false, CeilMode: true), ["halved"]),
            new("smooth", new UpsampleOp(3, Bilinear: true), ["mean"]),
            new("larger", new UpsampleOp(2), ["smooth"]),
            new("repeated", new EdgePadOp(0, 3, 2, 1), ["larger"]),
            new("reflected", new EdgePadOp(1, 0, 3, 2, Reflects: true), ["repeated"]),
            new("spectral", new SpectralPoolOp(5, 6), ["reflected"]),
            new("leaky", new LeakyReluOp(), ["spectral"]),
            new("flat", new FlattenOp(), ["leaky"]),
            new("logits", new LinearOp(3), ["flat"]),
        ]));

    /// <summary>Smooth activations, normalisations over channels, and windows that are not square.</summary>
    public static CheckedGraph Modern { get; } = new(new("modern", new(3, 9, 10),
        [
            new("stem", new Conv2dOp(17, 3, 3, 1, 1), ["input"]),
            new("norm", new LayerNormOp(1e-2f), ["stem"]),
            new("expand", new Conv2dOp(33, 1, 1, Bias: true), ["norm"]),
            new("groups", new GroupNormOp(3, 1e-2f), ["expand"]),
            new("gelu", new GeluOp(), ["groups"]),
            new("project", new Conv2dOp(17, 1, 1, Bias: true), ["gelu"]),
            new("instances", new GroupNormOp(17, 1e-2f), ["project"]),
            new("scale", new AffineOp(), ["instances"]),
            new("sum", new AddOp(), ["scale", "stem"]),
            new("most", new MaxPoolOp(3, 2, KernelWidth: 2, StrideWidth: 1, Sides: new(1, 0, 1, 1)), ["sum"]),
            new("mean", new AvgPoolOp(1, 1, CountPadding: false, KernelWidth: 3, StrideWidth: 2, Sides: new(0, 1, 0, 2)), ["most"]),
            new("enlarged", new ConvTransposeOp(19, 3, 2, 2, 1, 1), ["mean"]),
            new("enlarged norm", new BatchNormOp(1e-2f), ["enlarged"]),
            new("enlarged relu", new ReluOp(), ["enlarged norm"]),
            new("spread", new ConvTransposeOp(17, 2, 3, 1, Bias: true), ["enlarged relu"]),
            new("sum of sizes", new AddOp(), ["spread", "spread"]),
            new("silu", new SiluOp(), ["sum of sizes"]),
            new("response", new LocalResponseNormOp(5, 0.5f, 0.75f, 2), ["silu"]),
            new("mish", new MishOp(), ["response"]),
            new("tanh", new GeluOp(Approximate: true), ["mish"]),
            new("elu", new EluOp(0.75f), ["tanh"]),
            new("pool", new GlobalAvgPoolOp(), ["elu"]),
            new("rows", new LayerNormOp(), ["pool"]),
            new("logits", new LinearOp(3), ["rows"]),
        ]));
}
