using Dst.Runtime.Inference;
using Dst.Training.Autodiff;
using Dst.Training.Data;

namespace Dst.Training.Engine;

/// <summary>Measures a network on a split.</summary>
public static class TrainerEvaluation
{
    /// <summary>Runs the network in inference mode over all samples.</summary>
    /// <param name="network">Takes batches of at least the loader's size.</param>
    /// <param name="samples">A loader that does not augment.</param>
    /// <param name="cancellation">Looked at before each batch.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ClassificationMetrics Evaluate(TrainingNetwork network, BatchLoader samples, CancellationToken cancellation = default)
    {
        var metrics = new ClassificationMetrics(network.Classes);
        foreach (var batch in samples.Epoch(0))
        {
            cancellation.ThrowIfCancellationRequested();
            metrics.Add(network.Forward(batch.Images, batch.Count, training: false), batch.Labels.AsSpan(0, batch.Count));
        }

        return metrics;
    }

    /// <summary>Runs a compiled model over all samples.</summary>
    /// <param name="model">The compiled model.</param>
    /// <param name="samples">A loader that does not augment, of inputs as the model takes them.</param>
    /// <param name="cancellation">Looked at before each batch.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ClassificationMetrics Evaluate(Predictor model, BatchLoader samples, CancellationToken cancellation = default)
    {
        var metrics = new ClassificationMetrics(model.Classes);
        foreach (var batch in samples.Epoch(0))
        {
            cancellation.ThrowIfCancellationRequested();
            var logits = new float[batch.Count * model.Classes];
            model.ComputeLogits(batch.Images.AsSpan(0, batch.Count * (int)model.Input.Count), logits);
            metrics.Add(logits, batch.Labels.AsSpan(0, batch.Count));
        }

        return metrics;
    }
}
