using System.Runtime.CompilerServices;
using System.Text.Json;
using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Networks;
using Dst.Training.Objectives;
using Dst.Training.Optimizers;

namespace Dst.Tests.Golden;

/// <summary>20 training steps against PyTorch's double-precision run of the same network, weights and data (make_golden.py).</summary>
public class GoldenTrainingTests
{
    private const double LossTolerance = 1e-4; // relative
    private const double FirstLogitTolerance = 1e-4;
    private const double LastLogitTolerance = 1e-3; // three times the difference of the disturbed runs of make_golden.py

    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    [Theory]
    [TierData("resnet8", Scalar = false)] // the references would take minutes
    [TierData("aconvnet", Scalar = false)]
    public void Losses_and_logits_of_twenty_steps_are_pytorchs(SimdTier tier, string name)
    {
        var golden = ReadCase(name);
        var shape = new FeatureShape(golden.Channels, golden.Side, golden.Side);
        using var pool = new WorkerPool(2);
        var model = GoldenInputs.Model(Zoo.Build(name, shape, golden.Classes, dropout: 0));
        using var network = new TrainingNetwork(model, golden.Batch, new(pool, tier), seed: 0);
        var optimizer = Optimizer.Create(
            new() { Momentum = golden.Momentum, WeightDecay = golden.WeightDecay, Nesterov = golden.Nesterov }, network.Parameters);
        var gradient = new float[golden.Batch * golden.Classes];
        for (var step = 0; step < golden.Losses.Length; step++)
        {
            var (images, labels) = GoldenInputs.Batch(step, golden.Batch, golden.Classes, shape);
            var logits = network.Forward(images, golden.Batch, training: true, step);
            if (step == 0) ExpectClose(golden.FirstTrainingLogits, logits, FirstLogitTolerance);
            Array.Clear(gradient);
            var loss = CrossEntropy.Compute(logits, labels, golden.Classes, labelSmoothing: 0, weight: 1, gradient);
            Assert.True(
                Math.Abs(loss - golden.Losses[step]) <= LossTolerance * golden.Losses[step],
                $"step {step}: {loss}, PyTorch {golden.Losses[step]}");
            network.Backward(gradient);
            optimizer.Step(golden.LearningRate);
        }

        const int evaluated = 2;
        var (last, _) = GoldenInputs.Batch(golden.Losses.Length, evaluated, golden.Classes, shape);
        ExpectClose(golden.LastEvaluationLogits, network.Forward(last, evaluated, training: false), LastLogitTolerance);
    }

    [Fact]
    public void Inputs_are_those_of_the_script()
    {
        // From uniform("images.0", 3) and uniform("conv1.weight", 2) of make_golden.py.
        Assert.Equal(
            [0.3638378381729126, 0.4511678218841553, 0.9899533987045288],
            Enumerable.Range(0, 3).Select(i => GoldenInputs.Uniform("images.0", i)));
        Assert.Equal(
            [-0.5070569515228271, -0.9510571956634521], Enumerable.Range(0, 2).Select(i => GoldenInputs.Uniform("conv1.weight", i)));
    }

    private static void ExpectClose(double[] expected, ReadOnlySpan<float> actual, double tolerance)
    {
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], tolerance);
    }

    private static GoldenCase ReadCase(string name, [CallerFilePath] string thisFile = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(thisFile)!, "training.json");
        using var json = JsonDocument.Parse(File.ReadAllText(path));
        return json.RootElement.GetProperty("cases").GetProperty(name).Deserialize<GoldenCase>(SnakeCase)!;
    }

    private sealed record GoldenCase(
        int Channels, int Side, int Classes, int Batch, double LearningRate, double Momentum, double WeightDecay, bool Nesterov,
        double[] Losses, double[] FirstTrainingLogits, double[] LastEvaluationLogits);
}
