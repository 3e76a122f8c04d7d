using Dst.Masks;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;

namespace Dst.Training.Masks;

/// <summary>Changes the masks of a network while it is trained.</summary>
internal abstract class TrainingMasks
{
    private protected TrainingMasks(TrainingNetwork network) => Network = network;

    /// <summary>The arrays that a checkpoint must hold.</summary>
    public virtual IEnumerable<(string Name, float[] Values)> State => [];

    private protected TrainingNetwork Network { get; }

    /// <summary>The masks that a phase asks for, or null.</summary>
    public static TrainingMasks? Create(
        TrainingPhase phase, TrainingNetwork network, long steps, DataSet data, ComputeContext compute, long seed)
    {
        if (phase.Pruning is not { } pruning) return null;
        var gradients = new ScoreGradients(data, phase.Options.Batch, compute, seed);
        return pruning.Options.Method switch
        {
            PruningMethod.Gradual => new GradualMasks(pruning, network, steps, () => gradients.Of(network.ToModel(), pruning.Options)),
            PruningMethod.SrSte => new StraightThroughMasks(pruning, network),
            PruningMethod.RandomChannels => new IncrementalMasks(pruning, network, steps, seed),
            var method => throw new ArgumentException($"{method} does not prune during training", nameof(phase)),
        };
    }

    /// <summary>Before the forward pass of step <paramref name="step"/>, from 0.</summary>
    public abstract void BeginStep(long step);

    /// <summary>After the backward pass, before the optimiser's step.</summary>
    public virtual void BeginUpdate()
    {
    }

    /// <summary>Before the network is evaluated and its weights may become the result.</summary>
    public virtual void BeginEvaluation()
    {
    }

    /// <summary>After <see cref="BeginEvaluation"/>: back to the weights in training.</summary>
    public virtual void EndEvaluation()
    {
    }

    /// <summary>Whether weights after <paramref name="steps"/> steps have the final sparsity, so that they may be the result.</summary>
    public virtual bool IsComplete(long steps) => true;

    /// <summary>Continues from a checkpoint.</summary>
    public virtual void Restore(IReadOnlyDictionary<string, float[]> state, long steps)
    {
    }

    /// <summary>Sets the masks of a result that is in the network.</summary>
    public virtual void Finish()
    {
    }

    /// <summary>The masks of the network's present weights.</summary>
    private protected IReadOnlyDictionary<string, LayerMask> Plan(
        Pruning pruning, IReadOnlyDictionary<string, float[]>? gradients = null, double progress = 1)
    {
        var model = new Model(Network.Graph, Network.Parameters.ToDictionary(p => p.Shape.Name, p => new Tensor(p.Shape.Shape, p.Value)));
        return pruning.Plan(model, gradients, progress).Masks;
    }
}
