using Dst.Graph;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Objectives;

namespace Dst.Training.Masks;

/// <summary>The gradients that <see cref="PruningScore.Taylor"/> needs.</summary>
public static class TaylorGradients
{
    /// <summary>The gradient of the cross-entropy with the labels, averaged over training batches as training sees them, augmented.</summary>
    /// <param name="model">Not changed.</param>
    /// <param name="data">Its training images are used.</param>
    /// <param name="batch">Images in a batch.</param>
    /// <param name="batches">Batches, those of the first epoch; at most all of it.</param>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="seed">Keys order, augmentation and dropout.</param>
    /// <returns>Gradient by name of each weight tensor, in its layout.</returns>
    public static IReadOnlyDictionary<string, float[]> Of(Model model, DataSet data, int batch, int batches, ComputeContext compute, long seed)
    {
        using var network = new TrainingNetwork(model, batch, compute, seed);
        using var loader = new BatchLoader(data, data.Training, batch, augment: true, seed);
        var weights = network.Parameters.Where(parameter => parameter.Shape.Role == ParameterRole.Weight).ToList();
        var sums = weights.ToDictionary(weight => weight.Shape.Name, weight => new float[weight.Value.Length]);
        var logitGradient = new float[batch * network.Classes];
        var count = Math.Min(batches, loader.BatchesPerEpoch);
        foreach (var (step, images) in loader.Epoch(0).Take(count).Index())
        {
            var gradient = logitGradient.AsSpan(0, images.Count * network.Classes);
            gradient.Clear();
            var logits = network.Forward(images.Images, images.Count, training: true, step);
            CrossEntropy.Compute(logits, images.Labels.AsSpan(0, images.Count), network.Classes, labelSmoothing: 0, weight: 1, gradient);
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
