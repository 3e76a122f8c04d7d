namespace Dst.Training.Masks;

/// <summary>
/// Sparsity over time: Zhu, Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model compression", 2017.
/// <code>
/// s(t) = s_f · (1 − (1 − t/T)³), from 0 to the final sparsity s_f, at S times: t = T·1/S, T·2/S, …, T
/// </code>
/// Much is pruned early, when much is redundant, and little late.
/// </summary>
internal sealed class GradualSchedule
{
    private readonly long _end;
    private readonly int _stages;

    /// <summary>The schedule of a training of <paramref name="steps"/> steps.</summary>
    public GradualSchedule(GradualOptions options, long steps) => (_end, _stages) = ((long)(options.Share * steps), options.Stages);

    /// <summary>How many stages have begun before step <paramref name="step"/> (from 0) is taken: 0 is dense.</summary>
    public int StageAt(long step) => step >= _end ? _stages : (int)(step * _stages / _end);

    /// <summary>s / s_f in a stage.</summary>
    public double ProgressOf(int stage)
    {
        var rest = 1 - (double)stage / _stages;
        return 1 - rest * rest * rest;
    }

    /// <summary>Whether weights that were trained for <paramref name="steps"/> steps have the final sparsity.</summary>
    public bool IsComplete(long steps) => steps > 0 && StageAt(steps - 1) == _stages;
}
