using Dst.Runtime;
using Dst.Runtime.Graph;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;

namespace Dst.Tests.Autodiff;

public class RandomGraphTests
{
    private const int MaxBatch = 11;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Logits_and_gradients_are_those_of_the_graph_in_double_precision(int seed)
    {
        var graph = RandomGraph.Create(seed);
        var model = RandomGraph.CreateModel(graph, seed);
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(model, MaxBatch, pool, seed);
        foreach (var count in new[] { MaxBatch, 5 })
        {
            var images = Images(model, count, seed);
            var expected = new DoubleNetwork(model, images, count, training: true);
            var logits = expected.Forward();
            var gradient = RandomValues(logits.Length, seed);
            expected.Backward(new Dictionary<string, float[]> { [graph.Output.Name] = gradient });
            AssertClose($"{Describe(graph)} logits", logits, network.Forward(images, count, training: true));
            network.Backward(gradient);
            AssertGradients(graph, expected, network);
        }
    }

    private static void AssertGradients(NetworkGraph graph, DoubleNetwork expected, TrainingNetwork network)
    {
        foreach (var parameter in network.Parameters.Where(p => p.IsTrained))
            AssertClose($"{Describe(graph)} gradient of {parameter.Shape.Name}", expected.Gradients[parameter.Shape.Name], parameter.Gradient);
    }

    private static void AssertClose(string what, double[] expected, ReadOnlySpan<float> actual)
    {
        var tolerance = 2e-3 * (expected.Max(Math.Abs) + 1);
        for (var i = 0; i < expected.Length; i++)
            if (!(Math.Abs(expected[i] - actual[i]) <= tolerance)) Assert.Fail($"{what}: {actual[i]} at {i}, {expected[i]} was expected");
    }

    private static string Describe(NetworkGraph graph) =>
        string.Join("\n", graph.Nodes.Select(n => $"{n.Name} = {n.Operation}({string.Join(", ", n.Inputs)})"));

    /// <summary>Images for which no ReLU or maximum is so near its kink that float and double could take different sides.</summary>
    private static float[] Images(Model model, int count, int seed)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            var images = RandomValues((int)(count * model.Graph.Input.Count), seed + 1000 * attempt);
            var network = new DoubleNetwork(model, images, count, training: true);
            network.Forward();
            if (network.Margin > 5e-6) return images;
        }

        throw new InvalidOperationException("no images keep clear of the kinks");
    }

    private static float[] RandomValues(int length, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
