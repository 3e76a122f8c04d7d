using Dst.Foundations;
using Dst.Graph;
using Dst.Runtime.Inference;
using Dst.Runtime.Threading;
using Dst.Training.Masks;
using Dst.Training.Masks.Repair;
using Dst.Training.Networks;

namespace Dst.Tests.Masks.Repair;

public sealed class BatchNormRestorerTests : IDisposable
{
    private const int Images = 6;
    private readonly WorkerPool _pool = new(1);

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void The_network_computes_the_same_with_statistics_of_the_images()
    {
        var (folded, images) = (Folded(), Draw());
        var restored = BatchNormRestorer.Restore(folded, images, new(_pool));
        Assert.Equal(
            ["conv1", "conv1.bn", "relu", "conv2", "conv2.bn", "sum", "pool", "squeeze", "fc"],
            restored.Graph.Nodes.Select(node => node.Name));
        Assert.DoesNotContain("conv1.bias", restored.Parameters.Keys);
        var (expected, actual) = (Logits(folded, images), Logits(restored, images));
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4);

        // In training each channel behind conv1 then has the mean and deviation that its scale and shift say.
        var layer = Logits(
            new(new(new("conv", new(3, 8, 8), [folded.Graph.Nodes[0]])), folded.Parameters), images);
        for (var c = 0; c < 8; c++)
        {
            var values = Enumerable.Range(0, Images).SelectMany(n => layer.Skip((n * 8 + c) * 64).Take(64))
                .Select(value => (double)value).ToList();
            var mean = values.Average();
            Assert.Equal(mean, restored.Parameters["conv1.bn.bias"].Data[c], 1e-4);
            Assert.Equal(mean - folded.Parameters["conv1.bias"].Data[c], restored.Parameters["conv1.bn.running_mean"].Data[c], 1e-4);
            var variance = values.Average(value => (value - mean) * (value - mean));
            Assert.Equal(variance, restored.Parameters["conv1.bn.running_var"].Data[c], 1e-4);
        }
    }

    [Fact]
    public void Masks_stay()
    {
        var folded = Folded();
        var pruned = PruningPlan.Create(folded, new() { Block = 4, Group = 2 }).ApplyTo(folded);
        var restored = BatchNormRestorer.Restore(pruned, Draw(), new(_pool));
        Assert.Equal(pruned.Masks.Keys, restored.Masks.Keys);
        Assert.Equal(pruned.Parameters["conv2.weight"].Data, restored.Parameters["conv2.weight"].Data);
    }

    [Fact]
    public void Networks_that_have_normalisations_are_known()
    {
        var folded = Folded().Graph;
        Assert.True(BatchNormRestorer.LacksBatchNorm(folded));
        foreach (var norm in new Operation[] { new LayerNormOp(), new GroupNormOp(1) })
        {
            var normalised = new NetworkGraph("norm", folded.Input, [.. folded.Nodes, new("norm", norm, ["fc"])]);
            Assert.False(BatchNormRestorer.LacksBatchNorm(new(normalised)));
        }

        foreach (var name in Zoo.Names)
        {
            var lacks = name is "lenet7" or "plain4" or "plain6";
            Assert.Equal((name, lacks), (name, BatchNormRestorer.LacksBatchNorm(Zoo.Build(name, Zoo.UsualTask(name).Input, 10))));
        }

        var resnet = Initialiser.Initialise(Zoo.Build("resnet8", new(3, 8, 8), 4), 1);
        Assert.Contains(
            "no convolution without", Assert.Throws<InputException>(() => BatchNormRestorer.Restore(resnet, Draw(), new(_pool))).Message);
    }

    /// <summary>A network without batch normalisation, one of whose convolutions has a bias.</summary>
    private static Model Folded()
    {
        var graph = new CheckedGraph(new("folded", new(3, 8, 8),
        [
            new("conv1", new Conv2dOp(8, 3, 3, Padding: 1, Bias: true), ["input"]), new("relu", new ReluOp(), ["conv1"]),
            new("conv2", new Conv2dOp(8, 3, 3, Padding: 1), ["relu"]), new("sum", new AddOp(), ["conv2", "relu"]),
            new("pool", new GlobalAvgPoolOp(), ["sum"]),
            new("squeeze", new Conv2dOp(4, 1, 1), ["pool"]), new("fc", new LinearOp(3), ["squeeze"]),
        ]));
        var model = Initialiser.Initialise(graph, seed: 3);
        var bias = model.Parameters["conv1.bias"].Data;
        for (var c = 0; c < bias.Length; c++) bias[c] = c - 3;
        return model;
    }

    private static CalibrationImages Draw()
    {
        var random = new RandomStream(5, RandomPurpose.Calibrate);
        var values = new float[Images * 3 * 64];
        for (var i = 0; i < values.Length; i++) values[i] = (float)random.NextNormal();
        return new(values, Images);
    }

    private static float[] Logits(Model model, CalibrationImages images)
    {
        using var plan = InferencePlan.CompileDirect(model);
        using var session = plan.CreateSession();
        var logits = new float[Images * plan.Outputs];
        session.Run(images.Values, Images, logits);
        return logits;
    }
}
