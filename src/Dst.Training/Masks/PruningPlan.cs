using Dst.Foundations;
using Dst.Graph;
using Dst.Masks;

namespace Dst.Training.Masks;

/// <summary>What pruning does to one layer with weights: it has a mask, or a reason why it stays dense.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="WeightShape">[O, I, Kh, Kw], or [O, I] of a linear layer.</param>
/// <param name="Mask">What is kept, or null if the layer stays dense.</param>
/// <param name="Skipped">Why the layer stays as it is, or null if it is pruned by this plan.</param>
public sealed record PlannedLayer(string Name, IReadOnlyList<int> WeightShape, LayerMask? Mask, string? Skipped)
{
    /// <summary>Number of weights.</summary>
    public long Weights => WeightShape.Aggregate(1L, (product, extent) => product * extent);

    /// <summary>Number of weights that are kept.</summary>
    public long Kept => Mask?.KeptWeights ?? Weights;
}

/// <summary>How a network is to be pruned, layer by layer, in the order of its graph.</summary>
/// <param name="Layers">Every convolution and linear layer.</param>
public sealed record PruningPlan(IReadOnlyList<PlannedLayer> Layers)
{
    /// <summary>The masks by layer name.</summary>
    public IReadOnlyDictionary<string, LayerMask> Masks =>
        Layers.Where(layer => layer.Mask is not null).ToDictionary(layer => layer.Name, layer => layer.Mask!);

    /// <summary>Names of the layers that this plan prunes.</summary>
    public IEnumerable<string> Pruned => Layers.Where(layer => layer.Skipped is null).Select(layer => layer.Name);

    /// <summary>Why layers stay as they are, by layer name.</summary>
    public IReadOnlyDictionary<string, string> Skipped =>
        Layers.Where(layer => layer.Skipped is not null).ToDictionary(layer => layer.Name, layer => layer.Skipped!);

    /// <summary>
    /// Plans uniformity half-pruning of <paramref name="model"/>, which is not changed. Layers that have a mask keep it. Channels keep
    /// their order: <see cref="Pruning.Prepare"/> permutes them first if <see cref="PruningOptions.Permute"/> asks for it.
    /// </summary>
    /// <param name="model">Network and weights.</param>
    /// <param name="options">Pattern, score and layers to leave alone.</param>
    /// <param name="gradients">Mean gradient by name of weight tensor; the score taylor needs it (<see cref="ScoreGradients"/>).</param>
    /// <param name="progress">Share of the pruning that is done, 0 to 1.</param>
    /// <exception cref="InputException">The pattern is not legal, or a name to exclude fits no layer.</exception>
    /// <exception cref="ArgumentException">The score is taylor and there are no gradients.</exception>
    public static PruningPlan Create(
        Model model, PruningOptions options, IReadOnlyDictionary<string, float[]>? gradients = null, double progress = 1)
    {
        var weights = WeightsOf(model.Graph);
        LayerName.Check("prune.exclude", options.Exclude, [.. weights.Select(shape => shape.Layer)]);

        var reasons = ReasonsToSkip(model.Graph, options);
        foreach (var layer in model.Masks.Keys) reasons[layer] = "pruned already";
        List<string> pruned = [.. weights.Select(shape => shape.Layer).Where(name => reasons[name] is null)];
        LayerName.Check("prune.keep_layers", options.KeepLayers.Select(other => other.Layer), pruned, " that is pruned");
        return new([.. weights.Select(shape =>
        {
            var reason = reasons[shape.Layer];
            var mask = reason is null ? Choose(shape) : model.Masks.GetValueOrDefault(shape.Layer);
            return new PlannedLayer(shape.Layer, shape.Shape, mask, reason);
        })]);

        LayerMask Choose(ParameterShape weight) =>
            UhpPruner.Prune(Score(model, weight.Name, options, gradients), options.PatternOf(weight.Layer), progress);
    }

    /// <summary>
    /// Plans the control for <see cref="Create"/>: the same layers are pruned, and each keeps its weights of the highest scores, without a
    /// pattern.
    /// </summary>
    /// <param name="model">Network and weights.</param>
    /// <param name="options">Pattern, score and layers to leave alone.</param>
    /// <param name="gradients">As for <see cref="Create"/>.</param>
    /// <param name="progress">Share of the pruning that is done, 0 to 1.</param>
    /// <param name="keptShare">Share of each layer's weights that is kept, 0 to 1; null for as many as <see cref="Create"/> keeps.</param>
    /// <exception cref="InputException">As for <see cref="Create"/>.</exception>
    /// <exception cref="ArgumentException">As for <see cref="Create"/>.</exception>
    public static PruningPlan CreateUnstructured(
        Model model, PruningOptions options, IReadOnlyDictionary<string, float[]>? gradients = null, double progress = 1,
        double? keptShare = null)
    {
        var layers = Create(model, options, gradients, progress).Layers;
        return new([.. layers.Select(layer => layer.Skipped is null ? layer with { Mask = Prune(layer) } : layer)]);

        LayerMask Prune(PlannedLayer layer)
        {
            var kept = keptShare is { } share ? Math.Max(1, (int)Math.Round(layer.Weights * share)) : (int)layer.Kept;
            return UnstructuredPruner.Prune(Score(model, $"{layer.Name}.weight", options, gradients), kept);
        }
    }

    /// <summary>Checks that the options prune some layer of a dense network.</summary>
    /// <param name="what">Name or file of the network, for the message.</param>
    /// <param name="graph">The network.</param>
    /// <param name="options">Pattern and layers to leave alone.</param>
    /// <exception cref="InputException">They leave every layer dense.</exception>
    public static void CheckPrunesAny(string what, CheckedGraph graph, PruningOptions options)
    {
        var reasons = ReasonsToSkip(graph, options);
        if (reasons.Values.Any(reason => reason is null)) return;
        const int shown = 4;
        var listed = string.Join(", ", reasons.Take(shown).Select(layer => $"{layer.Key} ({layer.Value})"));
        var more = reasons.Count > shown ? $" and {reasons.Count - shown} more" : "";
        throw new InputException(
            $"section prune leaves every layer of {what} dense: {listed}{more}; expected settings that prune at least one");
    }

    /// <summary>Which layers are pruned and by how much. It does not depend on weights or scores.</summary>
    /// <exception cref="InputException">As for <see cref="Create"/>.</exception>
    public static PruningPlan Outline(Model model, PruningOptions options) => Create(model, options with { Score = PruningScore.L1 });

    /// <summary>A copy of <paramref name="model"/> with the masks, and zeros where they prune.</summary>
    public Model ApplyTo(Model model)
    {
        var masks = Masks;
        var parameters = model.Graph.Parameters.ToDictionary(shape => shape.Name, shape =>
        {
            var copy = new Tensor(shape.Shape, model.Parameters[shape.Name].Data.ToArray());
            if (shape.Role == ParameterRole.Weight && masks.TryGetValue(shape.Layer, out var mask)) mask.Apply(copy.Data);
            return copy;
        });
        return model with { Parameters = parameters, Masks = masks };
    }

    private static Tensor Score(Model model, string weight, PruningOptions options, IReadOnlyDictionary<string, float[]>? gradients) =>
        WeightScores.Of(options.Score, model.Parameters[weight], gradients?[weight]);

    private static List<ParameterShape> WeightsOf(CheckedGraph graph) =>
        [.. graph.Parameters.Where(shape => shape.Role == ParameterRole.Weight)];

    /// <summary>Why each layer with weights stays dense, or null if it is pruned.</summary>
    private static Dictionary<string, string?> ReasonsToSkip(CheckedGraph graph, PruningOptions options)
    {
        var weights = WeightsOf(graph);
        var nodes = graph.Nodes.ToDictionary(node => node.Name);
        List<string> convolutions = [.. weights.Select(shape => shape.Layer).Where(layer => nodes[layer].Operation.TakesMask)];
        return weights.ToDictionary(shape => shape.Layer, shape => ReasonToSkip(nodes[shape.Layer], shape, convolutions, options));
    }

    private static string? ReasonToSkip(Node node, ParameterShape weight, List<string> convolutions, PruningOptions options)
    {
        if (node.Operation is ConvTransposeOp) return "transposed convolution";
        if (node.Operation is not Conv2dOp convolution) return "linear layer";
        if (convolution.Groups > 1) return weight.Shape[1] == 1 ? "depthwise" : "grouped convolution";
        if (CandidatesOf(weight.Shape, options) == 1) return $"each filter has one {EnumWords.Of(options.Unit)}";
        if (options.Exclude.Any(name => LayerName.Fits(name, weight.Layer))) return "excluded by name";
        if (options.ExcludeFirst && weight.Layer == convolutions[0]) return "first convolution excluded";
        return options.ExcludeLast && weight.Layer == convolutions[^1] ? "last convolution excluded" : null;
    }

    private static int CandidatesOf(int[] shape, PruningOptions options) =>
        shape[1] * shape[2] * shape[3] / options.Pattern.WeightsPerCandidate(shape);
}
