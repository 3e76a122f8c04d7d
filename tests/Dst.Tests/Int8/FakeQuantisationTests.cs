using Dst.Graph;
using Dst.Quantisation;
using Dst.Runtime.Inference;
using Dst.Runtime.Quantisation;
using Dst.Runtime.Threading;
using Dst.Tests.Autodiff;
using Dst.Training.Autodiff;

namespace Dst.Tests.Int8;

/// <summary>Training with fake quantisation computes what the quantised network computes.</summary>
public class FakeQuantisationTests
{
    private const int Count = 12;

    /// <summary>
    /// A sum of floats near the middle between two bytes may become the other byte, and what follows then differs too. The network has all
    /// operations, one after another.
    /// </summary>
    [Fact]
    public void Values_are_those_of_the_quantised_network_but_for_a_few_steps()
    {
        var (model, images) = (Int8Network.Create().ToLogits(), Int8Network.Images(Count));
        var quantised = Quantiser.Quantise(model, images, Count).Model;
        var scales = quantised.Int8!.Values;
        var seen = ValuesInTraining(quantised, WeightSteps.Apply(quantised, BatchNormFolding.Apply(model)) with { Int8 = null }, images);
        using var plan = InferencePlan.CompileDirect(quantised, new());
        using var walk = new ValueWalk(plan);
        var (elements, others, length) = (0, 0, (int)Int8Network.Input.Count);
        for (var i = 0; i < Count; i++)
        {
            walk.Run(images.AsSpan(i * length, length), (value, bytes) =>
            {
                var name = value.Split(':')[0]; // a value of floats is converted to name:bytes
                if (plan.Program.Values[value].Scale is null || !seen.TryGetValue(name, out var values)) return;
                for (var k = 0; k < bytes.Length; k++)
                {
                    var steps = Math.Round((values[i * bytes.Length + k] - bytes[k]) / scales[name].Scale);
                    Assert.InRange(steps, -3, 3);
                    elements++;
                    if (steps != 0) others++;
                }
            });
        }

        Assert.InRange(elements, 100_000, int.MaxValue);
        Assert.InRange(others, 0, elements / 400);
    }

    [Fact]
    public void The_gradient_goes_straight_through_where_a_value_is_in_range()
    {
        var graph = new CheckedGraph(new("net", new(1, 1, 6),
        [
            new("conv", new Conv2dOp(1, 1, 1, 1, 0, 1, true), ["input"]), new("flat", new FlattenOp(), ["conv"]),
        ]));
        var model = new Model(graph, new Dictionary<string, Tensor>
        {
            ["conv.weight"] = new([1, 1, 1, 1], [2]),
            ["conv.bias"] = new([1], [0]),
        });
        using var pool = new WorkerPool(1);
        var scales = new Dictionary<string, ByteScale> { ["conv"] = new(0.1f, 10) }; // -1 to 24.5
        using var network = new TrainingNetwork(model, 1, new(pool), seed: 0, scales: scales);
        var outputs = network.Forward([-9, -0.5f, 0.02f, 0.03f, 12.25f, 20], 1, training: true).ToArray();
        Assert.All(outputs.Zip([-1, -1, 0, 0.1, 24.5, 24.5]), pair => Assert.Equal(pair.Second, pair.First, 1e-5));
        network.Backward([1, 10, 100, 1000, 10_000, 100_000]);
        Assert.Equal(11_110, network.Parameters.Single(p => p.Shape.Name == "conv.bias").Gradient[0]);
        Assert.Equal(
            10 * -0.5f + 100 * 0.02f + 1000 * 0.03f + 10_000 * 12.25f,
            network.Parameters.Single(p => p.Shape.Name == "conv.weight").Gradient[0], 0.1f);
    }

    /// <summary>What a normalisation computes is stored rounded alone, but its gradient has memory.</summary>
    [Fact]
    public void The_gradient_goes_through_a_normalisation_whose_output_has_a_scale()
    {
        var model = RandomGraph.CreateModel(
            new(new("net", new(1, 3, 4),
            [
                new("conv", new Conv2dOp(2, 1, 1, 1, 0, 1, true), ["input"]), new("bn", new BatchNormOp(), ["conv"]),
                new("flat", new FlattenOp(), ["bn"]),
            ])),
            seed: 1);
        float[] Gradients(params string[] scaled)
        {
            using var pool = new WorkerPool(1);
            var scales = scaled.ToDictionary(name => name, _ => new ByteScale(0.1f, 128)); // -12.8 to 12.7
            using var network = new TrainingNetwork(model, 1, new(pool), seed: 0, scales: scales);
            network.Forward([.. Enumerable.Range(0, 12).Select(i => MathF.Sin(i))], 1, training: true);
            network.Backward([.. Enumerable.Range(0, 24).Select(i => MathF.Cos(i))]);
            return [.. network.Parameters.SelectMany(parameter => parameter.Gradient)];
        }

        Assert.Equal(Gradients(), Gradients("bn"));
    }

    /// <summary>The values that have scales, of all images, as training computes them.</summary>
    private static Dictionary<string, float[]> ValuesInTraining(Model quantised, Model rounded, float[] images)
    {
        string[] names = [.. quantised.Int8!.Values.Keys.Where(name => name != NetworkGraph.InputName)];
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(rounded, Count, new(pool), seed: 0, names, scales: quantised.Int8.Values);
        network.Forward(images, Count, training: true);
        var values = names.ToDictionary(name => name, name => new float[Count * quantised.Graph.Shapes[name].Count]);
        foreach (var (name, elements) in values) network.ReadFeature(name, elements);
        return values;
    }
}
