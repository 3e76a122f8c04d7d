using Dst.Graph;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Objectives.Terms;

namespace Dst.Training.Masks;

/// <summary>
/// The gradients that scores need: of the cross-entropy with the labels, averaged over augmented training batches.
/// </summary>
/// <param name="data">Its training images are used.</param>
/// <param name="batchSize">Images in a batch.</param>
/// <param name="compute">Threads and vector width.</param>
/// <param name="seed">Seed of order, augmentation and dropout.</param>
public sealed class ScoreGradients(DataSet data, int batchSize, ComputeContext compute, long seed)
{
    /// <summary>Gradient by name of each weight tensor, in its layout; null if the options' score needs none.</summary>
    /// <param name="model">Not changed.</param>
    /// <param name="options">The score, and over how many batches of the first epoch it averages.</param>
    public IReadOnlyDictionary<string, float[]>? Of(Model model, PruningOptions options) =>
        options.Score == PruningScore.Taylor ? Average(model, options.TaylorBatches) : null;

    private Dictionary<string, float[]> Average(Model model, int batches)
    {
        using var network = new TrainingNetwork(model.ToLogits(), batchSize, compute, seed);
        using var loader = new BatchLoader(data, data.Training, batchSize, augment: true, seed, ranks: compute.Ranks);
        var weights = network.Parameters.Where(parameter => parameter.Shape.Role == ParameterRole.Weight).ToList();
        var sums = weights.ToDictionary(weight => weight.Shape.Name, weight => new float[weight.Value.Length]);
        var logitGradient = new float[batchSize * network.Classes];
        var labels = new LabelTerm(Weight: 1, Smoothing: 0, ClassWeights: []);
        var count = Math.Min(batches, loader.BatchesPerEpoch);
        foreach (var (step, batch) in loader.Epoch(0).Take(count).Index())
        {
            var gradient = logitGradient.AsSpan(0, batch.Count * network.Classes);
            gradient.Clear();
            var logits = network.Forward(batch.Images, batch.Count, training: true, step);
            labels.Add(new()
            {
                Epoch = 0,
                Images = batch.Labelled,
                Labels = batch.Labels.AsSpan(0, batch.Labelled),
                Partners = batch.Partners.AsSpan(0, batch.Labelled),
                Share = batch.Share,
                Row = network.Classes,
                Student = logits,
                Gradient = gradient,
            });
            network.Backward(gradient);
            foreach (var weight in weights)
            {
                var sum = sums[weight.Shape.Name];
                for (var i = 0; i < sum.Length; i++) sum[i] += weight.Gradient[i] / count;
            }
        }

        return sums;
    }
}
