using Dst.Masks;
using Dst.Training.Autodiff;

namespace Dst.Training.Masks;

/// <summary>
/// Gradual pruning (<see cref="GradualSchedule"/>): each stage prunes the weights with the lowest scores, and their gradients.
/// A pruned weight is 0, so it has the lowest score from then on and stays pruned.
/// </summary>
internal sealed class GradualMasks : TrainingMasks
{
    private readonly Pruning _pruning;
    private readonly GradualSchedule _schedule;
    private readonly Func<IReadOnlyDictionary<string, float[]>?> _gradients;
    private readonly IReadOnlyDictionary<string, LayerMask> _dense; // keeps every candidate
    private readonly Dictionary<string, float[]> _kept; // by name in the checkpoint
    private int _stage;

    public GradualMasks(Pruning pruning, TrainingNetwork network, long steps, Func<IReadOnlyDictionary<string, float[]>?> gradients)
        : base(network)
    {
        _schedule = new(pruning.Options.Gradual, steps);
        _pruning = pruning;
        _gradients = gradients;
        // Nothing is pruned yet, so any score does, and one that needs no gradients is the fastest.
        _dense = Plan(pruning with { Options = pruning.Options with { Score = PruningScore.L1 } }, progress: 0);
        _kept = _dense.ToDictionary(layer => NameOf(layer.Key), layer => Array.ConvertAll(layer.Value.Kept, _ => 1f));
    }

    public override IEnumerable<(string Name, float[] Values)> State => _kept.Select(layer => (layer.Key, layer.Value));

    public override void BeginStep(long step)
    {
        var stage = _schedule.StageAt(step);
        if (stage == _stage) return;
        _stage = stage;
        var masks = Plan(_pruning, _gradients(), _schedule.ProgressOf(stage));
        foreach (var (layer, mask) in masks) Array.ConvertAll(mask.Kept, kept => kept ? 1f : 0).CopyTo(_kept[NameOf(layer)], 0);
        Network.SetMasks(masks);
    }

    public override bool IsComplete(long steps) => _schedule.IsComplete(steps);

    public override void Restore(IReadOnlyDictionary<string, float[]> state, long steps)
    {
        foreach (var (name, kept) in _kept) state[name].CopyTo(kept, 0);
        _stage = steps == 0 ? 0 : _schedule.StageAt(steps - 1);
        if (_stage > 0) Network.SetMasks(_dense.ToDictionary(layer => layer.Key, layer => WithKept(layer.Value, _kept[NameOf(layer.Key)])));
    }

    private static string NameOf(string layer) => $"{layer}.weight.kept";

    private static LayerMask WithKept(LayerMask mask, float[] kept) =>
        new(mask.WeightShape, mask.Pattern, Array.ConvertAll(kept, k => k != 0));
}
