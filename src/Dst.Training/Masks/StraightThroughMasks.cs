using Dst.Masks;
using Dst.Training.Autodiff;

namespace Dst.Training.Masks;

/// <summary>
/// SR-STE: Zhou, Ma, Zhu, Liu, Zhang, Yuan, Sun, Li, "Learning N:M Fine-grained Structured Sparse Neural Networks From Scratch", ICLR 2021.
/// <code>
/// m = mask of the dense weights w        forward and backward with m ⊙ w
/// w ← w − η·(∂L/∂(m ⊙ w) + λ·(1 − m) ⊙ w)
/// </code>
/// The gradient goes straight through the mask to all weights; momentum and weight decay are the optimiser's. The last term shrinks what
/// the mask prunes, so that masks settle. The network holds m ⊙ w from <see cref="BeginStep"/> to <see cref="BeginUpdate"/> and while it
/// is evaluated, and w otherwise. Its kernels stay dense, because all gradients are needed.
/// </summary>
internal sealed class StraightThroughMasks : TrainingMasks
{
    private readonly Pruning _pruning;
    private readonly float _decay;
    private readonly Dictionary<string, (Parameter Weight, float[] Dense)> _layers;
    private IReadOnlyDictionary<string, LayerMask> _masks;

    public StraightThroughMasks(Pruning pruning, TrainingNetwork network) : base(network)
    {
        _pruning = pruning;
        _decay = (float)pruning.Options.SrSte.Decay;
        _masks = Plan(pruning);
        _layers = _masks.Keys.ToDictionary(layer => layer, layer =>
        {
            var weight = network.Parameters.First(p => p.Shape.Name == $"{layer}.weight");
            return (weight, new float[weight.Value.Length]);
        });
    }

    public override void BeginStep(long step) => Project();

    public override void BeginUpdate()
    {
        RestoreDense();
        foreach (var (layer, (weight, dense)) in _layers)
        {
            var (mask, row) = (_masks[layer], dense.Length / weight.Shape.Shape[0]);
            for (var i = 0; i < dense.Length; i++)
            {
                if (!mask.Keeps(i / row, i % row)) weight.Gradient[i] += _decay * dense[i];
            }
        }
    }

    public override void BeginEvaluation() => Project();

    public override void EndEvaluation() => RestoreDense();

    /// <summary>The zeros of the result have the lowest scores, so the plan finds the same mask again.</summary>
    public override void Finish() => Network.SetMasks(Plan(_pruning));

    private void Project()
    {
        _masks = Plan(_pruning);
        foreach (var (layer, (weight, dense)) in _layers)
        {
            weight.Value.CopyTo(dense, 0);
            _masks[layer].Apply(weight.Value);
        }
    }

    private void RestoreDense()
    {
        foreach (var (weight, dense) in _layers.Values) dense.CopyTo(weight.Value, 0);
    }
}
