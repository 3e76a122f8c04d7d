namespace Dst.Training.Objectives.Terms;

/// <summary><see cref="DecoupledDistillationLoss"/> with the logits of a teacher; both weights grow over the first epochs.</summary>
/// <param name="Teacher">The teacher.</param>
/// <param name="Options">Weights and growth.</param>
/// <param name="Share">Factor of both weights.</param>
/// <param name="Temperature">τ.</param>
internal sealed record DecoupledTerm(Model Teacher, DecoupledOptions Options, double Share, float Temperature) : ILossTerm
{
    public bool NeedsLabels => true;

    public double Add(in LossBatch batch)
    {
        var warmth = Options.WarmupEpochs > 0 ? Math.Min(1, (batch.Epoch + 1.0) / Options.WarmupEpochs) : 1;
        var (target, other) = ((float)(warmth * Share * Options.Target), (float)(warmth * Share * Options.NonTarget));
        return DecoupledDistillationLoss.Compute(
            batch.Student, batch.Teacher, batch.Labels, batch.Row, Temperature, target, other, batch.Gradient);
    }
}
