using Dst.Masks;
using Dst.Training.Autodiff;
using Dst.Training.Optimizers;

namespace Dst.Training.Masks;

/// <summary>Changes the masks of a network while it is trained.</summary>
internal abstract class TrainingMasks : WeightRule
{
    protected TrainingMasks(TrainingNetwork network) => Network = network;

    protected TrainingNetwork Network { get; }

    /// <summary>The masks that a method of pruning changes.</summary>
    /// <param name="pruning">The method and its options.</param>
    /// <param name="network">The network in training.</param>
    /// <param name="steps">Steps of the training.</param>
    /// <param name="gradients">For scores that need them.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <exception cref="ArgumentException">The method does not prune during training.</exception>
    public static TrainingMasks Create(
        Pruning pruning, TrainingNetwork network, long steps, ScoreGradients gradients, long seed) => pruning.Options.Method switch
        {
            PruningMethod.Gradual => new GradualMasks(pruning, network, steps, () => gradients.Of(network.ToModel(), pruning.Options)),
            PruningMethod.SrSte => new StraightThroughMasks(pruning, network),
            PruningMethod.RandomChannels => new IncrementalMasks(pruning, network, steps, seed),
            var method => throw new ArgumentException($"{method} does not prune during training", nameof(pruning)),
        };

    /// <summary>The masks of the network's present weights.</summary>
    protected IReadOnlyDictionary<string, LayerMask> Plan(
        Pruning pruning, IReadOnlyDictionary<string, float[]>? gradients = null, double progress = 1) =>
        pruning.Plan(PresentModel(), gradients, progress).Masks;

    /// <summary>The network as a model without masks, on the arrays in training: nothing is copied.</summary>
    protected Model PresentModel() =>
        new(Network.Graph, Network.Parameters.ToDictionary(p => p.Shape.Name, p => new Tensor(p.Shape.Shape, p.Value)));
}
