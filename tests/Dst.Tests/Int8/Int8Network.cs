using Dst.Graph;
using Dst.Masks;
using Dst.Tests.Autodiff;
using Dst.Training.Masks;

namespace Dst.Tests.Int8;

/// <summary>A random network with every operation that computes on bytes, in odd shapes, and images for it.</summary>
internal static class Int8Network
{
    public static readonly FeatureShape Input = new(3, 9, 7);

    /// <summary>The network, whose layer <c>wide</c> is halved by a pattern.</summary>
    public static Model Create(string pattern = "kernel:16:2")
    {
        var model = RandomGraph.CreateModel(
            new(new NetworkGraph("net", Input,
            [
                new("conv", new Conv2dOp(19, 3, 3, 1, 1), ["input"]),
                new("bn", new BatchNormOp(), ["conv"]),
                new("relu", new ReluOp(), ["bn"]),
                new("deep", new Conv2dOp(19, 3, 3, 1, 1, 19, true), ["relu"]),
                new("deep.bn", new BatchNormOp(), ["deep"]),
                new("deep.clip", new ClipOp(0, 6), ["deep.bn"]),
                new("point", new Conv2dOp(19, 1, 1), ["deep.clip"]),
                new("sum", new AddOp(), ["point", "relu"]),
                new("sum.relu", new ReluOp(), ["sum"]),
                new("twice", new AddOp(), ["sum.relu", "relu"]),
                new("wide", new Conv2dOp(33, 3, 3, 1, 1, 1, true), ["twice"]),
                new("tanh", new TanhOp(), ["wide"]),
                new("small", new Conv2dOp(5, 5, 2, 1, 1), ["twice"]),
                new("same", new PadOp(0, 0, 2, 0), ["small"]),
                new("crop", new AvgPoolOp(2, 1, CountPadding: false), ["same"]),
                new("wide.crop", new MaxPoolOp(2, 1), ["tanh"]),
                new("wide.pad", new PadOp(0, 0, 0, 1), ["wide.crop"]),
                new("cat", new ConcatOp(), ["crop", "wide.pad"]),
                new("plain", new BatchNormOp(), ["cat"]),
                new("plain.relu", new ReluOp(), ["plain"]),
                new("mean", new AvgPoolOp(3, 2, 1, CountPadding: true), ["plain.relu"]),
                new("strided", new Conv2dOp(17, 3, 2, 2, 1, 1, true), ["mean"]),
                new("flat", new FlattenOp(), ["strided"]),
                new("linear", new LinearOp(35), ["flat"]),
                new("most", new GlobalMaxPoolOp(), ["linear"]),
                new("global", new GlobalAvgPoolOp(), ["most"]),
                new("fc", new LinearOp(4), ["global"]),
                new("softmax", new SoftmaxOp(), ["fc"]),
            ])),
            seed: 1);
        var weight = model.Parameters["wide.weight"];
        var mask = UhpPruner.Prune(weight, UhpPattern.Parse(pattern));
        mask.Apply(weight.Data);
        return model with { Masks = new Dictionary<string, LayerMask> { ["wide"] = mask } };
    }

    /// <summary>Images [count, C, H, W] of normally distributed numbers.</summary>
    public static float[] Images(int count, int seed = 2)
    {
        var (random, images) = (new Random(seed), new float[count * Input.Count]);
        for (var i = 0; i < images.Length; i++)
            images[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return images;
    }
}
