using Dst.Graph;
using Dst.Masks;
using Dst.Runtime.Quantisation;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Fuzz;

/// <summary>Small networks whose files are mutated.</summary>
internal static class Networks
{
    /// <summary>A residual network, dense.</summary>
    public static Model Dense { get; } = CreateDense();

    /// <summary>The networks.</summary>
    public static IReadOnlyList<Model> All { get; } =
    [
        Dense, Pruned("kernel:4:4", MaskKind.Uhp), Pruned("weight:1:2", MaskKind.Unstructured), Initialiser.Initialise(new(Many), seed: 1),
    ];

    /// <summary>The last of them in 8-bit integers, with floats between.</summary>
    public static Model Quantised { get; } =
        Quantiser.Quantise(All[^1], [.. Enumerable.Range(0, 4 * 8 * 8).Select(i => i % 7 - 3f)], 1).Model;

    /// <summary>Most operations, each once.</summary>
    private static NetworkGraph Many => new("many", new(4, 8, 8),
    [
        new("conv", new Conv2dOp(8, 3, 3, Padding: 1, Bias: true), ["input"]),
        new("bn", new BatchNormOp(), ["conv"]),
        new("relu", new ReluOp(), ["bn"]),
        new("depthwise", new Conv2dOp(8, 3, 3, Stride: 2, Padding: 1, Groups: 8), ["relu"]),
        new("clip", new ClipOp(0, 6), ["depthwise"]),
        new("shuffle", new ChannelShuffleOp(2), ["clip"]),
        new("left", new SliceOp(0, 4), ["shuffle"]),
        new("right", new SliceOp(4, 4), ["shuffle"]),
        new("prelu", new PReluOp(), ["left"]),
        new("leaky", new LeakyReluOp(), ["right"]),
        new("both", new ConcatOp(), ["prelu", "leaky"]),
        new("squeeze", new GlobalAvgPoolOp(), ["both"]),
        new("excite", new Conv2dOp(8, 1, 1), ["squeeze"]),
        new("gate", new HardSigmoidOp(), ["excite"]),
        new("scaled", new MulOp(), ["both", "gate"]),
        new("sum", new AddOp(), ["scaled", "both"]),
        new("swish", new HardSwishOp(), ["sum"]),
        new("max", new MaxPoolOp(2, 2), ["swish"]),
        new("mean", new AvgPoolOp(2, 1), ["max"]),
        new("affine", new AffineOp(), ["mean"]),
        new("tanh", new TanhOp(), ["affine"]),
        new("drop", new DropoutOp(0.1f), ["tanh"]),
        new("flat", new FlattenOp(), ["drop"]),
        new("fc", new LinearOp(3), ["flat"]),
    ]);

    /// <summary>What <paramref name="save"/> writes of each network.</summary>
    public static byte[][] Files(Action<string, Model> save) => [.. All.Select(model => FileOf(path => save(path, model)))];

    /// <summary>What <paramref name="save"/> writes to the path that it is given.</summary>
    public static byte[] FileOf(Action<string> save)
    {
        var folder = Directory.CreateTempSubdirectory("dst-fuzz-");
        try
        {
            var path = Path.Combine(folder.FullName, "file");
            save(path);
            return File.ReadAllBytes(path);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Model CreateDense()
    {
        var model = Initialiser.Initialise(Zoo.Build("resnet8", new(1, 8, 8), 3, width: 0.25), seed: 1);
        return new(model.Graph, model.Parameters)
        {
            ClassNames = ["tank", "truck", "clutter"],
            Normalisation = new(new(12, 20), AmplitudeTransform.Sqrt, [0.4f], [0.2f], Fit: ResizeFit.Pad),
        };
    }

    private static Model Pruned(string pattern, MaskKind kind) =>
        new Pruning(new PruningOptions { Pattern = UhpPattern.Parse(pattern) }, kind).Prepare(Dense, gradients: null, log: null).Apply();
}
