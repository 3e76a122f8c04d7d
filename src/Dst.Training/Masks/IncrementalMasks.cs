using Dst.Training.Autodiff;

namespace Dst.Training.Masks;

/// <summary>
/// Incremental training of random connections: it begins with some of them and adds others in stages, evenly. A new connection begins with
/// the weight 0, so that the network computes the same until it is trained. Seed and step decide what is there, so a checkpoint need not.
/// </summary>
internal sealed class IncrementalMasks : TrainingMasks
{
    private readonly Pruning _pruning;
    private readonly IncrementalOptions _options;
    private readonly GradualSchedule _schedule;
    private readonly long _seed;
    private int _stage;

    public IncrementalMasks(Pruning pruning, TrainingNetwork network, long steps, long seed) : base(network)
    {
        (_pruning, _options, _seed) = (pruning, pruning.Options.Incremental, seed);
        _schedule = new(new() { Share = _options.Share, Stages = _options.Stages }, steps);
    }

    public override void BeginStep(long step)
    {
        var stage = _schedule.StageAt(step);
        if (stage != _stage) Connect(stage);
    }

    public override bool IsComplete(long steps) => _schedule.IsComplete(steps);

    public override void Restore(IReadOnlyDictionary<string, float[]> state, long steps) =>
        Connect(steps == 0 ? 0 : _schedule.StageAt(steps - 1));

    private void Connect(int stage)
    {
        _stage = stage;
        Network.SetMasks(RandomConnections.Plan(PresentModel(), _pruning, _seed, _options.ShareIn(stage)).Masks);
    }
}
