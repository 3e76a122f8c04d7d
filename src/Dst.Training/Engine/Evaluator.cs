using Dst.Runtime.Inference;
using Dst.Training.Autodiff;
using Dst.Training.Data;

namespace Dst.Training.Engine;

/// <summary>Measures a network on a split. Results do not depend on batch size or threads.</summary>
public static class Evaluator
{
    private delegate ReadOnlySpan<float> ComputeLogits(Batch batch);

    /// <summary>Measures a model as training computes it.</summary>
    /// <param name="model">Not changed.</param>
    /// <param name="data">Set that the split belongs to.</param>
    /// <param name="samples">The split.</param>
    /// <param name="batch">Images in a batch.</param>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ClassificationMetrics Evaluate(
        Model model, DataSet data, SampleSet samples, int batch, ComputeContext compute, CancellationToken cancellation = default)
    {
        using var network = new TrainingNetwork(model, batch, compute, seed: 0);
        network.Freeze();
        using var loader = new BatchLoader(data, samples, batch, augment: false, seed: 0);
        return Evaluate(network, loader, cancellation);
    }

    /// <summary>Measures a network in training, in inference mode.</summary>
    /// <param name="network">Takes batches of at least the loader's size.</param>
    /// <param name="samples">A loader that does not augment.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ClassificationMetrics Evaluate(TrainingNetwork network, BatchLoader samples, CancellationToken cancellation = default) =>
        Evaluate(network.Classes, samples, batch => network.Forward(batch.Images, batch.Count, training: false), cancellation);

    /// <summary>Measures a compiled model.</summary>
    /// <param name="predictor">The compiled model.</param>
    /// <param name="samples">A loader that does not augment, of inputs as the model takes them.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ClassificationMetrics Evaluate(Predictor predictor, BatchLoader samples, CancellationToken cancellation = default)
    {
        return Evaluate(predictor.Classes, samples, Compute, cancellation);

        ReadOnlySpan<float> Compute(Batch batch)
        {
            var logits = new float[batch.Count * predictor.Classes];
            predictor.ComputeLogits(batch.Images.AsSpan(0, batch.Count * (int)predictor.Input.Count), logits);
            return logits;
        }
    }

    private static ClassificationMetrics Evaluate(int classes, BatchLoader samples, ComputeLogits compute, CancellationToken cancellation)
    {
        var metrics = new ClassificationMetrics(classes);
        foreach (var batch in samples.Epoch(0))
        {
            cancellation.ThrowIfCancellationRequested();
            metrics.Add(compute(batch), batch.Labels.AsSpan(0, batch.Labelled));
        }

        return metrics;
    }
}
