using Dst.Training.Ranks;

namespace Dst.Training.Masks;

/// <summary>What masks look like.</summary>
public enum MaskKind
{
    /// <summary>The UHP pattern of the options.</summary>
    Uhp,

    /// <summary>The control: single weights, without a pattern.</summary>
    Unstructured,
}

/// <summary>A model that is about to be pruned: <see cref="Apply"/> prunes it.</summary>
/// <param name="Start">The model, its channels in the order that the plan is for.</param>
/// <param name="Plan">What is kept of each layer.</param>
public sealed record PlannedPruning(Model Start, PruningPlan Plan)
{
    /// <summary>
    /// Whether the channels have the order that <see cref="PruningOptions.Permute"/> asks for, by <see cref="Pruning.Prepare"/> or
    /// <see cref="ChannelPermuter"/>.
    /// </summary>
    public bool IsPermuted { get; init; }

    /// <summary>A copy of the model with the masks, and zeros where they prune.</summary>
    public Model Apply() => Plan.ApplyTo(Start);
}

/// <summary>How a model is pruned.</summary>
/// <param name="Options">Method, pattern, score and the layers to leave alone.</param>
/// <param name="Kind">What its masks look like.</param>
public sealed record Pruning(PruningOptions Options, MaskKind Kind)
{
    /// <summary>Share of each layer's weights that unstructured masks keep, 0 to 1; null for as many as UHP keeps.</summary>
    public double? KeptShare { get; init; }

    /// <summary>The processes that share the search for an order of channels.</summary>
    public RankGroup Ranks { get; init; } = RankGroup.Single;

    private bool Permutes => Options.Permute && Kind != MaskKind.Unstructured;

    /// <summary>Plans the pruning of a model: permutes its channels if the options ask for it, then chooses the masks.</summary>
    /// <param name="model">Not changed. Layers that have a mask keep it.</param>
    /// <param name="gradients">Needed by the score taylor alone.</param>
    /// <param name="log">Takes a line for each new order of channels.</param>
    /// <exception cref="InputException">
    /// The pattern is not legal, a name to exclude fits no layer, or a network that has masks would be permuted or repaired.
    /// </exception>
    public PlannedPruning Prepare(Model model, ScoreGradients? gradients, Action<string>? log)
    {
        if (model.Masks.Count > 0 && (Permutes || Options.Repair != PruningRepair.None))
            throw new InputException(
                $"network '{model.Graph.Name}' is pruned already (layer '{model.Masks.Keys.First()}'); prune.permute false and "
                + "prune.repair none were expected, because both would change the layers that are");
        var start = Permute(model, gradients, log);
        return new(start, Plan(start, gradients?.Of(start, Options))) { IsPermuted = Options.Permute };
    }

    /// <summary>
    /// The model with its channels in the order in which blocks of filters lose least. Unstructured masks have no blocks.
    /// </summary>
    /// <inheritdoc cref="Prepare"/>
    public Model Permute(Model model, ScoreGradients? gradients, Action<string>? log)
    {
        if (!Permutes) return model;
        var changes = new List<PermutedChannels>();
        var permuted = ChannelPermuter.Permute(model, Options, gradients?.Of(model, Options), changes, Ranks);
        foreach (var change in changes) log?.Invoke($"permuted {change}");
        return permuted;
    }

    /// <summary>Chooses the masks of a model as it is.</summary>
    /// <param name="model">Not changed.</param>
    /// <param name="gradients">Mean gradient by name of weight tensor; the score taylor needs it.</param>
    /// <param name="progress">Share of the pruning that is done, 0 to 1.</param>
    /// <exception cref="InputException">The pattern is not legal, or a name to exclude fits no layer.</exception>
    public PruningPlan Plan(Model model, IReadOnlyDictionary<string, float[]>? gradients, double progress = 1) =>
        Kind == MaskKind.Unstructured
            ? PruningPlan.CreateUnstructured(model, Options, gradients, progress, KeptShare)
            : PruningPlan.Create(model, Options, gradients, progress);
}
