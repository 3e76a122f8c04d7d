using Dst.Graph;
using Dst.Training.Ranks;

namespace Dst.Training.Masks;

/// <summary>A new order of output channels, and the share of the score that pruning keeps of the layers that write or read them.</summary>
/// <param name="Layers">Pruned layers that share the order.</param>
/// <param name="Before">Share of the score that was kept in the old order.</param>
/// <param name="After">Share that is kept in the new one.</param>
/// <seealso cref="ChannelPermuter"/>
public sealed record PermutedChannels(IReadOnlyList<string> Layers, double Before, double After)
{
    /// <summary>A line for a log.</summary>
    public override string ToString() => Invariant($"{string.Join(", ", Layers)}: {Before:P1} of the score kept before, {After:P1} after");
}

/// <summary>
/// Reorders output channels before pruning, so that similar filters share a block (<see cref="BlockSearch"/>). The order is absorbed in the
/// biases and batch normalisations of the same channels and in the inputs of the layers that read them: the network computes the same.
/// </summary>
/// <example>
/// <code>
/// var changes = new List&lt;PermutedChannels>();
/// var options = new PruningOptions { Permute = true };
/// var model = ChannelPermuter.Permute(Model.Load("dense.safetensors"), options, gradients: null, changes);
/// </code>
/// </example>
public static class ChannelPermuter
{
    /// <summary>
    /// Permutes a copy of <paramref name="model"/>, where that raises the score that <see cref="PruningPlan.Create"/> keeps.
    /// </summary>
    /// <param name="model">A dense model.</param>
    /// <param name="options">Pattern, score and layers to leave alone.</param>
    /// <param name="gradients">As for <see cref="PruningPlan.Create"/>.</param>
    /// <param name="changes">Receives each order that was kept.</param>
    /// <param name="ranks">The processes that share the search, or null for this one alone.</param>
    /// <exception cref="InputException">As for <see cref="PruningPlan.Create"/>.</exception>
    public static Model Permute(
        Model model, PruningOptions options, IReadOnlyDictionary<string, float[]>? gradients, ICollection<PermutedChannels> changes,
        RankGroup? ranks = null)
    {
        var pruned = PruningPlan.Outline(model, options).Pruned.ToHashSet();
        var parameters = model.Parameters.ToDictionary();
        var scores = pruned.ToDictionary(layer => layer, Score);
        foreach (var space in ChannelSpaces.Of(model.Graph))
        {
            List<string> producers = [.. space.Producers.Where(pruned.Contains)], readers = [.. space.Consumers.Where(pruned.Contains)];
            if (producers.Count == 0 || options.Block == 1 || scores[producers[0]].Shape[0] <= options.Block) continue;
            var order = FindOrder(producers, scores, options, ranks ?? RankGroup.Single);
            var permuted = scores.ToDictionary();
            foreach (var layer in producers) permuted[layer] = permuted[layer].Gather(0, order);
            foreach (var layer in readers) permuted[layer] = permuted[layer].Gather(1, order);

            string[] touched = [.. producers.Union(readers)];
            var (before, after) = (KeptShare(touched, scores, options), KeptShare(touched, permuted, options));
            if (after <= before) continue;
            scores = permuted;
            space.GatherParameters(parameters, model.Graph, order);
            changes.Add(new(producers, before, after));
        }

        return model with { Parameters = parameters };

        Tensor Score(string layer) => WeightScores.Of(options.Score, model.Parameters[$"{layer}.weight"], gradients?[$"{layer}.weight"]);
    }

    /// <summary>
    /// The order for the scores [O, I, Kh, Kw] of layers that share their output channels. Each layer counts by its share, as in
    /// <see cref="KeptShare"/>.
    /// </summary>
    private static int[] FindOrder(List<string> layers, Dictionary<string, Tensor> scores, PruningOptions options, RankGroup ranks)
    {
        var runs = new List<(Range Candidates, int Kept)>();
        var filters = Enumerable.Range(0, scores[layers[0]].Shape[0]).Select(_ => new List<double>()).ToArray();
        foreach (var name in layers)
        {
            var (layer, pattern) = (scores[name], options.PatternOf(name));
            var row = layer.Shape[1] * layer.Shape[2] * layer.Shape[3];
            var size = pattern.WeightsPerCandidate(layer.Shape);
            var (first, candidates) = (filters[0].Count, new double[row / size]);
            var all = Math.Max(layer.Data.Sum(score => (double)score), double.Epsilon);
            for (var start = 0; start < candidates.Length; start += pattern.Group)
            {
                var length = Math.Min(pattern.Group, candidates.Length - start);
                runs.Add(((first + start)..(first + start + length), pattern.KeptOf(length)));
            }

            for (var filter = 0; filter < filters.Length; filter++)
            {
                UhpPruner.ScoreCandidates(layer.Data.AsSpan(filter * row, row), row, size, candidates);
                filters[filter].AddRange(candidates.Select(score => score / all));
            }
        }

        return new BlockSearch([.. filters.Select(filter => filter.ToArray())], options.Block, runs).FindOrder(ranks);
    }

    /// <summary>
    /// Mean over the layers of the share of the score that their masks keep, so that layers of large weights do not outvote others.
    /// </summary>
    private static double KeptShare(string[] layers, Dictionary<string, Tensor> scores, PruningOptions options) => layers.Average(layer =>
    {
        var kept = scores[layer].Data.ToArray();
        var all = kept.Sum(score => (double)score);
        UhpPruner.Prune(scores[layer], options.PatternOf(layer)).Apply(kept);
        return all == 0 ? 1 : kept.Sum(score => (double)score) / all;
    });
}
