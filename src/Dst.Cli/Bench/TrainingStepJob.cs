using System.Diagnostics;
using Dst.Training.Autodiff;
using Dst.Training.Objectives;
using Dst.Training.Optimizers;

namespace Dst.Cli.Bench;

/// <summary>
/// A whole training step on random images: forward, cross-entropy, backward, SGD with Nesterov momentum and weight decay.
/// </summary>
internal sealed class TrainingStepJob : IDisposable
{
    private const double LearningRate = 1e-3; // so small that the weights stay about as they were initialised

    private readonly TrainingNetwork _network;
    private readonly Optimizer _optimizer;
    private readonly float[] _images;
    private readonly int[] _labels;
    private readonly float[] _gradient;

    /// <summary>Prepares steps of <paramref name="batch"/> images.</summary>
    public TrainingStepJob(Model model, int batch, ComputeContext compute, ConvolutionForms? forms = null)
    {
        _network = new(model, batch, compute, seed: 1, forms: forms);
        _optimizer = Optimizer.Create(new() { Nesterov = true }, _network.Parameters);
        var random = new Random(1);
        _images = new float[batch * model.Graph.Input.Count];
        for (var i = 0; i < _images.Length; i++) _images[i] = random.NextSingle() - 0.5f;
        _labels = [.. Enumerable.Range(0, batch).Select(i => i % _network.Classes)];
        _gradient = new float[batch * _network.Classes];
    }

    /// <summary>Takes the time of each operation; null, the default, measures nothing.</summary>
    public OperationTimes? Times
    {
        get => _network.Times;
        set => _network.Times = value;
    }

    /// <summary>Runs one step and returns its seconds.</summary>
    public double Run()
    {
        var start = Stopwatch.GetTimestamp();
        var logits = _network.Forward(_images, _labels.Length, training: true, _optimizer.Steps);

        var lossStart = Stopwatch.GetTimestamp();
        _gradient.AsSpan().Clear();
        CrossEntropy.Compute(logits, _labels, _network.Classes, labelSmoothing: 0, weight: 1, _gradient);
        Times?.Add("CrossEntropy", StepPass.Loss, lossStart);

        _network.Backward(_gradient);

        var updateStart = Stopwatch.GetTimestamp();
        _optimizer.Step(LearningRate);
        Times?.Add("Sgd", StepPass.Update, updateStart);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose() => _network.Dispose();
}
