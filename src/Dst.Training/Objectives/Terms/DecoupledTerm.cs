namespace Dst.Training.Objectives.Terms;

/// <summary><see cref="DecoupledDistillationLoss"/> with the teacher's logits; both weights grow over the first epochs.</summary>
internal sealed record DecoupledTerm(DecoupledOptions Options, float Temperature) : ILossTerm
{
    public LossSource Source => LossSource.Teacher;

    public bool NeedsLabels => true;

    public double Add(in LossBatch batch)
    {
        var warmth = Options.WarmupEpochs > 0 ? Math.Min(1, (batch.Epoch + 1.0) / Options.WarmupEpochs) : 1;
        var (target, other) = ((float)(warmth * Options.Target), (float)(warmth * Options.NonTarget));
        return DecoupledDistillationLoss.Compute(
            batch.Student, batch.Teacher, batch.Labels, batch.Row, Temperature, target, other, batch.Gradient);
    }
}
