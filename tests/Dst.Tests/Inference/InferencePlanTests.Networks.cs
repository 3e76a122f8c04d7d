using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.Runtime.Inference;
using Dst.Runtime.Threading;
using Dst.Tests.Autodiff;
using Dst.Training.Autodiff;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Inference;

/// <summary>The networks of the tests, and ways to run them.</summary>
public partial class InferencePlanTests
{
    private static Model Small(string network)
    {
        var usual = Zoo.UsualTask(network).Input;
        var input = usual.Channels == 1 ? usual : new(3, 12, 12);
        return Initialised(Zoo.Build(network, input, Classes, width: 0.5));
    }

    /// <summary>Random weights, and statistics other than 0 and 1, as after training.</summary>
    internal static Model Initialised(CheckedGraph graph)
    {
        var model = Initialiser.Initialise(graph, seed: 1);
        var random = new Random(2);
        foreach (var shape in graph.Parameters.Where(shape => shape.Role is not ParameterRole.Weight))
        {
            foreach (ref var value in model.Parameters[shape.Name].Data.AsSpan())
                value = shape.Role is ParameterRole.Bias or ParameterRole.Shift || shape.Name.EndsWith("mean")
                    ? random.NextSingle() - 0.5f
                    : 0.5f + random.NextSingle();
        }

        return model;
    }

    internal static Model Halved(Model dense, string pattern) =>
        PruningPlan.Create(dense, new PruningOptions { Pattern = UhpPattern.Parse(pattern) }).ApplyTo(dense);

    internal static Model Unstructured(Model dense)
    {
        LayerMask Halve(Tensor weight) => UnstructuredPruner.Prune(weight, weight.Data.Length / 2);
        var layers = dense.Graph.Nodes.Where(node => node.Operation is Conv2dOp { Groups: 1 }).Select(node => node.Name);
        var masks = layers.ToDictionary(layer => layer, layer => Halve(dense.Parameters[$"{layer}.weight"]));
        var parameters = dense.Parameters.ToDictionary(
            parameter => parameter.Key, parameter => new Tensor(parameter.Value.Shape, (float[])parameter.Value.Data.Clone()));
        foreach (var (layer, mask) in masks) mask.Apply(parameters[$"{layer}.weight"].Data);
        return new(dense.Graph, parameters) { Masks = masks };
    }

    private static float[] Expected(SimdTier tier, Model model)
    {
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(model, Images, new(pool, tier), seed: 1);
        return network.Forward(ImagesOf(model.Graph), Images, training: false).ToArray();
    }

    private static float[] InDouble(Model model) =>
        Array.ConvertAll(new DoubleNetwork(model, ImagesOf(model.Graph), Images, training: false).Forward(), value => (float)value);

    private static float[] Run(InferencePlan plan, Model model, int threads)
    {
        using var session = plan.CreateSession(threads);
        return Run(session, plan, model);
    }

    private static float[] Run(InferenceSession session, InferencePlan plan, Model model)
    {
        var logits = new float[Images * plan.Outputs];
        session.Run(ImagesOf(model.Graph), Images, logits);
        return logits;
    }

    private static unsafe float[] RunStep(SimdTier tier, Dst.Runtime.Inference.Steps.InferenceStep step, Model model, int parts)
    {
        var (input, output) = (model.Graph.Input, model.Graph.OutputShape);
        using var x = new AlignedBuffer(Images * Dst.Kernels.Layout.ImageLength(input.Channels, input.Height * input.Width));
        using var y = new AlignedBuffer(Images * Dst.Kernels.Layout.ImageLength(output.Channels, output.Height * output.Width));
        using var scratch = new AlignedBuffer(step.ScratchLength(parts));
        var result = new float[Images * output.Count];
        fixed (float* plain = ImagesOf(model.Graph))
            Dst.Kernels.Layout.FromPlain(plain, Images, input.Channels, input.Height * input.Width, x.Pointer);
        var units = step.Units(Images);
        for (var part = 0; part < parts; part++)
            step.Run(new(x.Pointer, null, y.Pointer, Images, tier), part * units / parts, (part + 1) * units / parts, scratch.Pointer);
        fixed (float* plain = result) Dst.Kernels.Layout.ToPlain(y.Pointer, Images, output.Channels, output.Height * output.Width, plain);
        return result;
    }

    private static float[] ImagesOf(CheckedGraph graph)
    {
        var random = new Random(3);
        var images = new float[Images * graph.Input.Count];
        for (var i = 0; i < images.Length; i++) images[i] = random.NextSingle() * 2 - 1;
        return images;
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-3 * largest);
    }
}
