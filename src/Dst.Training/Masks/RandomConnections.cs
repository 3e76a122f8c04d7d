using Dst.Foundations;
using Dst.Masks;

namespace Dst.Training.Masks;

/// <summary>
/// Sparse channel connections: Changpinyo, Sandler, Zhmoginov, "The Power of Sparsity in Convolutional Neural Networks", 2017. Before
/// training, chance chooses the input channels that each block of filters reads. In place of its score each weight has a random number, so
/// that any choice which the pattern allows is as likely as any other.
/// </summary>
internal static class RandomConnections
{
    /// <summary>Chooses the masks of a model; its weights do not matter.</summary>
    /// <param name="model">The network.</param>
    /// <param name="pruning">Pattern, layers to leave alone, and what masks look like.</param>
    /// <param name="seed">Draws the connections.</param>
    /// <param name="share">Share of the connections that are there so far. Those of a smaller share are among those of a larger one.</param>
    /// <exception cref="InputException">The pattern is not legal, or a name to exclude fits no layer.</exception>
    public static PruningPlan Plan(Model model, Pruning pruning, long seed, double share = 1)
    {
        var layers = PruningPlan.Outline(model, pruning.Options).Layers;
        return new([.. layers.Select((layer, i) => layer.Skipped is null ? layer with { Mask = Choose(layer, i) } : layer)]);

        LayerMask Choose(PlannedLayer layer, int index)
        {
            var scores = RandomScores([.. layer.WeightShape], seed, index);
            if (pruning.Kind == MaskKind.Unstructured) return UnstructuredPruner.Prune(scores, (int)ShareOf(layer.Kept));
            var pattern = pruning.Options.PatternOf(layer.Name);
            var mask = UhpPruner.Prune(scores, pattern with { Keep = (int)ShareOf(pattern.Keep) });
            return new(mask.WeightShape, pattern, mask.Kept);
        }

        long ShareOf(long kept) => Math.Max(1, (long)Math.Round(kept * share, MidpointRounding.AwayFromZero));
    }

    private static Tensor RandomScores(int[] shape, long seed, int layer)
    {
        var random = new RandomStream(seed, RandomPurpose.Connect, epoch: 0, sample: layer);
        var scores = new Tensor(shape, new float[shape.Aggregate(1, (product, extent) => product * extent)]);
        foreach (ref var score in scores.Data.AsSpan()) score = (float)random.NextDouble();
        return scores;
    }
}
