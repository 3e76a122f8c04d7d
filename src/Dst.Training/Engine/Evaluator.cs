using Dst.Runtime.Inference;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Objectives;

namespace Dst.Training.Engine;

/// <summary>Measures a network on a split. Results do not depend on batch size or threads.</summary>
/// <example>
/// <code>
/// var data = DataSet.Load(new DataOptions { Path = "photos" }, seed: 1, Console.WriteLine);
/// var model = Model.Load("dst.safetensors");
/// using var predictor = new Predictor(model);
/// using var images = new BatchLoader(data.For(model), data.Test, batchSize: 64, augment: false, seed: 0);
/// Console.WriteLine($"{Evaluator.Evaluate(predictor, images).Top1:P2}");
/// </code>
/// </example>
public static class Evaluator
{
    private delegate ReadOnlySpan<float> ComputeLogits(Batch batch);

    /// <summary>Measures a model: one of floats as training computes it, a quantised one as inference does.</summary>
    /// <param name="model">Not changed.</param>
    /// <param name="data">Set that the split belongs to.</param>
    /// <param name="samples">The split.</param>
    /// <param name="batch">Images in a batch.</param>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    /// <exception cref="InputException">Its outputs are not of classes.</exception>
    /// <exception cref="NotFiniteNumberException">A logit is not finite.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ClassificationMetrics Evaluate(
        Model model, DataSet data, SampleSet samples, int batch, ComputeContext compute, CancellationToken cancellation = default)
    {
        var metrics = model.Int8 is null
            ? EvaluateFloats(model, data, samples, batch, compute, cancellation)
            : EvaluateInt8(model, data, samples, batch, compute, cancellation);
        return double.IsFinite(metrics.Loss) ? metrics : throw new NotFiniteNumberException(
            $"network '{model.Graph.Name}' gives logits of {samples.Name} images that are not finite; its weights overflow", metrics.Loss);
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
        return Evaluate(predictor.OutputCount, samples, Compute, cancellation);

        ReadOnlySpan<float> Compute(Batch batch)
        {
            var logits = new float[batch.Count * predictor.OutputCount];
            predictor.ComputeLogits(batch.Images.AsSpan(0, batch.Count * (int)predictor.Input.Count), logits);
            return logits;
        }
    }

    /// <summary>The mean squared error of an auto-encoder in training, in inference mode, over all pixels of a split.</summary>
    /// <param name="network">Takes batches of at least the loader's size; its outputs are images.</param>
    /// <param name="samples">A loader that does not augment.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static double SquaredErrorOf(TrainingNetwork network, BatchLoader samples, CancellationToken cancellation = default)
    {
        var (sum, count) = (0.0, 0L);
        foreach (var batch in samples.Epoch(0))
        {
            network.Ranks.ThrowIfCancelled(cancellation);
            var outputs = network.Forward(batch.Images, batch.Count, training: false);
            sum += batch.Count * SquaredError.Mean(outputs, batch.Images.AsSpan(0, outputs.Length), gradient: default);
            count += batch.Count;
        }

        return sum / count;
    }

    private static ClassificationMetrics EvaluateFloats(
        Model model, DataSet data, SampleSet samples, int batch, ComputeContext compute, CancellationToken cancellation)
    {
        using var network = new TrainingNetwork(model.ToLogits(), batch, compute, seed: 0);
        network.Freeze();
        using var loader = new BatchLoader(data, samples, batch, augment: false, seed: 0, ranks: compute.Ranks);
        return Evaluate(network, loader, cancellation);
    }

    /// <summary>Each rank reads and measures all images.</summary>
    private static ClassificationMetrics EvaluateInt8(
        Model model, DataSet data, SampleSet samples, int batch, ComputeContext compute, CancellationToken cancellation)
    {
        // Without tuning, float layers of the network give the same numbers each time.
        var options = new InferenceOptions { Tier = compute.Tier, Batch = batch, Tune = false };
        using var predictor = new Predictor(model.ToLogits(), options, compute.Pool.Threads);
        using var loader = new BatchLoader(data, samples, batch, augment: false, seed: 0);
        return Evaluate(predictor, loader, cancellation);
    }

    private static ClassificationMetrics Evaluate(int classes, BatchLoader samples, ComputeLogits compute, CancellationToken cancellation)
    {
        var metrics = new ClassificationMetrics(classes);
        foreach (var batch in samples.Epoch(0))
        {
            samples.Ranks.ThrowIfCancelled(cancellation);
            metrics.Add(compute(batch), batch.Labels.AsSpan(0, batch.Labelled));
        }

        return metrics;
    }
}
